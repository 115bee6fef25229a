//===- Boundaries.cpp - where a value goes from kernel to kernel ----------===//

#include "compiler/ir/Boundaries.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

CallOp ir::getProducer(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getOperand();
  return value.getDefiningOp<CallOp>();
}

SmallVector<Boundary> ir::boundariesOf(CallOp consumer) {
  SmallVector<Boundary> result;
  for (Value operand : consumer->getOperands())
    if (CallOp producer = getProducer(operand))
      result.push_back({producer, consumer, StringRef()});
  auto reasons = consumer->getAttrOfType<ArrayAttr>(boundariesAttr);
  if (reasons && reasons.size() == result.size())
    for (auto [boundary, reason] : llvm::zip(result, reasons))
      if (auto text = dyn_cast<StringAttr>(reason))
        boundary.reason = text.getValue();
  return result;
}
