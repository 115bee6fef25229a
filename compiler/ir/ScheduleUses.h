//===- ScheduleUses.h - what of a schedule code can follow ------*- C++ -*-===//
//
// Some entries of a schedule mean something to some kernels only.  Whoever
// chooses a schedule asks here, and whoever verifies one: an entry that cannot
// be followed is refused, not ignored.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_SCHEDULEUSES_H
#define SINTER_COMPILER_IR_SCHEDULEUSES_H

#include "compiler/ir/ContractionTiling.h"
#include "compiler/ir/KernelPhases.h"

namespace sinter::ir {

/// `streams`: whether some results are stored in walks over their elements.
bool storesInWalks(const KernelPhases &phases);

/// `prefetches_rows`: whether rows are walked again after they were reduced.
bool walksRowsAgain(KernelOp kernel, const KernelPhases &phases);

/// `reduce`: which dimensions the kernel's reductions combine, as a word.
llvm::StringRef reductionForm(KernelOp kernel);

/// `tail = "masked"`: whether vectors have masks that cost nothing.
bool hasMasks(const TargetFacts &target);
/// `tail = "scalar"` where there are masks: whether the kernel is functions of
/// random numbers in one loop, so costly that they are not written out once
/// more for the few that are left behind it.
bool drawsForFunctionsInOneLoop(KernelOp kernel);

/// `defer_epilogue`: whether tiles have enough steps over K, in one loop, to
/// finish another tile beside them.
bool canDeferEpilogue(const ContractionTiling &tiling,
                      llvm::ArrayRef<ContractionLoop> rows,
                      llvm::ArrayRef<ContractionLoop> depth, int64_t columns);
bool canDeferEpilogue(const ContractionTiling &tiling,
                      const ContractionForm &form);

/// `loop_epilogue`: whether a tile's sums, which are in registers, may go to
/// memory for an epilogue that is a loop over their rows.
bool canLoopEpilogue(const ContractionTiling &tiling);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SCHEDULEUSES_H
