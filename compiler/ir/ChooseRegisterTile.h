//===- ChooseRegisterTile.h - sums that stay in registers -------*- C++ -*-===//
//
// The part of a contraction's tiling that registers and L1 decide.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_CHOOSEREGISTERTILE_H
#define SINTER_COMPILER_IR_CHOOSEREGISTERTILE_H

#include "compiler/ir/ContractionTiling.h"

namespace sinter::ir {

/// What a register tile has to keep to, and what it costs beside its products,
/// in multiply-adds of one vector.
struct TileLimits {
  int64_t registers, rowsInL1;
  int64_t leastVectors, mostVectors;
  /// A panel that is wider comes from L2 to every tile but the first.
  int64_t vectorsInL1;
  /// What the first row of tiles waits for one row of a panel.
  double rowOfPanel;
};

/// Vector registers of x86-64: 32 with AVX-512, else 16, of which products want
/// some before they are added, if they are not multiplied and added at once.
int64_t registerCount(const TargetFacts &target);

/// How many rows of A a tile can read side by side so that each cache line is
/// still in L1 when its next element is wanted.  Rows that are a multiple of a
/// way apart (4096 bytes, so that L1 can look lines up before their address is
/// translated) want the same set; a quarter of its ways is for B.
int64_t mostRowsInL1(const ContractionLoop &rows, int64_t elementBytes,
                     const TargetFacts &target);

/// Whether rows of B so many bytes apart fall on so few sets of L2 that the
/// first are gone when the last is read.
bool crowdsL2(int64_t distance, int64_t rows, const TargetFacts &target);

/// The register tile with the most multiply-adds per load among those that fit,
/// not larger than the matrix; wider before taller when equal.
void chooseRegisterTile(ContractionTiling &tiling,
                        llvm::ArrayRef<ContractionLoop> rowLoops, int64_t n,
                        const TileLimits &limits);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_CHOOSEREGISTERTILE_H
