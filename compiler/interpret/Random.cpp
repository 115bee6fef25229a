//===- Random.cpp - counter-based random numbers --------------------------===//
//
// Philox4x32-10 (Salmon et al., SC 2011), laid out as Random.td says.  This is
// written from the paper apart from the compiled one, so that each checks the
// other.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"

#include <array>
#include <cmath>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

using Words = std::array<uint32_t, 4>;

static Words philox(Words counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
  constexpr uint32_t goldenRatio = 0x9E3779B9, sqrt3MinusOne = 0xBB67AE85;
  constexpr int rounds = 10;
  for (int round = 0; round < rounds; ++round) {
    uint64_t p0 = multiplier0 * counter[0], p1 = multiplier1 * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(p0)};
    key[0] += goldenRatio;
    key[1] += sqrt3MinusOne;
  }
  return counter;
}

/// The uniform number of element `i`: 24 bits of one word, or 53 of two.
static double uniform(const Array &key, uint32_t stream, int64_t i,
                      bool isF64) {
  auto seed = static_cast<uint64_t>(key.ints[0]);
  auto call = static_cast<uint64_t>(key.ints[1]);
  int64_t block = i / 64 * 16 + i % 16, word = i % 64 / 16;
  Words words =
      philox({static_cast<uint32_t>(block), stream, static_cast<uint32_t>(call),
              static_cast<uint32_t>(call >> 32)},
             {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  if (!isF64)
    return std::ldexp(words[word] >> 8, -24);
  uint64_t both =
      static_cast<uint64_t>(words[word]) << 32 | words[(word + 1) % 4];
  return std::ldexp(static_cast<double>(both >> 11), -53);
}

Array sinter::interpret::evaluateRandom(Operation *op, Operands operands,
                                        Precision precision) {
  const Array &key = *operands[0];
  Array result = Array::zeros(op->getResult(0).getType());
  Type type = result.elementType;
  auto stream =
      static_cast<uint32_t>(op->getAttrOfType<IntegerAttr>("stream").getInt());
  auto round = [&](double x) { return roundTo(x, type, precision); };
  for (int64_t i = 0; i < result.size(); ++i) {
    double u = uniform(key, stream, i, type.isF64());
    if (isa<RandomUniformOp>(op)) {
      result.floats[i] = u;
    } else if (isa<RandomNormalOp>(op)) {
      // Rounded as the ops it is expanded into: 1 − u is exact, and 2π a
      // constant of the type computed in, in either precision.
      double tau = 6.283185307179586;
      if (getComputeType(type).isF32())
        tau = static_cast<double>(static_cast<float>(tau));
      double v = uniform(key, stream + 1, i, type.isF64());
      double radius =
          round(std::sqrt(round(-2 * round(std::log(round(1 - u))))));
      result.floats[i] = round(radius * round(std::cos(round(tau * v))));
    } else {
      // The constant it is compared with is an f32.
      double p = cast<RandomBernoulliOp>(op).getProbability().convertToDouble();
      result.ints[i] = u < static_cast<double>(static_cast<float>(p));
    }
  }
  return result;
}
