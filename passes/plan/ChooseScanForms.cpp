//===- ChooseScanForms.cpp - loops that copy no carry ---------------------===//
//
// Comes in: an entry.  Goes out: its program with the scans in the form that
// copies least, and the sharing.  The plain form is tried first, since most
// carries stay in place there; scans in which copies are left are stacked, then
// run two steps a turn.  Another form is taken only if it copies less and needs
// no more memory than a second place for each carry.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/ShareStorage.h"
#include "passes/plan/packer/Packer.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

/// The scans that copy carries or per-step outputs in every step.
static SmallVector<ScanOp> getCopyingScans(const PlannedEntry &plan) {
  llvm::SmallSetVector<ScanOp, 4> scans;
  const auto &[program, sharing] = plan;
  for (const Step &step : program.steps)
    if (step.kind == Step::Copy && step.loop >= 0 &&
        (step.purpose == Purpose::NextCarry || step.purpose == Purpose::Stack ||
         step.purpose == Purpose::Swap) &&
        !isRemoved(step, sharing))
      scans.insert(
          cast<ScanOp>(program.steps[program.loops[step.loop].begin].op));
  return scans.takeVector();
}

static FailureOr<PlannedEntry> tryForms(EntryOp entry, const ScanForms &forms) {
  FailureOr<Program> program = buildProgram(entry, forms);
  if (failed(program))
    return failure();
  Sharing sharing = shareStorage(*program);
  return PlannedEntry{std::move(*program), std::move(sharing)};
}

FailureOr<PlannedEntry> sinter::passes::plan::shareEntry(EntryOp entry) {
  ScanForms forms;
  FailureOr<PlannedEntry> best = tryForms(entry, forms);
  if (failed(best))
    return failure();
  auto getCost = [](const PlannedEntry &plan) {
    CopiedBytes copies = countCopies(plan.program, plan.sharing);
    return std::tuple(copies.forState, copies.inAll,
                      getLowerBound(plan.program, plan.sharing));
  };
  auto attempt = [&](ScanOp scan, ScanForms changed) {
    FailureOr<PlannedEntry> plan = tryForms(entry, changed);
    int64_t secondPlaces = 0;
    for (Value carry : scan.getCarryArgs())
      secondPlaces += sinter::plan::alignedSize(getByteSize(carry.getType()));
    auto [oldState, oldCopies, oldBytes] = getCost(*best);
    auto [state, copies, bytes] = getCost(*plan);
    if (state > oldState || copies >= oldCopies ||
        bytes > oldBytes + secondPlaces)
      return;
    best = std::move(plan);
    forms = std::move(changed);
  };
  for (ScanOp scan : getCopyingScans(*best))
    if (!getStackableCarries(scan).empty()) {
      ScanForms changed = forms;
      changed.stacked.insert(scan);
      attempt(scan, std::move(changed));
    }
  for (ScanOp scan : getCopyingScans(*best)) {
    ScanForms changed = forms;
    changed.alternating.insert(scan);
    attempt(scan, std::move(changed));
  }
  return best;
}
