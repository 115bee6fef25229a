//===- Windows.h - how often a window fits ----------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_WINDOWS_H
#define SINTER_COMPILER_IR_WINDOWS_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// A window along one dimension.
struct Window {
  int64_t size, stride, dilation;
  /// From its first element to its last, both counted.
  int64_t reach() const { return (size - 1) * dilation + 1; }
};

/// The number of places of `window` along `extent` elements: ⌊(extent −
/// reach)/stride⌋ + 1.  It must fit at least once.
mlir::FailureOr<int64_t> countWindows(std::optional<mlir::Location> loc,
                                      llvm::StringRef op, int64_t dimension,
                                      int64_t extent, Window window);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_WINDOWS_H
