//===- SplitArgReductions.h - long searches in parts ------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_SPLITARGREDUCTIONS_H
#define SINTER_PASSES_FUSE_SPLITARGREDUCTIONS_H

#include "passes/fuse/SplitExtent.h"

namespace sinter::passes {

/// Whether it is an argmax or argmin of rows.
bool isSplittableSearch(mlir::Operation *op);

/// The place of the first extremum, found in each piece and then among the
/// pieces' extrema; the new result, which takes that of `op`.
mlir::Value splitSearch(mlir::Operation *op, SplitExtent split);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_SPLITARGREDUCTIONS_H
