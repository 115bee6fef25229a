//===- ChooseContractionTiling.cpp - the tiling that suits a machine ------===//
//
// A small model of the machine, beside that of the registers in
// ChooseRegisterTile.cpp:
//
// * Caches: a block of `blockRows` rows of A stays in half of L2 while the
//   panels of B pass by it, each of which stays in L1 or L2 during a block.
// * Where the columns of B are a few short rows that fill a vector each well,
//   as those of a kernel's gradient are, a vector takes one such row.
// * Where there are but few columns, a vector takes several steps of K for
//   each: one load of A serves as many multiply-adds as a vector has lanes.
// * Long sums: where a panel of all of K would fill much of L2, or the columns
//   of a transposed A crowd few of its sets, a block is passed several times,
//   each time with `blockDepth` steps of K, and its sums wait in memory in
//   between.
// * Packing pays when B is walked often (M) and its rows are so long (N) that
//   walking them breaks the TLB and the prefetcher.  Where half of L2 has room
//   for all rows of A, the first tile of a block packs beside its products;
//   else packing costs one pass over B.
// * Rows of B that crowd few sets of L2 are walked in wider tiles, or, for one
//   row of A, as wide as they are, a few at a time.
// * Threads: many products are shared out as they are; else the blocks of C,
//   of `blockRows` × `blockColumns`, are, as square as they can be, for each
//   reads its rows of A and its columns of B.
// * Epilogues that wait for the divider do so while the next tile is
//   multiplied; other long ones are code for one row of a tile.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ChooseRegisterTile.h"
#include "compiler/ir/ContractionTiling.h"
#include "compiler/ir/MathFunctions.h"
#include "compiler/ir/Panels.h"
#include "compiler/ir/ScheduleUses.h"
#include "compiler/ir/TaskCost.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace sinter::ir;

/// Vectors that take several steps of K for each of a few columns.
static void chooseSteps(ContractionTiling &tiling, DotGeneralOp op,
                        const ContractionForm &form, int64_t lanes) {
  // B has to be packed for it, and each result's chains to be added up.  How
  // many rows there are decides nothing: a row's bits stay what they are.
  constexpr int64_t fewestSteps = 2;
  ContractionTiling several = tiling;
  several.columns =
      static_cast<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(form.n, 1)));
  if (several.columns > lanes / 2 || Panels::of(op, form))
    return;
  several.lanes = lanes;
  several.steps = lanes / several.columns;
  several.vectors = 1;
  several.packRhs = true;
  if (form.k >= fewestSteps * several.steps && several.canTakeSteps(form))
    tiling = several;
}

/// How many rows of B one row of A is multiplied with while its sums are in
/// registers, if it walks B by rows.
static constexpr int64_t rowsAtOnce = 12;

/// Whether B is read in the order in which it lies, for one row of results,
/// whose sums can wait: lines of rows that crowd few sets of L2 are gone before
/// the panel beside wants what was read with them.
static bool walksRows(const ContractionTiling &tiling,
                      const ContractionForm &form, int64_t bytes,
                      const TargetFacts &target) {
  if (form.m != 1 || tiling.packRhs || form.rhsN.stride() != 1 ||
      form.n <= tiling.width())
    return false;
  SmallVector<ContractionLoop> loops = form.depthLoops(tiling.packLhs, 0);
  return loops.size() == 1 && !loops[0].bounded &&
         loops[0].extent > rowsAtOnce &&
         crowdsL2(loops[0].rhs * bytes, loops[0].extent, target);
}

/// The panel of B that the tiles of a block read one after the other is to stay
/// near them.
static void chooseDepth(ContractionTiling &tiling, const ContractionForm &form,
                        int64_t bytes, const TargetFacts &target) {
  // No power of two: rows of a packed A would lie in the same sets of the
  // caches.
  constexpr int64_t fewestTiles = 4, deepest = 528;
  int64_t width = tiling.width();
  if (tiling.columns != tiling.lanes)
    return;
  if (walksRows(tiling, form, bytes, target)) {
    tiling.blockDepth = rowsAtOnce;
    return;
  }
  SmallVector<ContractionLoop> loops =
      form.depthLoops(tiling.packLhs, tiling.packRhs ? width : 0);
  // Columns of A that are whole pages apart leave L2 before the tiles beside
  // want what was read with them.
  constexpr int64_t pageBytes = 4096;
  int64_t apart = loops.front().lhs * bytes;
  bool isCrowded =
      apart % pageBytes == 0 && crowdsL2(apart, loops.front().extent, target);
  if ((!isCrowded && form.k * width * bytes <= target.l2Bytes / 4) ||
      form.m < fewestTiles * tiling.rows ||
      llvm::any_of(loops, [](auto &loop) { return loop.bounded; }))
    return;
  // One loop's passes are whole groups of unrolled steps.
  int64_t extent = loops.front().extent, below = form.k / extent;
  int64_t grain = loops.size() == 1 ? tiling.unroll : 1;
  int64_t steps = std::max(deepest / below / grain, int64_t(1)) * grain;
  if (steps < extent)
    tiling.blockDepth = steps;
}

