//===- WidenStorage.cpp - ops on bf16 as ops on f32 -----------------------===//
//
//   %z = mul %x, %y : bf16   ⇒   %z = cast (mul (cast %x), (cast %y)) to bf16
//
// What bf16 means (see Dialect.td), written out: operands are widened, which is
// exact, and the result is rounded once.  Afterwards bf16 is on constants, on
// ops that move elements and on casts, which fusion takes into the kernels
// around them: memory holds bf16, registers f32.  No cast of f32 to bf16 and
// back is ever left out, for it rounds.
//
// It runs late, so that the algebra before it sees each op as it was written.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "compiler/ir/Storage.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_WIDENSTORAGE
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

static void widen(Operation *op) {
  OpBuilder builder(op);
  for (OpOperand &operand : op->getOpOperands()) {
    Type wide = getComputeType(operand.get().getType());
    if (wide != operand.get().getType())
      operand.set(CastOp::create(builder, op->getLoc(), wide, operand.get()));
  }
  builder.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    Type narrow = result.getType(), wide = getComputeType(narrow);
    if (wide == narrow)
      continue;
    result.setType(wide);
    auto rounded = CastOp::create(builder, op->getLoc(), narrow, result);
    result.replaceAllUsesExcept(rounded, rounded);
  }
}

namespace {
struct WidenStorage : sinter::passes::impl::WidenStorageBase<WidenStorage> {
  void runOnOperation() override {
    SmallVector<Operation *> computing;
    getOperation().walk([&](Operation *op) {
      if (computesInStorage(op))
        computing.push_back(op);
    });
    for (Operation *op : computing)
      widen(op);
  }
};
} // namespace
