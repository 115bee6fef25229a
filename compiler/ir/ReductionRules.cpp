//===- ReductionRules.cpp - derivatives of max, min and product -----------===//

#include "compiler/ir/Sinter.h"

using namespace mlir;
using namespace sinter::ir;

FailureOr<Values> ReduceMaxOp::vjp(OpBuilder &, ArrayRef<Value>,
                                   ArrayRef<bool>) {
  return emitOpError("has no derivative rule");
}
FailureOr<Values> ReduceMaxOp::jvp(OpBuilder &, ArrayRef<Value>) {
  return emitOpError("has no derivative rule");
}
FailureOr<Values> ReduceMinOp::vjp(OpBuilder &, ArrayRef<Value>,
                                   ArrayRef<bool>) {
  return emitOpError("has no derivative rule");
}
FailureOr<Values> ReduceMinOp::jvp(OpBuilder &, ArrayRef<Value>) {
  return emitOpError("has no derivative rule");
}
FailureOr<Values> ReduceProdOp::vjp(OpBuilder &, ArrayRef<Value>,
                                    ArrayRef<bool>) {
  return emitOpError("has no derivative rule");
}
FailureOr<Values> ReduceProdOp::jvp(OpBuilder &, ArrayRef<Value>) {
  return emitOpError("has no derivative rule");
}
