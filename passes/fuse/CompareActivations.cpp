//===- CompareActivations.cpp - masks from what is stored -----------------===//
//
// The backward pass of a relu asks whether its operand was positive.  Its
// result answers the same question and is stored anyway, as the next layer's
// input; the operand would be stored for this alone.  For every c, with nan and
// −0:
//
//   x > c  ⇔  max(x, c) > c        x ≤ c  ⇔  max(x, c) ≤ c   (no nan)
//   x < c  ⇔  min(x, c) < c        x ≥ c  ⇔  min(x, c) ≥ c   (no nan)
//
// where a nan makes both sides false.
//
// Where x and c are bf16, widened, so is the maximum, and what is stored is the
// bf16: that is compared.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/CompareActivations.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"

namespace sinter::passes {
#define GEN_PASS_DEF_COMPAREACTIVATIONS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static bool areEqual(Value a, Value b) {
  auto x = a.getDefiningOp<ConstantOp>(), y = b.getDefiningOp<ConstantOp>();
  return a == b || (x && y && x.getValue() == y.getValue());
}

/// Whether the relation of x to c is that of max(x, c), or of min(x, c), to c.
static bool isKept(Comparison relation, bool ofMax) {
  switch (relation) {
  case Comparison::gt:
  case Comparison::le:
    return ofMax;
  case Comparison::lt:
  case Comparison::ge:
    return !ofMax;
  default:
    return false;
  }
}

/// Whether `op` asks for the relation of `x` to `limit`.
static bool asks(Operation *op, Value x, Value limit, bool ofMax) {
  auto compare = dyn_cast<CompareOp>(op);
  return compare && compare.getLhs() == x &&
         areEqual(compare.getRhs(), limit) &&
         isKept(compare.getRelation(), ofMax);
}

/// Whether every element is a bf16.
static bool isWidened(Value value) {
  if (auto cast = value.getDefiningOp<CastOp>())
    return getElementTypeOrSelf(cast.getOperand()).isBF16();
  auto constant = value.getDefiningOp<ConstantOp>();
  auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue())
                        : SplatElementsAttr();
  if (!splat || !isa<FloatType>(splat.getElementType()))
    return false;
  APFloat number = splat.getSplatValue<APFloat>();
  bool loses = false;
  number.convert(APFloat::BFloat(), APFloat::rmNearestTiesToEven, &loses);
  return !loses;
}

/// The bf16 that a maximum of two is stored as, if it is; null otherwise.
static CastOp findStored(Operation *op) {
  if (!llvm::all_of(op->getOperands(), isWidened))
    return nullptr;
  for (Operation *user : op->getUsers())
    if (auto cast = dyn_cast<CastOp>(user))
      if (getElementTypeOrSelf(cast.getType()).isBF16() &&
          cast->getBlock() == op->getBlock())
        return cast;
  return nullptr;
}

/// Replaces x by `result` = max(x, limit) in comparisons, if nothing else needs
/// x.
static void compareResult(Operation *op, unsigned limitNumber) {
  Value limit = op->getOperand(limitNumber),
        x = op->getOperand(1 - limitNumber);
  if (x == limit || !x.getDefiningOp() || x.getDefiningOp<ConstantOp>())
    return;
  bool ofMax = isa<MaxOp>(op);
  SmallVector<Operation *> comparisons;
  for (Operation *user : x.getUsers()) {
    if (user == op)
      continue;
    if (!asks(user, x, limit, ofMax) || user->getBlock() != op->getBlock())
      return;
    comparisons.push_back(user);
  }
  Value stored;
  for (Operation *compare : comparisons) {
    CastOp rounded = findStored(op);
    if (rounded && rounded->isBeforeInBlock(compare)) {
      OpBuilder builder(compare->getContext());
      builder.setInsertionPointAfter(rounded);
      if (!stored)
        stored =
            CastOp::create(builder, rounded.getLoc(), x.getType(), rounded);
      compare->setOperand(0, stored);
      continue;
    }
    if (compare->isBeforeInBlock(op)) {
      // The comparison's own constant is there already, op's may be not.
      op->setOperand(limitNumber, compare->getOperand(1));
      op->moveBefore(compare);
    }
    compare->setOperand(0, op->getResult(0));
  }
}

namespace {
struct CompareActivations
    : passes::impl::CompareActivationsBase<CompareActivations> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    getOperation().walk([](Operation *op) {
      if (!isa<MaxOp, MinOp>(op))
        return;
      compareResult(op, /*limitNumber=*/1);
      compareResult(op, /*limitNumber=*/0);
    });
  }
};
} // namespace

std::unique_ptr<Pass> passes::createCompareActivationsPass() {
  return std::make_unique<CompareActivations>();
}
