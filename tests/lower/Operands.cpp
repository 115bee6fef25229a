//===- Operands.cpp - what entries are given, and how results compare -----===//

#include "tests/lower/Compiled.h"

#include "compiler/ir/Sinter.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::test;

Array sinter::test::makeInput(Type type, unsigned seed, unsigned special) {
  Array array = Array::zeros(type);
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 0x1234567;
  auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 33);
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double odd[] = {0.0,
                        -0.0,
                        infinity,
                        -infinity,
                        std::numeric_limits<double>::quiet_NaN(),
                        1e30,
                        -1e30,
                        3e9,
                        -3e9,
                        128.0,
                        -129.0,
                        1e-40};
  Type element = array.elementType;
  for (double &x : array.floats) {
    x = (static_cast<double>(next() % 4096) - 2048) / 256;
    if (next() % 16 < special)
      x = odd[next() % std::size(odd)];
    if (element.isF32())
      x = static_cast<float>(x);
    if (element.isBF16())
      x = interpret::nearestBf16(x);
  }
  for (int64_t &x : array.ints) {
    x = static_cast<int64_t>(next() % 17) - 8;
    if (next() % 16 < special) {
      int64_t edge[] = {interpret::minimum(element),
                        interpret::maximum(element), 0, -1,
                        static_cast<int64_t>(next()) << 20};
      x = edge[next() % std::size(edge)];
    }
    x = interpret::wrap(x, element);
  }
  return array;
}

std::vector<Array> sinter::test::makeInputs(llvm::ArrayRef<Type> types,
                                            unsigned seed, unsigned special) {
  std::vector<Array> inputs;
  for (Type type : types)
    inputs.push_back(makeInput(type, seed + inputs.size(), special));
  return inputs;
}

std::string
sinter::test::nameOfCpu(const testing::TestParamInfo<const char *> &info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void sinter::test::expectClose(const Array &got, const Array &wanted,
                               double ulps, llvm::StringRef what) {
  ASSERT_EQ(got.size(), wanted.size()) << what.str();
  for (int64_t i = 0; i < got.size(); ++i) {
    if (!got.isFloat()) {
      ASSERT_EQ(got.ints[i], wanted.ints[i]) << what.str() << " at " << i;
      continue;
    }
    double a = got.floats[i], b = wanted.floats[i];
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    bool half = got.elementType.isBF16(), single = got.elementType.isF32();
    double scale = std::max(std::abs(a), std::abs(b));
    double unit =
        std::max(std::ldexp(scale, half     ? -7
                                   : single ? -23
                                            : -52),
                 half     ? std::ldexp(1.0, -133)
                 : single ? std::ldexp(1.0, -149)
                          : std::numeric_limits<double>::denorm_min());
    ASSERT_LE(std::abs(a - b), ulps * unit)
        << what.str() << " at " << i << ": " << a << " instead of " << b;
  }
}
