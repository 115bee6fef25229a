//===- ChooseRegisterTile.cpp - sums that stay in registers ---------------===//
//
// `rows` × `vectors` accumulators, `vectors` of B and one of A must fit; among
// those, the tile with the most multiply-adds per load.  Rows of A that fall
// into the same set of L1 must all find room there.  A panel that L1 does not
// hold costs its tiles what comes from L2, and one whose rows crowd few sets of
// L2 is better wide.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ChooseRegisterTile.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace sinter::ir;

int64_t sinter::ir::registerCount(const TargetFacts &target) {
  constexpr int64_t forProducts = 3;
  if (target.vectorBits >= 512)
    return 32;
  return target.fma ? 16 : 16 - forProducts;
}

int64_t sinter::ir::mostRowsInL1(const ContractionLoop &rows,
                                 int64_t elementBytes,
                                 const TargetFacts &target) {
  constexpr int64_t wayBytes = 4096;
  int64_t distance = std::abs(rows.lhs) * elementBytes;
  if (distance == 0)
    return std::numeric_limits<int64_t>::max();
  int64_t ways = std::max<int64_t>(target.l1Bytes / wayBytes, 1);
  int64_t places = wayBytes / std::gcd(distance, wayBytes);
  return std::max<int64_t>(ways * 3 / 4, 1) * places;
}

bool sinter::ir::crowdsL2(int64_t distance, int64_t rows,
                          const TargetFacts &target) {
  constexpr int64_t ways = 16;
  int64_t wayBytes = std::max<int64_t>(target.l2Bytes / ways, 1);
  return distance != 0 &&
         rows >= ways * wayBytes / std::gcd(distance, wayBytes);
}

void sinter::ir::chooseRegisterTile(ContractionTiling &tiling,
                                    ArrayRef<ContractionLoop> rowLoops,
                                    int64_t n, const TileLimits &limits) {
  constexpr int64_t tallest = 15;
  // What a vector that L1 does not hold takes.
  constexpr double fromL2 = 7;
  // The tile of the rows that are left is code of its own, which is not in the
  // caches when it is wanted.
  constexpr double ofSecondTile = 1.01;
  int64_t mostRows = std::min(tallest, limits.rowsInL1);
  int64_t usefulVectors = std::max<int64_t>(
      1, std::min(limits.mostVectors,
                  static_cast<int64_t>(llvm::divideCeil(n, tiling.lanes))));
  int64_t m = 1;
  for (const ContractionLoop &loop : rowLoops)
    m *= std::max<int64_t>(loop.extent, 1);
  int64_t usefulRows = std::min(mostRows, m);
  int64_t least = std::clamp<int64_t>(limits.leastVectors, 1, usefulVectors);
  tiling.rows = 1;
  tiling.vectors = least;
  double best = -1;
  for (int64_t v = least; v <= usefulVectors; ++v)
    for (int64_t r = 1; r <= usefulRows; ++r) {
      // The accumulators, a row of B, one broadcast of A.
      if (r * v + v + 1 > limits.registers)
        continue;
      auto split = ContractionTiling::splitRows(r, rowLoops);
      if (!split)
        continue;
      // What the tails of M and N waste counts too.
      double padded = static_cast<double>(
          llvm::alignTo(std::max<int64_t>(n, 1), v * tiling.lanes));
      int64_t last = std::max<int64_t>(rowLoops.back().extent, 1);
      int64_t tiles = llvm::divideCeil(last, split->second) * (m / last);
      int64_t around =
          split->first > 1 ? rowLoops.drop_back().back().extent : 1;
      if (split->first > 1)
        tiles = llvm::divideCeil(around, split->first) * (m / last / around);
      double perTile = std::max<double>(r * v, 1.5 * (r + v));
      if (tiles > 1 && v > limits.vectorsInL1)
        perTile = std::max(perTile, fromL2 * v);
      double cost = (tiles * (perTile + 1.0) + limits.rowOfPanel) * padded /
                    (v * tiling.lanes);
      bool hasRest = split->first > 1 ? around % split->first != 0
                                      : last % split->second != 0;
      if (hasRest)
        cost *= ofSecondTile;
      double score = 1.0 / cost;
      if (score > best * 1.0001) {
        best = score;
        tiling.rows = r;
        tiling.vectors = v;
      }
    }
}
