//===- RandomOps.cpp - verifiers of the random ops ------------------------===//

#include "compiler/ir/Sinter.h"

using namespace mlir;
using namespace sinter::ir;

LogicalResult RandomBernoulliOp::verify() {
  double p = getProbability().convertToDouble();
  if (!(p >= 0 && p <= 1))
    return emitOpError("probability ") << p << " is not in [0, 1]";
  return success();
}
