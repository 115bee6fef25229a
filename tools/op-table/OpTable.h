//===- OpTable.h - op × type × derivative, interpreter, code ----*- C++ -*-===//

#ifndef SINTER_TOOLS_OP_TABLE_OPTABLE_H
#define SINTER_TOOLS_OP_TABLE_OPTABLE_H

#include "mlir/IR/OperationSupport.h"
#include "llvm/Support/Error.h"
#include <string>

namespace sinter {

/// The table in Markdown: one row for each registered op that computes a value,
/// each entry found by trying.  An error if there is an op that no sample is
/// known of.
llvm::Expected<std::string> makeOpTable();

/// Whether the op is allowed on this element type ("i64"), by its sample.
bool allowsElements(mlir::MLIRContext &context,
                    mlir::RegisteredOperationName name, llvm::StringRef type);

/// `text` with what stands between the table's two markers replaced; an error
/// if the markers are missing.
llvm::Expected<std::string> replaceOpTable(llvm::StringRef text,
                                           llvm::StringRef table);

} // namespace sinter

#endif // SINTER_TOOLS_OP_TABLE_OPTABLE_H
