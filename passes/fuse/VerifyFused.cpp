//===- VerifyFused.cpp - what holds at the end of `fused` -----------------===//
//
// An entry, and the body of a scan in it, holds reads, writes, large constants,
// calls, reshapes and scans.  A kernel has a schedule and `overwrites`, is
// called, and its body is made of tensor ops in one block.  Every op has a
// place in the source.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/VerifyFused.h"

#include "compiler/ir/Overwriting.h"
#include "compiler/ir/Storage.h"
#include "compiler/ir/VerifySchedule.h"
#include "passes/fuse/OpKinds.h"

namespace sinter::passes {
#define GEN_PASS_DEF_VERIFYFUSED
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static LogicalResult verifyPlace(Operation &op) {
  if (isa<UnknownLoc>(op.getLoc()))
    return op.emitOpError("has no place in the source at the end of `fused`");
  return success();
}

static LogicalResult verifyBlock(Block &block) {
  for (Operation &op : block) {
    if (failed(verifyPlace(op)))
      return failure();
    if (isa<ReadOp, WriteOp, ReturnOp, YieldOp, CallOp, ReshapeOp>(op))
      continue;
    if (isa<ConstantOp>(op) && kindOf(&op) == OpKind::Free)
      continue;
    if (auto scan = dyn_cast<ScanOp>(op)) {
      if (failed(verifyBlock(scan.getBody().front())))
        return failure();
      continue;
    }
    return op.emitOpError("is outside of a kernel at the end of `fused`");
  }
  return success();
}

static LogicalResult verifyKernel(KernelOp kernel) {
  for (Operation &op : kernel.getBody().front()) {
    if (failed(verifyPlace(op)))
      return failure();
    bool hasBody = op.getNumRegions() != 0 && !isa<LibraryCallOp>(op);
    if (hasBody || isa<ReadOp, WriteOp, CallOp>(op))
      return op.emitOpError("must not stand in a kernel");
    if (computesInStorage(&op))
      return op.emitOpError("computes on bf16: widen its operands to f32, and "
                            "cast its result");
  }
  return verifySchedule(kernel);
}

/// What a result is written over is no other argument, too.
static LogicalResult verifyCall(CallOp call, KernelOp kernel) {
  ArrayRef<int64_t> overwrites = *kernel.getOverwrites();
  for (int64_t argument : overwrites)
    if (argument >= 0 && isShared(call, argument))
      return call.emitOpError("passes, as other arguments too, what its kernel "
                              "writes a result over: argument ")
             << argument;
  return success();
}

namespace {
struct VerifyFused : passes::impl::VerifyFusedBase<VerifyFused> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<EntryOp>())
      if (failed(verifyBlock(entry.getBody().front())))
        return signalPassFailure();
    llvm::DenseMap<StringAttr, SmallVector<CallOp>> calls;
    getOperation().walk([&](CallOp call) {
      calls[call.getKernelAttr().getAttr()].push_back(call);
    });
    for (auto kernel : getOperation().getOps<KernelOp>()) {
      if (failed(verifyKernel(kernel)))
        return signalPassFailure();
      ArrayRef<CallOp> own = calls[kernel.getSymNameAttr()];
      for (CallOp call : own)
        if (failed(verifyCall(call, kernel)))
          return signalPassFailure();
      if (own.empty()) {
        kernel.emitOpError("is called by nobody at the end of `fused`");
        return signalPassFailure();
      }
    }
  }
};
} // namespace

std::unique_ptr<Pass> passes::createVerifyFusedPass() {
  return std::make_unique<VerifyFused>();
}
