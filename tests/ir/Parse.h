//===- Parse.h - text to a module, or to what is wrong with it --*- C++ -*-===//

#ifndef SINTER_TESTS_IR_PARSE_H
#define SINTER_TESTS_IR_PARSE_H

#include "compiler/ir/Sinter.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace sinter::ir {

class Parse : public ::testing::Test {
protected:
  Parse() { context.loadDialect<SinterDialect>(); }

  /// Parses and verifies; `messages` holds what was said about it.
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    messages.clear();
    mlir::ScopedDiagnosticHandler handler(&context,
                                          [&](mlir::Diagnostic &diagnostic) {
                                            messages += diagnostic.str() + "\n";
                                          });
    return mlir::parseSourceString<mlir::ModuleOp>(
        text, mlir::ParserConfig(&context));
  }

  static std::string print(mlir::ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream);
    return text;
  }

  static std::string printGeneric(mlir::ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, mlir::OpPrintingFlags().printGenericOpForm());
    return text;
  }

  mlir::MLIRContext context;
  std::string messages;
};

} // namespace sinter::ir

#endif // SINTER_TESTS_IR_PARSE_H
