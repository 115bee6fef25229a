//===- ExpandRandom.cpp - distributions in terms of uniform numbers -------===//
//
// Box and Muller's transformation, with 1 − u so that the logarithm's argument
// is never 0.  Expanded here, after differentiation, the pieces fuse into the
// kernels around them.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXPANDRANDOM
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

static Value expandNormal(RandomNormalOp op, OpBuilder &builder) {
  constexpr double tau = 6.283185307179586;
  Type type = getComputeType(op.getType());
  auto uniform = [&](uint32_t stream) {
    return Expr(builder, op.getLoc(),
                RandomUniformOp::create(builder, op.getLoc(), type, op.getKey(),
                                        static_cast<int32_t>(stream)));
  };
  Expr u = uniform(op.getStream()), v = uniform(op.getStream() + 1);
  Expr radius = sqrt(u.constant(-2) * log(1.0 - u));
  Value normal = radius * cos(u.constant(tau) * v);
  // Rounded once, as if the whole were one op.
  if (type != op.getType())
    normal = CastOp::create(builder, op.getLoc(), op.getType(), normal);
  return normal;
}

static Value expandBernoulli(RandomBernoulliOp op, OpBuilder &builder) {
  auto type = cast<RankedTensorType>(op.getType());
  Expr u(builder, op.getLoc(),
         RandomUniformOp::create(builder, op.getLoc(),
                                 type.clone(builder.getF32Type()), op.getKey(),
                                 op.getStream()));
  return less(u, u.constant(op.getProbability().convertToDouble()));
}

namespace {
struct ExpandRandom : sinter::passes::impl::ExpandRandomBase<ExpandRandom> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      OpBuilder builder(op);
      Value value;
      if (auto normal = dyn_cast<RandomNormalOp>(op))
        value = expandNormal(normal, builder);
      else if (auto bernoulli = dyn_cast<RandomBernoulliOp>(op))
        value = expandBernoulli(bernoulli, builder);
      else
        return;
      op->replaceAllUsesWith(ValueRange(value));
      op->erase();
    });
  }
};
} // namespace
