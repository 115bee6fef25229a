//===- SortRow.h - the scratch of a sort ------------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_SORTROW_H
#define SINTER_COMPILER_IR_SORTROW_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// What an argsort sorts in, a row at a time: its keys and its places, each
/// twice, for a merge goes from one half to the other.  Keys are integers that
/// are ordered as the elements are.
struct SortRow {
  explicit SortRow(ArgSortOp op);
  int64_t extent;
  /// 32 or 64.
  unsigned keyBits;
  int64_t keyBytes() const { return 2 * extent * keyBits / 8; }
  int64_t placeBytes() const { return 2 * extent * 4; }
  /// From the keys to the places, and of both.
  int64_t placesOffset() const;
  int64_t bytes() const;
  /// Merges of runs of 1, 2, 4, … until one run is left.
  int64_t passes() const;
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SORTROW_H
