//===- IndexMath.h - index arithmetic and loops over it ---------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_INDEXMATH_H
#define SINTER_PASSES_LOWER_CONTRACTION_INDEXMATH_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace sinter::passes {

/// Index arithmetic that folds constants as it goes.
class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, constant(b)); }
  mlir::Value multiply(mlir::Value a, int64_t factor);
  /// from + i·stride
  mlir::Value step(mlir::Value from, mlir::Value i, int64_t stride) {
    return add(from, multiply(i, stride));
  }
  mlir::Value subtract(int64_t a, mlir::Value b) {
    return subtract(constant(a), b);
  }
  mlir::Value subtract(mlir::Value a, mlir::Value b);
  mlir::Value least(mlir::Value a, int64_t b);
  mlir::Value most(mlir::Value a, int64_t b);
  /// Quotient and remainder of what is not negative.
  std::pair<mlir::Value, mlir::Value> divide(mlir::Value a, int64_t divisor);
  /// Emits body(i) for i = 0, step, … below `end`; without a loop if that is
  /// known to be once or never.
  void loop(mlir::Value end, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  void loop(int64_t end, int64_t step,
            llvm::function_ref<void(mlir::Value)> body) {
    loop(constant(end), step, body);
  }
  /// Emits the body for the last of `count` numbers.
  void ifLast(mlir::Value number, int64_t count,
              llvm::function_ref<void()> body);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_INDEXMATH_H
