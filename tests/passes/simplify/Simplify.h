//===- Simplify.h - a rewrite, its shape and its meaning --------*- C++ -*-===//
//
// Every test of this folder rewrites a few ops and asks two things: whether the
// result has the form that was wanted, and whether the interpreter computes the
// same from it on random inputs with nan, infinities, ±0 and denormals among
// them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_SIMPLIFY_SIMPLIFY_H
#define SINTER_TESTS_PASSES_SIMPLIFY_SIMPLIFY_H

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/simplify/Stage.h"
#include "gtest/gtest.h"
#include <functional>

namespace sinter::passes {

class Simplify : public ::testing::Test {
protected:
  using Build = std::function<void(mlir::OpPassManager &)>;

  Simplify();

  /// Runs the passes on @f of the text (an entry's argument list, result type
  /// and body) and compares both meanings; the results must be bit-identical,
  /// or within `tolerance` (relative, in f64) if one is given.
  void rewrite(llvm::StringRef function, const Build &passes,
               double tolerance = 0);
  /// Fold, canonicalize, merge.
  void algebra(llvm::StringRef function);
  /// The whole stage.
  void stage(llvm::StringRef function, double tolerance = 0);

  /// How many ops of this kind (`sinter.add`) are in the result; bodies of
  /// scans count when `inside`.
  int count(llvm::StringRef name, bool inside = true);
  /// All ops of the entry but its return, as names without the prefix.
  std::string ops();
  /// The one op of this kind.
  template <typename Op> Op only() {
    Op found;
    int number = 0;
    module->walk([&](Op op) {
      found = op;
      ++number;
    });
    EXPECT_EQ(number, 1) << text();
    return found;
  }
  std::string text();

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Random numbers of any type, special ones among them where `special`.
interpret::Array randomArray(mlir::Type type, uint32_t seed, bool special);

} // namespace sinter::passes

#endif // SINTER_TESTS_PASSES_SIMPLIFY_SIMPLIFY_H
