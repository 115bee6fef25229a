//===- LargeConstants.h - bytes that stay out of a module's text -*- C++ -*-==//
//
// Between stages a module is printed and parsed.  Its resources (dense_resource
// attributes: frozen weights, large tables) would cost more there than all the
// rest, and parsing would rename and copy them, so they are taken out before
// and put back after.  What stands for them in the text are zeros.
//
// Nothing after the parser asks whether a resource's bytes are those of its
// type: of files that is verified here, once.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_LARGECONSTANTS_H
#define SINTER_COMPILER_DRIVER_LARGECONSTANTS_H

#include "mlir/IR/BuiltinOps.h"

namespace sinter::driver {

/// Whether each resource is there and has the bytes that its type and, in a
/// global, the global's type say; an error at the op that names it.
llvm::LogicalResult verifyResources(mlir::ModuleOp module);

class LargeConstants {
public:
  /// Takes the resources out of a module.
  explicit LargeConstants(mlir::ModuleOp module);
  /// Puts them back, into that module or what was parsed from its text.
  void restore(mlir::ModuleOp module);

  bool empty() const { return constants.empty(); }

private:
  llvm::SmallVector<mlir::Attribute> constants;
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_LARGECONSTANTS_H
