//===- Array.h - the values the interpreter computes with -------*- C++ -*-===//
//
// A dense row-major tensor.  Floats of any width are held as doubles (an f32 or
// bf16 in native precision is a double that such a float can hold), integers of
// any width as int64_t: i8 … i64 sign-extended, u8 as 0 … 255, i1 as 0 or 1.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INTERPRET_ARRAY_H
#define SINTER_COMPILER_INTERPRET_ARRAY_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace sinter::interpret {

struct Array {
  llvm::SmallVector<int64_t> shape;
  mlir::Type elementType;
  /// One of the two holds the elements, the other is empty.
  std::vector<double> floats;
  std::vector<int64_t> ints;

  /// Zeros of a ranked, statically shaped tensor type.
  static Array zeros(mlir::Type tensorType);
  /// From numbers in row-major order, rounded or wrapped to the element type.
  static Array of(mlir::Type tensorType, llvm::ArrayRef<double> numbers);
  static Array ofInts(mlir::Type tensorType, llvm::ArrayRef<int64_t> numbers);
  /// From and to the bytes of the C interface: row-major, u8 and i1 one byte.
  static llvm::Expected<Array> fromBytes(mlir::Type tensorType,
                                         llvm::ArrayRef<char> bytes);
  std::vector<char> toBytes() const;
  /// From and to the constants of the IR.  Nan payloads are kept both ways.
  static llvm::Expected<Array> fromElements(mlir::ElementsAttr elements);
  mlir::DenseElementsAttr toElements() const;

  bool isFloat() const { return mlir::isa<mlir::FloatType>(elementType); }
  int64_t size() const { return isFloat() ? floats.size() : ints.size(); }
  mlir::RankedTensorType type() const;
  /// Element `i` as a double, whatever the type.
  double number(int64_t i) const {
    return isFloat() ? floats[i] : static_cast<double>(ints[i]);
  }
};

/// Whether type, shape and elements agree bit for bit, any nan being equal to
/// any other; −0 differs from 0.
bool identical(const Array &a, const Array &b);

/// The bf16 that is nearest, of two the even one; beyond the largest infinity.
double nearestBf16(double value);

/// The integer of this type that is equal modulo 2^width; for i1, the low bit.
int64_t wrap(int64_t value, mlir::Type elementType);

/// The least and the greatest value of an integer type.
int64_t minimum(mlir::Type elementType);
int64_t maximum(mlir::Type elementType);

} // namespace sinter::interpret

#endif // SINTER_COMPILER_INTERPRET_ARRAY_H
