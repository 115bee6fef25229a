//===- PackStorage.cpp - offsets in the workspace -------------------------===//
//
// Comes in: storages that stand for themselves, with their live ranges.  Goes
// out: offsets.  A buffer keeps its place from its first to its last moment,
// holes included.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"
#include "passes/plan/ShareStorage.h"
#include "passes/plan/packer/Packer.h"

using namespace sinter::passes::plan;

static std::vector<sinter::plan::Interval>
getIntervals(const Program &program, const Sharing &sharing) {
  std::vector<sinter::plan::Interval> intervals;
  for (int buffer : sharing.getBuffers(program)) {
    const LiveRange &range = sharing.ranges[buffer];
    intervals.push_back({program.storages[buffer].bytes, range.front().start,
                         range.back().end - 1});
  }
  return intervals;
}

sinter::plan::Effort sinter::passes::plan::getEffort(mlir::Operation *op) {
  int64_t level = sinter::ir::Options::of(op).optLevel;
  return level < 2    ? sinter::plan::Effort::Greedy
         : level == 2 ? sinter::plan::Effort::Bounded
                      : sinter::plan::Effort::Long;
}

void sinter::passes::plan::packStorage(const Program &program, Sharing &sharing,
                                       sinter::plan::Effort effort) {
  sinter::plan::Packing packing =
      sinter::plan::pack(getIntervals(program, sharing), effort);
  sharing.offsets.assign(program.storages.size(), 0);
  for (auto [buffer, offset] :
       llvm::zip(sharing.getBuffers(program), packing.offsets))
    sharing.offsets[buffer] = offset;
  sharing.workspaceBytes = packing.total;
}

int64_t sinter::passes::plan::getLowerBound(const Program &program,
                                            const Sharing &sharing) {
  return sinter::plan::getLowerBound(getIntervals(program, sharing));
}
