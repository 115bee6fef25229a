//===- Derivatives.h - a graph as text, differentiated and run --*- C++ -*-===//
//
// What every test of a derivative does: parse a module, run the `gradient`
// stage, evaluate @f (Evaluate.h), and compare with something that knows
// nothing of the rules: a closed form, an unrolled graph, central differences
// of the undifferentiated graph.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_RULES_DERIVATIVES_H
#define SINTER_TESTS_RULES_DERIVATIVES_H

#include "compiler/ir/Sinter.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/differentiate/Stage.h"
#include "tests/rules/Evaluate.h"
#include "gtest/gtest.h"
#include <map>
#include <random>
#include <set>

namespace sinter {

using interpret::Array;
using Numbers = std::vector<double>;

class Derivatives : public ::testing::Test {
protected:
  Derivatives() {
    context.loadDialect<ir::SinterDialect>();
    context.printOpOnDiagnostic(false);
  }

  mlir::Type type(llvm::StringRef text) {
    return mlir::parseType(text, &context);
  }
  Array array(llvm::StringRef tensorType, const Numbers &numbers) {
    return Array::of(type(tensorType), numbers);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        text, mlir::ParserConfig(&context));
    EXPECT_TRUE(module) << text.str();
    return module;
  }

  /// The module after the gradient stage.
  mlir::OwningOpRef<mlir::ModuleOp> expand(llvm::StringRef text) {
    auto module = parse(text);
    if (module) {
      mlir::PassManager manager(&context);
      passes::buildGradientStage(manager);
      EXPECT_TRUE(mlir::succeeded(manager.run(*module))) << text.str();
    }
    return module;
  }

  /// The first diagnostic of the gradient stage, which has to fail, as
  /// "line: message".
  std::string errorOf(llvm::StringRef text) {
    auto module = parse(text);
    std::string message;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          auto place =
              diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>();
          if (message.empty() && place)
            message = std::to_string(place.getLine()) + ": " + diagnostic.str();
          return mlir::success();
        });
    mlir::PassManager manager(&context);
    passes::buildGradientStage(manager);
    EXPECT_TRUE(mlir::failed(manager.run(*module)));
    return message;
  }

  std::vector<Array> evaluate(mlir::ModuleOp module,
                              llvm::ArrayRef<Array> inputs) {
    return evaluateEntry(module, inputs);
  }
  /// The outputs of @f after the gradient stage.
  std::vector<Array> run(llvm::StringRef text, llvm::ArrayRef<Array> inputs) {
    auto module = expand(text);
    return module ? evaluate(*module, inputs) : std::vector<Array>();
  }

  /// Random numbers from ±[0.3, 1.7), away from kinks at 0 and at integers.
  Array random(llvm::StringRef tensorType, unsigned seed) {
    Array result = Array::zeros(type(tensorType));
    std::mt19937 generator(seed);
    for (double &number : result.floats) {
      uint32_t word = generator();
      number = (word >> 8) * 0x1p-24 * 1.4 + 0.3;
      if (word & 1)
        number = -number;
    }
    return result;
  }

  unsigned countOps(mlir::ModuleOp module, llvm::StringRef name) {
    unsigned result = 0;
    module.walk([&](mlir::Operation *op) {
      result += op->getName().getStringRef() == name;
    });
    return result;
  }

  mlir::MLIRContext context;
};

inline double dot(const Array &a, const Array &b) {
  double sum = 0;
  for (size_t i = 0; i < a.floats.size(); ++i)
    sum += a.floats[i] * b.floats[i];
  return sum;
}
inline double norm(const Array &a) { return std::sqrt(dot(a, a)); }

/// |a − b| ≤ tolerance·max(|a|, |b|, floor), element by element.
inline void expectClose(const Numbers &have, const Numbers &want,
                        double tolerance = 1e-12, double floor = 1) {
  ASSERT_EQ(have.size(), want.size());
  for (size_t i = 0; i < have.size(); ++i)
    EXPECT_NEAR(have[i], want[i],
                tolerance *
                    std::max({std::abs(have[i]), std::abs(want[i]), floor}))
        << "element " << i;
}

} // namespace sinter

#endif // SINTER_TESTS_RULES_DERIVATIVES_H
