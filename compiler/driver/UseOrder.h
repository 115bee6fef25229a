//===- UseOrder.h - uses in the order of the text --------------*- C++ -*-===//
//
// Which use of a value or a block comes first is state that no text shows, and
// passes walk uses.  Put in order after each stage, they are the same whether a
// module was made by passes or read from a dump.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_USEORDER_H
#define SINTER_COMPILER_DRIVER_USEORDER_H

#include "mlir/IR/BuiltinOps.h"

namespace sinter::driver {

/// The last use in the text becomes the first, as where a parser adds each to
/// the front.
void orderUses(mlir::ModuleOp module);

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_USEORDER_H
