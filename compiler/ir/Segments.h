//===- Segments.h - one formula for several sets of arguments ---*- C++ -*-===//
//
// A kernel may compute a formula several times, each time, as a segment of it,
// from arguments of its own and from some that all share.  Its arguments are
// those of segment 0, of segment 1, …, then the shared ones; its results
// likewise, none shared; its body is the formulas one after the other.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_SEGMENTS_H
#define SINTER_COMPILER_IR_SEGMENTS_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

struct Segments {
  /// How many; of each, so many arguments and results.
  int64_t count = 1, arguments = 0, results = 0;

  /// By the kernel's schedule; one of everything if that has no segments.
  static Segments of(KernelOp kernel);
  void addTo(mlir::NamedAttrList &schedule, mlir::MLIRContext *context) const;

  bool isShared(unsigned argument) const {
    return static_cast<int64_t>(argument) >= count * arguments;
  }
  /// The argument that is to another segment what `argument` is to segment 0.
  unsigned ofSegment(int64_t segment, unsigned argument) const {
    return isShared(argument)
               ? argument
               : static_cast<unsigned>(segment * arguments) + argument;
  }
};

/// The ops of the first segment, if those of the others are the same on their
/// own arguments, op by op; none if not.
llvm::SmallVector<mlir::Operation *> getCommonFormula(KernelOp kernel,
                                                      const Segments &segments);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SEGMENTS_H
