//===- FoldConstants.cpp - ops on constants, evaluated --------------------===//
//
// The reference interpreter computes what compiled code would.  Folded is only
// what both give bit for bit: whatever the type prescribes exactly, or rounds
// correctly.  A nan that comes up is left to run time, for its bits are not
// prescribed.  Splats are folded as single elements, whatever their shape.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"
#include "passes/simplify/Stage.h"
#include <cmath>

namespace sinter::passes {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

/// Whether compiled code and interpreter agree on this op to the bit (of zeros
/// to the sign, except where the op's description leaves it open).
static bool isExact(Operation *op) {
  if (op->hasTrait<Movement>() || isa<CompareOp, SelectOp, CastOp>(op))
    return true;
  bool isInteger =
      !isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
  if (op->hasTrait<Pointwise>())
    return isInteger ||
           isa<NegOp, AbsOp, SignOp, SqrtOp, FloorOp, CeilOp, RoundOp, AddOp,
               SubOp, MulOp, DivOp, MaxOp, MinOp>(op);
  if (isa<ReduceMaxOp, ReduceMinOp, ArgMaxOp, ArgMinOp, GatherOp, ArgSortOp>(
          op))
    return true;
  return isInteger && isa<ReduceSumOp, ReduceProdOp, DotGeneralOp, ScatterAddOp,
                          CumulativeSumOp>(op);
}

static bool hasNan(const Array &array) {
  return llvm::any_of(array.floats, [](double x) { return std::isnan(x); });
}

/// One element for all: pointwise ops, and movement that adds no zeros.
static bool keepsSplats(Operation *op) {
  return op->hasTrait<Pointwise>() ||
         (op->hasTrait<Movement>() && !isa<PadOp, ConcatenateOp>(op));
}

/// The splat that the op makes of splats; null if it cannot be folded.
static DenseElementsAttr foldSplats(Operation *op,
                                    ArrayRef<DenseElementsAttr> operands) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  std::vector<Array> elements;
  for (DenseElementsAttr operand : operands) {
    auto one = cast<DenseElementsAttr>(
        operand.resizeSplat(operand.getType().clone(ArrayRef<int64_t>{})));
    llvm::Expected<Array> element = Array::fromElements(one);
    if (!element) {
      llvm::consumeError(element.takeError());
      return {};
    }
    elements.push_back(std::move(*element));
  }
  if (op->hasTrait<Movement>())
    return DenseElementsAttr(operands[0]).resizeSplat(type);
  Array result = evaluateElement(op, elements);
  if (hasNan(result))
    return {};
  return cast<DenseElementsAttr>(result.toElements()).resizeSplat(type);
}

static DenseElementsAttr fold(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumOperands() == 0 || !isExact(op))
    return {};
  SmallVector<DenseElementsAttr> operands;
  bool splats = true;
  int64_t bytes = 0;
  for (Value operand : op->getOperands()) {
    auto constant = operand.getDefiningOp<ConstantOp>();
    auto value = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                          : DenseElementsAttr();
    if (!value)
      return {};
    splats &= value.isSplat();
    bytes = std::max(bytes, getByteSize(operand.getType()));
    operands.push_back(value);
  }
  if (splats && keepsSplats(op))
    return foldSplats(op, operands);
  // Repeating a table makes a larger one: the broadcast is cheaper.
  if (isa<BroadcastOp>(op))
    return {};
  bytes = std::max(bytes, getByteSize(op->getResult(0).getType()));
  if (bytes > sinter::passes::largestFoldedBytes)
    return {};
  std::vector<Array> arrays;
  for (DenseElementsAttr operand : operands) {
    llvm::Expected<Array> array = Array::fromElements(operand);
    if (!array) {
      llvm::consumeError(array.takeError());
      return {};
    }
    arrays.push_back(std::move(*array));
  }
  llvm::Expected<Array> result = evaluate(op, arrays);
  if (!result) {
    llvm::consumeError(result.takeError());
    return {};
  }
  if (!op->hasTrait<Movement>() && hasNan(*result))
    return {};
  return result->toElements();
}

namespace {
struct FoldConstants : sinter::passes::impl::FoldConstantsBase<FoldConstants> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      DenseElementsAttr value = fold(op);
      if (!value)
        return;
      OpBuilder builder(op);
      Value constant =
          ConstantOp::create(builder, op->getLoc(), op->getResult(0).getType(),
                             cast<ElementsAttr>(value));
      op->getResult(0).replaceAllUsesWith(constant);
      op->erase();
    });
  }
};
} // namespace
