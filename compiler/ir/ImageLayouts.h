//===- ImageLayouts.h - how convolutions' images lie ------------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_IMAGELAYOUTS_H
#define SINTER_COMPILER_IR_IMAGELAYOUTS_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// Of an entry: an array of strings, each a convolution in it with the layout
/// that it computes in and why, or a value that is turned between layouts.
inline constexpr llvm::StringLiteral imageLayoutsAttr = "image_layouts";

/// Adds a line on a value: `kind 'name' type: text`.  Where no entry is around
/// it, there is no report.
void noteImageLayout(mlir::Operation *where, llvm::StringRef kind,
                     mlir::Value value, const llvm::Twine &text);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_IMAGELAYOUTS_H
