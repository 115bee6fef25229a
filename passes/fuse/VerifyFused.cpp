//===- VerifyFused.cpp - what holds at the end of `fused` -----------------===//
//
// An entry, and the body of a scan in it, holds reads, writes, large constants,
// calls, reshapes and scans.  A kernel has a schedule and `overwrites`, is
// called, and its body is made of tensor ops in one block.  Every op has a
// place in the source.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/VerifyFused.h"

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

/// Whether result r may lie on argument `overwrites[r]` as far as types tell,
/// no argument being taken twice.
static bool areOverwritesSound(KernelOp kernel) {
  llvm::SmallDenseSet<int64_t> taken;
  for (auto [result, argument] :
       llvm::zip(kernel.getResultTypes(), *kernel.getOverwrites()))
    if (argument >= 0 &&
        (!taken.insert(argument).second ||
         getBufferType(result) !=
             getBufferType(kernel.getArgumentTypes()[argument])))
      return false;
  return true;
}

static LogicalResult verifyKernel(KernelOp kernel) {
  if (failed(verifySchedule(kernel)))
    return failure();
  if (!areOverwritesSound(kernel))
    return kernel.emitOpError("has `overwrites` that name an argument of "
                              "another form, or one for two results");
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
  DictionaryAttr schedule = kernel.getScheduleAttr();
  if (auto segments = schedule.getAs<IntegerAttr>("segments")) {
    auto results = schedule.getAs<IntegerAttr>("segment_results");
    auto arguments = schedule.getAs<IntegerAttr>("segment_arguments");
    int64_t count = kernel.getArgumentTypes().size();
    int64_t wanted = kernel.getResultTypes().size();
    if (!results || !arguments ||
        segments.getInt() * results.getInt() != wanted ||
        segments.getInt() * arguments.getInt() > count)
      return kernel.emitOpError("has segments that do not fit its signature");
  }
  return success();
}

namespace {
struct VerifyFused : passes::impl::VerifyFusedBase<VerifyFused> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<EntryOp>())
      if (failed(verifyBlock(entry.getBody().front())))
        return signalPassFailure();
    llvm::DenseSet<StringAttr> called;
    getOperation().walk(
        [&](CallOp call) { called.insert(call.getKernelAttr().getAttr()); });
    for (auto kernel : getOperation().getOps<KernelOp>()) {
      if (failed(verifyKernel(kernel)))
        return signalPassFailure();
      if (!called.contains(kernel.getSymNameAttr())) {
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
