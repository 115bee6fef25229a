//===- SortRow.h - the scratch of a sort ------------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_SORTROW_H
#define SINTER_COMPILER_IR_SORTROW_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// On an argsort of which only the front of each row is read: so many places.
/// What the others hold is left open.
inline constexpr llvm::StringLiteral placesReadAttr = "places_read";

/// What an argsort sorts in, a row at a time: its keys and its places, each
/// twice, for a merge goes from one half to the other.  Keys are integers that
/// are ordered as the elements are.
struct SortRow {
  explicit SortRow(ArgSortOp op);
  int64_t extent;
  /// How many places from the front are read.
  int64_t read;
  /// 32 or 64.
  unsigned keyBits;
  int64_t keyBytes() const { return 2 * extent * keyBits / 8; }
  int64_t placeBytes() const { return 2 * extent * 4; }
  /// From the keys to the places, and of both.
  int64_t placesOffset() const;
  int64_t bytes() const;
  /// Whether those are so few that they are found in one walk along the row,
  /// each element that is among them moved to its place at once.
  bool isSelected() const {
    return read > 0 && read <= 64 && 4 * read <= extent;
  }
  /// Merges of runs of 1, 2, 4, … until one run is left.
  int64_t passes() const;
};

/// An error where the places read are no number of places, or fewer than what
/// can be seen to be read: a dump may have been edited.
mlir::LogicalResult verifyPlacesRead(ArgSortOp op);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SORTROW_H
