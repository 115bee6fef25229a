//===- MergeEqualOps.cpp - common subexpressions, keeping both places -----===//
//
// One sweep over each block, from the top: an op equal to an earlier one of the
// same block gives its uses and its location to it.  Then, from the bottom,
// dead ops go.  Upstream's pass forgets the second location.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/simplify/Stage.h"
#include "llvm/ADT/DenseMap.h"

namespace sinter::passes {
#define GEN_PASS_DEF_MERGEEQUALOPS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

namespace {
struct ByMeaning : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *constOp) {
    auto *op = const_cast<Operation *>(constOp);
    return OperationEquivalence::computeHash(
        op, OperationEquivalence::directHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
  }
  static bool isEqual(const Operation *a, const Operation *b) {
    if (a == b)
      return true;
    if (a == getEmptyKey() || a == getTombstoneKey() || b == getEmptyKey() ||
        b == getTombstoneKey())
      return false;
    return OperationEquivalence::isEquivalentTo(
        const_cast<Operation *>(a), const_cast<Operation *>(b),
        OperationEquivalence::IgnoreLocations);
  }
};
} // namespace

/// Both places, the first one's name first.  A value that is written down very
/// often (a constant 1) keeps the first few.
static Location fuse(Location a, Location b) {
  constexpr size_t mostPlaces = 4;
  auto fused = dyn_cast<FusedLoc>(a);
  if (a == b || (fused && fused.getLocations().size() >= mostPlaces))
    return a;
  return FusedLoc::get(a.getContext(), {a, b});
}

static void mergeIn(Block &block) {
  llvm::DenseMap<Operation *, Operation *, ByMeaning> known;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        mergeIn(inner);
    if (op.hasTrait<OpTrait::IsTerminator>() || !isMemoryEffectFree(&op))
      continue;
    auto [place, isNew] = known.try_emplace(&op, &op);
    if (isNew)
      continue;
    Operation *first = place->second;
    first->setLoc(fuse(first->getLoc(), op.getLoc()));
    op.replaceAllUsesWith(first->getResults());
    op.erase();
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct MergeEqualOps : sinter::passes::impl::MergeEqualOpsBase<MergeEqualOps> {
  void runOnOperation() override {
    for (Operation &op : *getOperation().getBody())
      if (op.hasTrait<OpTrait::IsIsolatedFromAbove>())
        for (Block &block : op.getRegion(0))
          mergeIn(block);
  }
};
} // namespace
