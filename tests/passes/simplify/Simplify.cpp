//===- Simplify.cpp - a rewrite, its shape and its meaning ----------------===//

#include "tests/passes/simplify/Simplify.h"

#include "mlir/AsmParser/AsmParser.h"
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace sinter;
using namespace sinter::passes;
using interpret::Array;
using interpret::Interpreter;
using interpret::Precision;

Array sinter::passes::randomArray(Type type, uint32_t seed, bool special) {
  std::mt19937 generator(seed);
  Array array = Array::zeros(type);
  const double infinity = std::numeric_limits<double>::infinity();
  const double odd[] = {0.0,       -0.0,         1.0,   -1.0,   infinity,
                        -infinity, std::nan(""), 1e-40, -1e-42, 3.4e38};
  for (double &x : array.floats) {
    bool isOdd = special && generator() % 3 == 0;
    x = isOdd ? odd[generator() % std::size(odd)]
              : std::ldexp(static_cast<int32_t>(generator()), -30);
    x = array.elementType.isF32()    ? static_cast<float>(x)
        : array.elementType.isBF16() ? interpret::nearestBf16(x)
                                     : x;
  }
  for (int64_t &x : array.ints)
    x = interpret::wrap(generator() % 2 ? generator() : generator() % 7,
                        array.elementType);
  return array;
}

Simplify::Simplify() { context.loadDialect<ir::SinterDialect>(); }

static bool close(const Array &a, const Array &b, double tolerance) {
  if (tolerance == 0)
    return interpret::identical(a, b);
  if (a.shape != b.shape || a.ints != b.ints)
    return false;
  return llvm::all_of(llvm::zip(a.floats, b.floats), [&](auto pair) {
    auto [x, y] = pair;
    return std::fabs(x - y) <= tolerance * (1 + std::fabs(x));
  });
}

void Simplify::rewrite(StringRef function, const Build &build,
                       double tolerance) {
  std::string source = ("module @m {\n  sinter.variable @v : tensor<4xf32>\n  "
                        "sinter.entry @f" +
                        function + "\n}\n")
                           .str();
  module = parseSourceString<ModuleOp>(source, ParserConfig(&context));
  ASSERT_TRUE(module) << source;
  OwningOpRef<ModuleOp> before = module->clone();
  PassManager passes(&context);
  build(passes);
  ASSERT_TRUE(succeeded(passes.run(*module))) << text();
  module->walk([&](Operation *op) {
    EXPECT_FALSE(isa<UnknownLoc>(op->getLoc()) && op != module.get())
        << "no place: " << op->getName().getStringRef().str();
  });

  auto entry = module->lookupSymbol<ir::EntryOp>("f");
  for (uint32_t round = 0; round < 4; ++round) {
    bool special = tolerance == 0 && round != 0;
    Precision precision = tolerance == 0 ? Precision::Native : Precision::F64;
    std::vector<Array> inputs;
    for (Type type : entry.getArgumentTypes())
      inputs.push_back(randomArray(
          type, static_cast<uint32_t>(round * 100 + inputs.size()), special));
    Interpreter one(*before, precision), two(*module, precision);
    auto want = one.run("f", inputs), have = two.run("f", inputs);
    ASSERT_TRUE(static_cast<bool>(want)) << llvm::toString(want.takeError());
    ASSERT_TRUE(static_cast<bool>(have)) << llvm::toString(have.takeError());
    for (auto [i, pair] : llvm::enumerate(llvm::zip(*want, *have)))
      EXPECT_TRUE(close(std::get<0>(pair), std::get<1>(pair), tolerance))
          << "result " << i << " differs in round " << round << "\n"
          << text();
    EXPECT_TRUE(close(one.state()["v"], two.state()["v"], tolerance));
  }
}

static void addAlgebra(OpPassManager &passes) {
  passes.addPass(createFoldConstants());
  passes.addPass(createCanonicalize());
  passes.addPass(createMergeEqualOps());
}

void Simplify::algebra(StringRef function) { rewrite(function, addAlgebra); }

void Simplify::stage(StringRef function, double tolerance) {
  rewrite(function, buildSimplifiedStage, tolerance);
}

int Simplify::count(StringRef name, bool inside) {
  int number = 0;
  module->walk([&](Operation *op) {
    bool isInside = op->getParentOfType<ir::ScanOp>() != nullptr;
    number += op->getName().getStringRef() == name && (inside || !isInside);
  });
  return number;
}

std::string Simplify::ops() {
  std::string names;
  for (Operation &op :
       module->lookupSymbol<ir::EntryOp>("f").getBody().front()) {
    if (isa<ir::ReturnOp>(op))
      continue;
    names += names.empty() ? "" : " ";
    names += op.getName().stripDialect();
  }
  return names;
}

std::string Simplify::text() {
  std::string result;
  llvm::raw_string_ostream stream(result);
  module->print(stream);
  return result;
}