/// Blocks of C, about as many as tasks: the grid whose blocks have the least to
/// read, counting what uneven blocks make others wait.  A packed block of A is
/// packed once a column of blocks, so there is one column then.
static void chooseBlocks(ContractionTiling &tiling,
                         const ContractionForm &form) {
  int64_t width = tiling.width();
  int64_t rowTiles = llvm::divideCeil(form.m, tiling.rows);
  int64_t panels = llvm::divideCeil(form.n, width);
  int64_t most = tiling.packLhs ? 1 : std::min(tiling.tasks, panels);
  // What a block packs of B for itself takes so much longer than to read it.
  constexpr double packed = 5;
  double best = std::numeric_limits<double>::infinity();
  int64_t blockRows = tiling.blockRows, blockColumns = tiling.blockColumns;
  for (int64_t columns = 1; columns <= most; ++columns) {
    int64_t rows =
        std::min(rowTiles,
                 static_cast<int64_t>(llvm::divideCeil(tiling.tasks, columns)));
    int64_t height = std::min(
        tiling.blockRows,
        static_cast<int64_t>(llvm::divideCeil(rowTiles, rows)) * tiling.rows);
    int64_t breadth =
        static_cast<int64_t>(llvm::divideCeil(panels, columns)) * width;
    int64_t blocks =
        llvm::divideCeil(form.m, height) * llvm::divideCeil(form.n, breadth);
    double area = static_cast<double>(height) * breadth;
    // Elements read for an element of C, times what is waited for.
    double cost = (height + (tiling.packBeside ? packed : 1) * breadth) / area *
                  (area * blocks / (static_cast<double>(form.m) * form.n));
    if (cost >= best)
      continue;
    best = cost;
    blockRows = height;
    blockColumns = breadth;
  }
  tiling.blockRows = blockRows;
  tiling.blockColumns = blockColumns;
  int64_t blocks = llvm::divideCeil(form.m, blockRows) *
                   llvm::divideCeil(form.n, blockColumns);
  tiling.tasks = std::min(tiling.tasks, blocks);
}

/// Whether vectors are to take short rows of B, all of them in one tile.
static bool readsShortRows(const ContractionForm &form,
                           const TargetFacts &target, int64_t lanes) {
  constexpr int64_t mostRows = 8;
  auto rows = form.shortRows();
  if (!rows || rows->columns > lanes || form.n > mostRows * rows->columns)
    return false;
  // What is left of a vector is masked, and wasted.
  bool masks = target.vectorBits >= 512 && 4 * rows->columns >= 3 * lanes;
  return masks || rows->columns == lanes;
}

/// The ops of the kernel that follow the sums.
static SmallVector<Operation *> opsBehind(DotGeneralOp dot) {
  SmallVector<Operation *> ops;
  llvm::SmallPtrSet<Operation *, 16> behind{dot};
  for (Operation &op : dot->getBlock()->without_terminator())
    if (llvm::any_of(op.getOperands(), [&](Value operand) {
          return behind.contains(operand.getDefiningOp());
        })) {
      behind.insert(&op);
      ops.push_back(&op);
    }
  return ops;
}

/// Whether what follows the sums waits for the divider, which is beside the
/// units that multiply.
static bool divides(DotGeneralOp dot) {
  return llvm::any_of(opsBehind(dot), [](Operation *op) {
    return isa<DivOp, SqrtOp, RsqrtOp>(op);
  });
}

/// Whether what follows the sums of a tile is so much code, written out for
/// each of its vectors, that a loop over its rows is better: a processor would
/// wait for the code, and all of it is compiled and deployed.
static bool isLongEpilogue(const ContractionTiling &tiling, DotGeneralOp dot) {
  constexpr int64_t ofFunction = 16, longest = 128; // instructions
  int64_t ofVector = 0;
  for (Operation *op : opsBehind(dot))
    ofVector += isMathFunction(op) ? ofFunction : 1;
  return tiling.rows > 1 && tiling.rows * tiling.vectors * ofVector > longest;
}

