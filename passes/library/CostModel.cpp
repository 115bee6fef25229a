//===- CostModel.cpp - whether oneDNN is expected to win ------------------===//
//
// Sinter's own kernels were measured to be as fast or faster (README.md), but
// for two mechanisms:
//
// * A variable B that lies transposed is packed in the call, which costs a pass
//   over B that few rows of A cannot repay; oneDNN takes dot products of rows
//   then.  As long as B and its copy stay in L2, the pass is cheap.
// * A depthwise convolution is a sum of products, place by place; oneDNN keeps
//   the kernel in registers over several places.  That shows where there are
//   so few channels that little else is to be done at a place, and steps of
//   one element.
//
// A tail that its post-ops do not compute costs oneDNN a pass over the result,
// which Sinter saves.
//
//===----------------------------------------------------------------------===//

#include "passes/library/CostModel.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// From 16 rows on oneDNN packs too, and was up to 1.8 times as slow.
static constexpr int64_t mostRows = 12;
/// With 240 channels it took 0.87 of the time, with 576 as long.
static constexpr int64_t mostChannels = 256;

static Expectation expectMatmul(const sinter_onednn_call &call,
                                const Surroundings &around,
                                const TargetFacts &target) {
  const int64_t rank = call.result.rank;
  int64_t m = call.result.dims[rank - 2], n = call.result.dims[rank - 1];
  int64_t k = call.lhs.dims[rank - 1];
  bool isTransposed = n > 1 && k > 1 && call.rhs.strides[rank - 1] != 1;
  if (around.isConstant)
    return {false, "B is constant and packed when the model is compiled"};
  if (!isTransposed)
    return {false, "B is read as it lies"};
  if (m > mostRows)
    return {false,
            "there are rows enough to repay packing B, " + std::to_string(m)};
  if (2 * n * k * int64_t(sizeof(float)) <= target.l2Bytes)
    return {false, "B and its packed copy stay in L2"};
  if (around.hasTail)
    return {false, "what follows the product is computed in registers"};
  return {true, "B lies transposed, and " + std::to_string(m) +
                    (m == 1 ? " row does" : " rows do") +
                    " not repay packing it"};
}

static Expectation expectConvolution(const sinter_onednn_call &call,
                                     const Surroundings &around) {
  // [groups, out, in, space…]
  bool isDepthwise = call.rhs.rank == call.space + 3 && call.rhs.dims[1] == 1 &&
                     call.rhs.dims[2] == 1;
  if (!isDepthwise || call.form == SINTER_ONEDNN_BACKWARD_WEIGHTS)
    return {false, "windows are read as they lie, without a copy"};
  bool steps = false;
  for (int64_t i = 0; i < call.space; ++i)
    steps |= call.strides[i] != 1;
  if (steps || call.rhs.dims[0] > mostChannels)
    return {false, "a depthwise sum of products fills vectors along channels"};
  if (around.hasTail)
    return {false, "what follows the sum of products is computed in registers"};
  return {true, "depthwise with few channels: its kernel stays in registers"};
}

Expectation sinter::passes::expect(const sinter_onednn_call &call,
                                   const Surroundings &around,
                                   const TargetFacts &target) {
  if (around.isReference)
    return {false, "oneDNN has but plain loops for it"};
  return call.form == SINTER_ONEDNN_MATMUL ? expectMatmul(call, around, target)
                                           : expectConvolution(call, around);
}
