//===- Run.h - a kernel written as text, run on arrays ----------*- C++ -*-===//
//
// What every test of the interpreter does: parse a few ops, run them, look at
// the numbers.  A mistake in the text fails the test with the diagnostic.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_INTERPRET_RUN_H
#define SINTER_TESTS_INTERPRET_RUN_H

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <set>

namespace sinter::interpret {

class Interpret : public ::testing::Test {
protected:
  Interpret() {
    context.loadDialect<ir::SinterDialect>();
    context.printOpOnDiagnostic(false);
  }

  mlir::Type type(llvm::StringRef text) {
    return mlir::parseType(text, &context);
  }
  Array floats(llvm::StringRef tensorType, llvm::ArrayRef<double> numbers) {
    return Array::of(type(tensorType), numbers);
  }
  Array ints(llvm::StringRef tensorType, llvm::ArrayRef<int64_t> numbers) {
    return Array::ofInts(type(tensorType), numbers);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        text, mlir::ParserConfig(&context));
    EXPECT_TRUE(module) << text.str();
    return module;
  }

  /// Runs @f of a module.
  std::vector<Array> run(llvm::StringRef text, llvm::ArrayRef<Array> inputs,
                         Precision precision = Precision::Native) {
    auto module = parse(text);
    if (!module)
      return {};
    auto outputs = Interpreter(*module, precision).run("f", inputs);
    if (!outputs) {
      ADD_FAILURE() << llvm::toString(outputs.takeError());
      return {};
    }
    return *outputs;
  }

  /// Applies one op, given as in `sinter.add %0, %1 : tensor<2xf32>`, to
  /// operands %0, %1, …; `result` is its type.
  Array apply(llvm::StringRef op, llvm::StringRef result,
              llvm::ArrayRef<Array> operands,
              Precision precision = Precision::Native) {
    std::string text = "sinter.kernel @f(";
    llvm::raw_string_ostream out(text);
    for (auto [i, operand] : llvm::enumerate(operands))
      out << (i ? ", " : "") << "%"
          << "arg" << i << ": " << operand.type();
    std::string body = op.str();
    for (size_t i = 0; i < operands.size(); ++i)
      for (std::string from = "%" + std::to_string(i);;) {
        size_t place = body.find(from);
        if (place == std::string::npos)
          break;
        body.replace(place, from.size(), "%arg" + std::to_string(i));
      }
    out << ") -> " << result << " {\n  %y = " << body
        << "\n  sinter.return %y : " << result << "\n}\n";
    std::vector<Array> outputs = run(text, operands, precision);
    return outputs.empty() ? Array::zeros(type(result)) : outputs[0];
  }

  mlir::MLIRContext context;
};

} // namespace sinter::interpret

#endif // SINTER_TESTS_INTERPRET_RUN_H
