//===- PlanMemory.cpp - values become places in memory --------------------===//
//
// Comes in: entries of calls, reads, writes, reshapes and scans.  Goes out:
// entries of launches, copies and loops on buffers at fixed offsets.  The work
// is done in four steps, each a file: build a program in which every value has
// a storage (BuildProgram), let storages share bytes and pack them
// (ShareStorage), check the result by running it on tags (CheckSharing), write
// it (EmitPlan).
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ByteLimits.h"
#include "passes/plan/EmitPlan.h"
#include "passes/plan/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

namespace sinter::passes {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/plan/Passes.h.inc"
} // namespace sinter::passes

namespace {
class PlanMemory : public sinter::passes::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    ConstantPool constants(getOperation());
    for (auto entry : getOperation().getOps<EntryOp>())
      if (failed(planEntry(entry, constants)))
        return signalPassFailure();
  }

  static LogicalResult planEntry(EntryOp entry, ConstantPool &constants) {
    FailureOr<PlannedEntry> plan = shareEntry(entry);
    if (failed(plan))
      return failure();
    auto &[program, sharing] = *plan;
    packStorage(program, sharing, getEffort(entry));
    if (sharing.workspaceBytes > addressableBytes)
      return entry.emitError("needs a workspace of ")
             << sharing.workspaceBytes << " bytes, more than the "
             << addressableBytes << " that a process can address";
    if (failed(checkSharing(program, sharing)))
      return failure();
    return emitPlan(entry, program, sharing, constants);
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createPlanMemoryPass() {
  return std::make_unique<PlanMemory>();
}
