//===- RoundingSpread.cpp - how far rounding may move a result ------------===//

#include "tests/lower/RoundingSpread.h"

#include "compiler/ir/Sinter.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace sinter::ir;

/// Ops whose result is rounded.
static bool isInexact(Operation *op) {
  if (auto cast = dyn_cast<CastOp>(op))
    return getElementTypeOrSelf(cast.getOperand()).getIntOrFloatBitWidth() > 8;
  if (isa<NegOp, AbsOp, SignOp, MaxOp, MinOp, SelectOp, CompareOp, FloorOp,
          CeilOp, RoundOp, StopGradientOp>(op))
    return false;
  return op->hasTrait<Pointwise>() ||
         isa<ReduceSumOp, ReduceProdOp, DotGeneralOp, ScatterAddOp,
             CumulativeSumOp, RandomNormalOp>(op);
}

/// Ops that add up in an order of their own: the error of a sum is in the size
/// of its terms.
static bool isSum(Operation *op) {
  return isa<ReduceSumOp, DotGeneralOp, ScatterAddOp, CumulativeSumOp>(op);
}

/// Ops that jump: a last bit on one side of the step or the other.
static bool isStep(Operation *op) {
  if (isa<CastOp>(op))
    return isa<FloatType>(getElementTypeOrSelf(op->getOperand(0))) &&
           isa<IntegerType>(getElementTypeOrSelf(op->getResult(0)));
  return isa<FloorOp, CeilOp, RoundOp, SignOp, CompareOp, ArgMaxOp, ArgMinOp,
             ArgSortOp, RemOp>(op);
}

/// Whether rounding has a part in the value, on any way since the last step.
static bool isRounded(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op) // carried from step to step, or an input
    return !isa<EntryOp>(value.getParentBlock()->getParentOp());
  if (isStep(op))
    return false;
  return isa<ScanOp>(op) || isInexact(op) ||
         llvm::any_of(op->getOperands(), isRounded);
}

namespace {
class Perturbation {
public:
  explicit Perturbation(uint32_t seed) : random(seed) {}

  /// `operand` of a step, all elements off to one side.
  void push(OpOperand &operand, bool outwards) {
    Value value = operand.get();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !isa<FloatType>(type.getElementType()) || !isRounded(value))
      return;
    double size = type.getElementType().isF32() ? 0x1p-19 : 0x1p-48;
    OpBuilder builder(operand.getOwner());
    auto scalar = RankedTensorType::get({}, builder.getF64Type());
    Location loc = value.getLoc();
    Value factor =
        ConstantOp::create(builder, loc, scalar,
                           cast<ElementsAttr>(DenseElementsAttr::get(
                               scalar, outwards ? 1 + size : 1 - size)));
    factor = CastOp::create(
        builder, loc, RankedTensorType::get({}, type.getElementType()), factor);
    factor =
        BroadcastOp::create(builder, loc, type, factor, ArrayRef<int64_t>());
    operand.set(MulOp::create(builder, loc, value, factor));
  }

  /// `value` with an error on each element, for the users that `isUser` names.
  void apply(Value value, OpBuilder &builder,
             llvm::function_ref<bool(OpOperand &)> isUser) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !isa<FloatType>(type.getElementType()))
      return;
    // A few units in the last place, as functions of a library have.
    double size = type.getElementType().isF32() ? 0x1p-22 : 0x1p-51;
    // A normal number is √(−2 ln u)·cos(2πv): near a zero of the cosine the
    // error is one of 2πv, in the size of the radius and not of the result.
    constexpr double radius = 8;
    bool isNormal = isa_and_nonnull<RandomNormalOp>(value.getDefiningOp());
    double middle = isNormal ? 0 : 1;
    if (isNormal)
      size *= radius;
    std::vector<Attribute> errors;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      errors.push_back(FloatAttr::get(
          builder.getF64Type(),
          middle + size * (static_cast<double>(random()) * 0x1p-31 - 1)));
    // In f64, so that an f32 can be off by less than its own unit.
    auto wide = type.clone(builder.getF64Type());
    Location loc = value.getLoc();
    auto constant = ConstantOp::create(
        builder, loc, wide,
        cast<ElementsAttr>(DenseElementsAttr::get(wide, errors)));
    Value error = CastOp::create(builder, loc, type, constant);
    Value moved = isNormal
                      ? AddOp::create(builder, loc, value, error).getResult()
                      : MulOp::create(builder, loc, value, error).getResult();
    value.replaceUsesWithIf(moved, [&](OpOperand &use) {
      return use.getOwner() != moved.getDefiningOp() && isUser(use);
    });
  }

private:
  std::mt19937 random;
};
} // namespace

OwningOpRef<ModuleOp> sinter::test::perturb(ModuleOp module, uint32_t seed) {
  OwningOpRef<ModuleOp> copy = module.clone();
  std::vector<Operation *> inexact, steps;
  copy->walk([&](Operation *op) {
    if (isStep(op))
      steps.push_back(op);
    else if (isInexact(op))
      inexact.push_back(op);
  });
  Perturbation perturbation(seed);
  for (Operation *op : steps)
    perturbation.push(op->getOpOperand(0), seed % 2);
  for (Operation *op : inexact) {
    if (isSum(op))
      for (Value operand : llvm::to_vector(op->getOperands())) {
        OpBuilder before(op);
        perturbation.apply(operand, before, [&](OpOperand &use) {
          return use.getOwner() == op;
        });
      }
    OpBuilder after(op);
    after.setInsertionPointAfter(op);
    perturbation.apply(op->getResult(0), after,
                       [](OpOperand &) { return true; });
  }
  return copy;
}