/// How many rows of another tile may be finished beside the steps over K, if
/// that is one loop.
static int64_t rowsBeside(const ContractionTiling &tiling,
                          const ContractionForm &form) {
  if (form.lhsK.extents.empty())
    return 0;
  // Of a packed B any width makes the same loops.
  SmallVector<ContractionLoop> loops =
      form.depthLoops(tiling.packLhs, tiling.lanes);
  return loops.size() == 1 && !loops[0].bounded
             ? loops[0].extent / tiling.stepsBesideRow()
             : 0;
}

ContractionTiling ContractionTiling::choose(DotGeneralOp op,
                                            const TargetFacts &target) {
  ContractionForm form = ContractionForm::of(op);
  Type element = getElementTypeOrSelf(op.getType());
  int64_t bytes = getStorageType(element).getIntOrFloatBitWidth() / 8;
  ContractionTiling tiling{};
  tiling.steps = 1;
  // Half a vector that is full beats a whole one that is half empty.
  constexpr int64_t shortestBits = 128;
  tiling.lanes = target.lanes(bytes * 8);
  while (form.n <= tiling.lanes / 2 &&
         tiling.lanes / 2 * bytes * 8 >= shortestBits)
    tiling.lanes /= 2;
  tiling.unroll = 4;
  // Rows that do not follow one another, as those of a panel never do, crowd
  // few sets of the caches.  Copied, they are read in a run; so many columns
  // and rows on the other side were measured to pay for the copy.
  constexpr int64_t manyColumns = 128, veryManyRows = 256;
  bool lhsApart = form.lhsK.stride() == 1 && form.lhsM.stride() &&
                  *form.lhsM.stride() > form.k;
  tiling.packLhs = !form.lhs || (lhsApart && form.n >= manyColumns);
  SmallVector<ContractionLoop> rowLoops = form.rowLoops(tiling.packLhs);
  bool inShortRows = readsShortRows(form, target, tiling.lanes);
  tiling.columns = inShortRows ? form.shortRows()->columns : tiling.lanes;
  if (!inShortRows)
    chooseSteps(tiling, op, form, target.lanes(bytes * 8));
  constexpr int64_t widest = 8;
  TileLimits limits{
      .registers = registerCount(target),
      .rowsInL1 = mostRowsInL1(rowLoops.back(), bytes, target),
      .leastVectors = 1,
      .mostVectors = widest,
      .vectorsInL1 =
          inShortRows ? widest
                      : target.l1Bytes * 3 / 4 /
                            std::max<int64_t>(form.k * tiling.lanes * bytes, 1),
      .rowOfPanel = 0};
  auto chooseTile = [&] {
    chooseRegisterTile(tiling, rowLoops,
                       llvm::divideCeil(form.n, tiling.columns) * tiling.lanes,
                       limits);
  };
  if (auto panels = Panels::of(op, form))
    limits.leastVectors = limits.mostVectors = panels->width / tiling.lanes;
  else if (form.rhs && form.rhsK.stride() &&
           crowdsL2(*form.rhsK.stride() * bytes, form.k, target))
    limits.rowOfPanel = 8;
  chooseTile();
  if (divides(op) && tiling.columns == tiling.lanes) {
    // Where a large part of the steps has an epilogue beside, what that
    // computes with needs registers too; of few, it gets by with memory.  Wider
    // rows than these would keep the divider longer than a step takes.
    constexpr int64_t fewSteps = 4, many = 32, forEpilogue = 4, inOneStep = 2;
    int64_t rows = rowsBeside(tiling, form);
    if (rows >= tiling.rows && rows < fewSteps * tiling.rows) {
      if (limits.registers >= many)
        limits.registers -= forEpilogue;
      // Panels are as wide as they are.
      limits.mostVectors = std::max(limits.leastVectors,
                                    std::min(limits.mostVectors, inOneStep));
      chooseTile();
    }
    tiling.defersEpilogue = rows >= tiling.rows && form.m >= 2 * tiling.rows;
  }
  // Beside so many multiply-adds a loop's end is free, every other time.  But
  // where A is read down its columns, from row to row, the processor fetches
  // further ahead the more rows each load of the loop goes on by.
  constexpr int64_t manyProducts = 16;
  SmallVector<ContractionLoop> depth =
      form.depthLoops(tiling.packLhs, tiling.lanes);
  if (tiling.rows * tiling.vectors >= manyProducts && !depth.empty() &&
      depth.back().lhs == 1)
    tiling.unroll = 2;

  bool rowsOfRhs =
      form.rhsN.stride() && (*form.rhsN.stride() == 1 || form.n == 1);
  bool rhsApart = form.rhsK.stride() && *form.rhsK.stride() > tiling.width();
  bool rowsAreRead =
      !inShortRows && !tiling.packsSteps() && form.rhs && rowsOfRhs;
  // Of long rows, each on pages of its own, fewer walks do.
  constexpr int64_t longRow = 256, manyRows = 32;
  bool walkedOften = (form.n > longRow && form.m > manyRows) ||
                     (rhsApart && form.m >= veryManyRows);
  tiling.packRhs = !inShortRows && (!rowsAreRead || walkedOften);

  chooseDepth(tiling, form, bytes, target);
  // What is stored after the last pass has no multiply-adds beside it.
  tiling.defersEpilogue &= tiling.blockDepth == 0;
  int64_t rowBytes = std::max<int64_t>(tiling.passDepth(form) * bytes, 1);
  int64_t block = target.l2Bytes / 2 / rowBytes / tiling.rows * tiling.rows;
  // All rows are one block, with what is left of a tile.
  tiling.blockRows = std::clamp<int64_t>(
      block, tiling.rows,
      llvm::alignTo(std::max<int64_t>(form.m, 1), tiling.rows));
  // If a block may have all the rows, its first tile packs for the others.
  constexpr int64_t severalTiles = 4, crowdedTiles = 2;
  int64_t rowTiles = llvm::divideCeil(form.m, tiling.rows);
  bool isCrowded = limits.rowOfPanel > 0;
  if (rowsAreRead && rhsApart && form.m <= block &&
      (isCrowded ? rowTiles >= crowdedTiles
                 : walkedOften && rowTiles >= severalTiles) &&
      tiling.canPackBeside(form)) {
    tiling.packBeside = true;
    tiling.packRhs = false;
  }
  tiling.blockColumns =
      llvm::alignTo(std::max<int64_t>(form.n, 1), tiling.width());
  TaskCost cost(op);
  bool isEmpty = form.batch == 0 || form.m == 0 || form.n == 0;
  tiling.tasks = isEmpty ? 1
                         : cost.tasks(cost.ofProducts(form.products(), form.m,
                                                      form.n, form.k, bytes));
  int64_t products = std::min(tiling.tasks, form.products());
  ContractionTiling whole = tiling;
  whole.tasks = products;
  bool isCut = form.segments > 1 ? products < tiling.tasks
                                 : 2 * form.products() < tiling.tasks;
  if (products > 1 && !isCut && whole.sharesProducts(form)) {
    tiling = whole;
  } else if (tiling.tasks > 1) {
    // The blocks of all products are shared in one go, unless each product
    // packs its B ahead.
    int64_t together =
        form.segments > 1 && !tiling.packsAhead(op) ? form.products() : 1;
    ContractionTiling blocks = tiling;
    blocks.tasks = tiling.tasks < together
                       ? tiling.tasks / std::gcd(tiling.tasks, together)
                       : llvm::divideCeil(tiling.tasks, together);
    // Each task might want a panel at the same time, and scratch has them all.
    constexpr int64_t mostPanels = 16;
    if (tiling.packBeside)
      blocks.tasks =
          std::clamp<int64_t>(mostPanels / together, 1, blocks.tasks);
    // Blocks that are passed several times want several tiles each, for each
    // reads its rows and columns of all of K.
    constexpr int64_t mostPassed = 16, tilesOfBlock = 2;
    if (tiling.blockDepth > 0) {
      int64_t tiles = llvm::divideCeil(form.m, tiling.rows) *
                      llvm::divideCeil(form.n, tiling.width());
      blocks.tasks = std::clamp<int64_t>(tiles / tilesOfBlock, 1,
                                         std::min(blocks.tasks, mostPassed));
    }
    chooseBlocks(blocks, form);
    bool severalBlocks = blocks.tasks > 1;
    blocks.tasks = std::min(blocks.tasks * together, tiling.tasks);
    // A product that is too small to be cut is shared out as it is.
    if (together > 1 ? severalBlocks : blocks.tasks > products)
      tiling = blocks;
    else
      tiling.tasks = products;
  }
  // The sums of a block wait near the cores; one row's are soon wanted again.
  if (tiling.blockDepth > 0) {
    int64_t near = form.m == 1 ? target.l1Bytes / 3 : target.l2Bytes;
    int64_t most = near / (tiling.blockRows * bytes);
    tiling.blockColumns =
        std::min(tiling.blockColumns,
                 std::max(most / tiling.width(), int64_t(1)) * tiling.width());
  }
  tiling.defersEpilogue &= canDeferEpilogue(tiling, form);
  tiling.loopsEpilogue = canLoopEpilogue(tiling) && isLongEpilogue(tiling, op);
  tiling.scratchBytes = tiling.neededScratch(op);
  return tiling;
}
