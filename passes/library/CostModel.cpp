//===- CostModel.cpp - whether oneDNN is expected to win ------------------===//
//
// What was measured (README.md): Sinter's own kernels are as fast or faster,
// but for products whose B is a variable that lies transposed and has to be
// packed, row by row, in the call.  That work is in proportion to B; it is
// repeated for nothing, so it matters while there are few rows of A to share
// it.
//
//===----------------------------------------------------------------------===//

#include "passes/library/CostModel.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

Expectation sinter::passes::expect(DotGeneralOp op,
                                   const sinter_onednn_call &call, bool hasTail,
                                   bool isConstant) {
  if (isConstant)
    return {false, "B is constant and packed when the model is compiled"};
  if (hasTail)
    return {false, "what follows the product is computed in registers"};
  return {false, "its B is read as it lies"};
}

Expectation sinter::passes::expect(ConvOp op, const sinter_onednn_call &call) {
  return {false, "windows are read as they lie, without a copy"};
}
