//===- VerifyPlannedStage.cpp - what holds after the planned stage --------===//
//
// Comes in: a planned module, perhaps read from a dump.  Goes out: success or
// located errors: variables apart in the state, schedules that fit, buffers as
// VerifyBuffers.cpp wants them, and a description that says the same.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "compiler/ir/VerifySchedule.h"
#include "passes/plan/DescribeModel.h"
#include "passes/plan/Stage.h"
#include "passes/plan/VerifyBuffers.h"
#include "passes/plan/packer/Packer.h"

#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

namespace sinter::passes {
#define GEN_PASS_DEF_VERIFYPLANNEDSTAGE
#include "passes/plan/Passes.h.inc"
} // namespace sinter::passes

namespace {

/// Hosts are told what the variables and entries say.
LogicalResult verifyDescription(ModuleOp module) {
  auto given = module->getAttrOfType<DictionaryAttr>(modelAttrName);
  DictionaryAttr wanted =
      sinter::passes::describeModel(module).toAttr(module.getContext());
  if (!given || given == wanted)
    return success();
  InFlightDiagnostic error = module.emitError(
      "attribute 'sinter.model' differs from what the module's variables and "
      "entries say: change both");
  for (NamedAttribute attr : wanted)
    if (given.get(attr.getName()) != attr.getValue())
      error.attachNote() << "by them, " << attr.getName() << " = "
                         << attr.getValue();
  return error;
}

/// Each variable has bytes of its own in the state.
LogicalResult verifyVariables(ModuleOp module) {
  SmallVector<std::pair<Span, VariableOp>> spans;
  int64_t stateBytes = 0;
  if (auto bytes = module->getAttrOfType<IntegerAttr>("sinter.state_bytes"))
    stateBytes = bytes.getInt();
  for (auto variable : module.getOps<VariableOp>()) {
    if (!variable.getOffset())
      return variable.emitOpError("has no offset after the planned stage");
    int64_t offset = *variable.getOffset();
    Span span{offset, offset + getByteSize(variable.getType())};
    if (offset < 0 || offset % sinter::plan::alignment != 0 ||
        span.end > stateBytes)
      return variable.emitOpError("is not at a multiple of ")
             << sinter::plan::alignment << " within the " << stateBytes
             << " bytes of state";
    for (auto &[other, owner] : spans)
      if (span.meets(other))
        return variable.emitOpError("overlaps the variable '")
               << owner.getSymName() << "'";
    spans.emplace_back(span, variable);
  }
  return success();
}

class VerifyPlannedStage
    : public sinter::passes::impl::VerifyPlannedStageBase<VerifyPlannedStage> {
  void runOnOperation() override {
    if (failed(verifyVariables(getOperation())))
      return signalPassFailure();
    for (auto kernel : getOperation().getOps<KernelOp>())
      if (kernel.getScheduleAttr() && failed(verifySchedule(kernel)))
        return signalPassFailure();
    for (auto entry : getOperation().getOps<EntryOp>())
      if (failed(verifyBuffers(entry)))
        return signalPassFailure();
    if (failed(verifyDescription(getOperation())))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createVerifyPlannedStagePass() {
  return std::make_unique<VerifyPlannedStage>();
}
