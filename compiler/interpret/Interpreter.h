//===- Interpreter.h - the reference interpreter ----------------*- C++ -*-===//
//
// What the dialect means, as plain loops: slow, obviously right, and the thing
// compiled code is compared with.  It runs modules from `gradient` to `fused`
// (values, scans, calls of kernels), in one of two precisions:
//
//   Native  every op's result is rounded to its type, f32 sums are f32 sums in
//           row-major order: what unvectorized code gives, but for the last
//           bit of transcendental functions, which are those of C in double
//           rounded once.  A bf16 result is that of the op on f32, rounded.
//   F64     floats of every type are kept and computed in double: the formula.
//
// Integer arithmetic, wrapping, saturation, nan and tie rules are the same in
// both, as the ops' descriptions say.  Errors name the place of the op.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INTERPRET_INTERPRETER_H
#define SINTER_COMPILER_INTERPRET_INTERPRETER_H

#include "compiler/interpret/Array.h"
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>

namespace sinter::interpret {

enum class Precision { Native, F64 };

/// Variable names to values.
using State = std::map<std::string, Array>;

class Interpreter {
public:
  /// Makes the state of the module's variables: all zeros, as before `init`.
  explicit Interpreter(mlir::ModuleOp module,
                       Precision precision = Precision::Native);

  /// Runs the entry or kernel of this name.  An entry reads the state as it was
  /// at the beginning and writes it at the end; after an error it is unchanged.
  llvm::Expected<std::vector<Array>> run(llvm::StringRef name,
                                         llvm::ArrayRef<Array> inputs);
  State &state() { return variables; }

private:
  mlir::ModuleOp module;
  Precision precision;
  State variables;
};

/// Evaluates one op that has a single result and no region.
llvm::Expected<Array> evaluate(mlir::Operation *op,
                               llvm::ArrayRef<Array> operands,
                               Precision precision = Precision::Native);

/// Evaluates a pointwise op on one element of each operand, given as scalars.
Array evaluateElement(mlir::Operation *op, llvm::ArrayRef<Array> elements,
                      Precision precision = Precision::Native);

/// Whether `evaluate` knows ops of this name.
bool canEvaluate(llvm::StringRef opName);

} // namespace sinter::interpret

#endif // SINTER_COMPILER_INTERPRET_INTERPRETER_H
