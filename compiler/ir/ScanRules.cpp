//===- ScanRules.cpp - derivatives of scan --------------------------------===//

#include "compiler/ir/Sinter.h"

using namespace mlir;
using namespace sinter::ir;

FailureOr<Values> ScanOp::vjp(OpBuilder &, ArrayRef<Value>, ArrayRef<bool>) {
  return emitOpError("has no derivative rule");
}
FailureOr<Values> ScanOp::jvp(OpBuilder &, ArrayRef<Value>) {
  return emitOpError("has no derivative rule");
}
