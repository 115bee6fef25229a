//===- LargeConstants.h - bytes that stay out of a module's text -*- C++ -*-==//
//
// Between stages a module is printed and parsed.  Its resources (dense_resource
// attributes: frozen weights, large tables) would cost more there than all the
// rest, and parsing would rename and copy them, so they are taken out before
// and put back after.  What stands for them in the text are zeros.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_LARGECONSTANTS_H
#define SINTER_COMPILER_DRIVER_LARGECONSTANTS_H

#include "mlir/IR/BuiltinOps.h"

namespace sinter::driver {

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
