//===- BlockAttention.cpp - attention without all scores in memory --------===//
//
// Comes in: a model before differentiation.  Goes out: the same, with attention
// over long sequences as loops over batches, heads and blocks of rows:
//
//   scan heads { scan blocks { scores of some rows → softmax → values } }
//
// A row of scores stays whole, so there is nothing to rescale, and every bit is
// what it was.  The loops are checkpoints: their backward loops compute a
// block's scores again, so no pass of training holds all of them either.
//
// Which attention: one head of one sample has more bytes of scores than L2
// holds.  How many rows: as many as leave the block's scores in L2, but enough
// for the contractions to be worth their packing.
//
// See Dao et al., "FlashAttention", NeurIPS 2022, who block columns as well;
// and Rabe, Staats, "Self-attention does not need O(n²) memory", 2021.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/BlockedScores.h"
#include "compiler/ir/ModuleFacts.h"
#include "passes/differentiate/ScoreRegion.h"
#include "passes/differentiate/Stage.h"

#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

namespace sinter::passes {
#define GEN_PASS_DEF_BLOCKATTENTION
#include "passes/differentiate/Passes.h.inc"
} // namespace sinter::passes

/// A block of fewer rows packs its keys and values for too little work.
static constexpr int64_t leastRows = 64;
/// Rows of a block are a multiple of this, which tiles of registers divide.
static constexpr int64_t rowStep = 16;

namespace {
/// A dimension along which a region can be sliced.
struct Level {
  SlicedRegion slices;
  int64_t resultDim, size;
  bool isBatch;
};

class Blocking {
public:
  Blocking(EntryOp entry, TargetFacts facts) : entry(entry), facts(facts) {}
  void run();

private:
  void consider(DotGeneralOp scores);
  bool isLarge(const ScoreRegion &region);
  void block(const ScoreRegion &region, std::string &how);
  void eraseUnused(const ScoreRegion &region);

  EntryOp entry;
  TargetFacts facts;
  SmallVector<std::string> report;
  /// Ops that were replaced.
  llvm::DenseSet<Operation *> erased;
};
} // namespace

static std::vector<Level> getLevels(const ScoreRegion &region) {
  std::vector<Level> levels;
  DotGeneralOp result = region.result, scores = region.scores;
  int64_t batch = scores.getLhsBatch().size();
  for (auto [dim, size] : llvm::enumerate(result.getType().getShape())) {
    if (size == 1)
      continue;
    if (auto slices = SlicedRegion::along(region, dim))
      levels.push_back({*slices, static_cast<int64_t>(dim), size,
                        slices->getScoresDim() < batch});
  }
  return levels;
}

/// Bytes of the scores of one index of the batch dimensions.
static int64_t getBytesOfOne(const ScoreRegion &region) {
  int64_t bytes = getByteSize(region.scores->getResult(0).getType());
  for (const Level &level : getLevels(region))
    if (level.isBatch)
      bytes /= level.size;
  return bytes;
}

void Blocking::eraseUnused(const ScoreRegion &region) {
  for (Operation *op : llvm::reverse(region.ops.getArrayRef()))
    if (op->use_empty()) {
      erased.insert(op);
      op->erase();
    }
}

void Blocking::block(const ScoreRegion &region, std::string &how) {
  int64_t bytes = getByteSize(region.scores->getResult(0).getType());
  std::vector<Level> levels = getLevels(region);
  auto chosen = llvm::find_if(levels, [](Level &l) { return l.isBatch; });
  if (chosen == levels.end())
    chosen = std::max_element(
        levels.begin(), levels.end(),
        [](const Level &a, const Level &b) { return a.size < b.size; });
  if (chosen == levels.end()) {
    if (how.empty())
      how = "whole, their rows depend on each other";
    return;
  }
  const Level &level = *chosen;
  int64_t extent = 1;
  if (!level.isBatch) {
    extent = facts.l2Bytes / (bytes / level.size) / rowStep * rowStep;
    extent = std::max(extent, leastRows);
    if (extent >= level.size) {
      how += (how.empty() ? "" : ", ") + std::to_string(level.size) + " rows";
      return;
    }
  }
  int64_t steps = level.size / extent, done = steps * extent;

  Operation *result = region.result;
  OpBuilder builder(result);
  SmallVector<SlicedRegion::Blocks> parts = {
      level.slices.emit(builder, 0, extent, steps)};
  if (done < level.size)
    parts.push_back(level.slices.emit(builder, done, level.size - done, 1));
  Value whole = parts[0].whole;
  if (parts.size() > 1)
    whole = ConcatenateOp::create(builder, result->getLoc(),
                                  ValueRange{whole, parts[1].whole},
                                  level.resultDim);
  result->getResult(0).replaceAllUsesWith(whole);
  eraseUnused(region);

  how += (how.empty() ? "" : ", ") + std::to_string(level.size) +
         (level.isBatch ? " one by one" : " rows by " + std::to_string(extent));
  if (!level.isBatch)
    return;
  std::optional<ScoreRegion> inner = ScoreRegion::find(parts[0].scores);
  assert(inner && "a slice of a region is one");
  block(*inner, how);
}

/// Whether this is attention, and its scores are worth to be gone.
bool Blocking::isLarge(const ScoreRegion &region) {
  // Scores of sequences dwarf queries, keys and values; hidden values of a
  // network do not dwarf what they come from and go to.
  DotGeneralOp scores = region.scores, result = region.result;
  int64_t around = getByteSize(result.getType());
  for (DotGeneralOp dot : {scores, result})
    for (Value operand : dot->getOperands())
      if (!region.fromScores.contains(operand))
        around += getByteSize(operand.getType());
  constexpr int64_t dwarfs = 2;
  return region.hasReduction &&
         getByteSize(scores.getType()) >= dwarfs * around &&
         getBytesOfOne(region) > facts.l2Bytes;
}

void Blocking::consider(DotGeneralOp scores) {
  if (!isa<FloatType>(scores.getType().getElementType()))
    return;
  std::optional<ScoreRegion> region = ScoreRegion::find(scores);
  if (!region || !isLarge(*region))
    return;
  std::string name = getGivenName(region->result.getLoc()).str(), how;
  std::string line = "'" + name + "', " +
                     std::to_string(getByteSize(scores.getType())) +
                     " bytes of scores: ";
  if (Operation *reader = region->otherReader) {
    line += "whole, '" + reader->getName().getStringRef().str() +
            "' reads them too";
  } else {
    block(*region, how);
    line += how;
  }
  report.push_back(line);
}

void Blocking::run() {
  SmallVector<DotGeneralOp> contractions;
  entry.walk([&](DotGeneralOp op) { contractions.push_back(op); });
  for (DotGeneralOp op : contractions)
    if (!erased.contains(op))
      consider(op);
  if (report.empty())
    return;
  SmallVector<StringRef> lines(report.begin(), report.end());
  entry->setAttr(blockedScoresAttr, OpBuilder(entry).getStrArrayAttr(lines));
}

namespace {
struct BlockAttention
    : sinter::passes::impl::BlockAttentionBase<BlockAttention> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    for (auto entry : getOperation().getOps<EntryOp>())
      Blocking(entry, TargetFacts::of(entry)).run();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createBlockAttentionPass() {
  return std::make_unique<BlockAttention>();
}
