//===- tensor.h - values of a model, their types and shapes -----*- C++ -*-===//
//
// A `Tensor` is a small handle on a value of the graph under construction; an
// op of ops.h takes tensors and returns a new one.  No number is computed here:
// the model is a program that writes a graph.
//
// Mistakes never stop the model's program.  An op that cannot be built reports
// an error at its caller's line and returns a *poison* tensor; ops on poison
// are silently poison again, so that all mistakes of a model show in one run.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TENSOR_H
#define SINTER_TENSOR_H

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <vector>

namespace sinter {

/// Where in the user's source something was asked for.  Every op takes one as
/// its last, defaulted argument.
using Place = std::source_location;

/// Element types.  Signed integers wrap; i1 is a truth value.  bf16 is a type
/// of storage: an op on it computes in f32, sums included, and rounds its
/// result to the nearest bf16, ties to even.
enum class DType : uint8_t { f64, f32, bf16, i64, i32, i8, u8, i1 };
inline constexpr DType f64 = DType::f64;
inline constexpr DType f32 = DType::f32;
inline constexpr DType bf16 = DType::bf16;
inline constexpr DType i64 = DType::i64;
inline constexpr DType i32 = DType::i32;
inline constexpr DType i8 = DType::i8;
inline constexpr DType u8 = DType::u8;
inline constexpr DType i1 = DType::i1;

/// "f32", "u8", …
const char *to_string(DType dtype);
bool is_float(DType dtype);

/// A number of samples; as an extent of an input it marks the batch axis.
struct Batch {
  int64_t size;
  constexpr operator int64_t() const { return size; }
};

/// The extent of one dimension.
struct Extent {
  template <std::integral T>
  constexpr Extent(T n) : size(static_cast<int64_t>(n)) {}
  constexpr Extent(Batch b) : size(b.size), is_batch(true) {}
  int64_t size;
  bool is_batch = false;
  bool is_fixed = false;
};
/// An extent that counts samples, for an input of an entry.
constexpr Extent batch_axis(int64_t n) { return Extent(Batch{n}); }
/// An extent that does not count samples though it equals the batch size.
constexpr Extent fixed(int64_t n) {
  Extent result(n);
  result.is_fixed = true;
  return result;
}

/// Extents from the outermost (slowest) dimension to the innermost; {} is a
/// scalar.
class Shape {
public:
  Shape() = default;
  Shape(std::initializer_list<Extent> extents) : extents_(extents) {}
  Shape(const std::vector<int64_t> &sizes)
      : extents_(sizes.begin(), sizes.end()) {}
  const std::vector<Extent> &extents() const { return extents_; }
  std::vector<int64_t> sizes() const;

private:
  std::vector<Extent> extents_;
};

/// Some dimensions of a tensor; negative ones count from the last (-1).
class Dims {
public:
  /// All dimensions.
  Dims() : all_(true) {}
  template <std::integral T> Dims(T dim) : dims_{static_cast<int64_t>(dim)} {}
  Dims(std::initializer_list<int64_t> dims) : dims_(dims) {}
  Dims(std::vector<int64_t> dims) : dims_(std::move(dims)) {}
  bool all() const { return all_; }
  const std::vector<int64_t> &values() const { return dims_; }

private:
  std::vector<int64_t> dims_;
  bool all_ = false;
};

namespace detail {
struct Node;
struct VariableRecord;
struct Access;
} // namespace detail

class Variable;

/// A value of the graph: statically shaped, dense.  Copies are the same value.
class Tensor {
public:
  /// Empty: using it in an op is an error.
  Tensor() = default;
  /// The variable's value when the entry began.
  Tensor(const Variable &variable, Place place = Place::current());

  /// f32 for poison.
  DType dtype() const;
  /// Number of dimensions; 0 for poison.
  int64_t rank() const;
  /// The extent of dimension d, d < 0 counting from the last.  1 for poison.
  int64_t dim(int64_t d, Place place = Place::current()) const;
  std::vector<int64_t> shape() const;
  /// Number of elements.
  int64_t size() const;
  /// Whether an earlier mistake left no value here (reported already), or
  /// nothing was ever assigned.
  bool is_poison() const;

private:
  friend struct detail::Access;
  std::shared_ptr<const detail::Node> node_;
};

/// A part of the model's state: a parameter, an optimizer's slot, a counter.
/// As an operand it is its value when the entry began.
class Variable {
public:
  Variable() = default;
  /// The scoped name, e.g. "hidden1.weight"; empty for an empty handle.
  const std::string &name() const;
  std::vector<int64_t> shape() const;
  DType dtype() const;
  bool is_trainable() const;
  /// Its value when the entry began.
  Tensor read(Place place = Place::current()) const;
  /// Its value from the entry's end on.  At most one assignment an entry; the
  /// type must be the variable's own.
  void assign(Tensor value, Place place = Place::current()) const;

private:
  friend struct detail::Access;
  std::shared_ptr<const detail::VariableRecord> record_;
};

/// What a broadcasting op takes: a tensor, a variable, or a number, which is
/// converted to the element type of the other operand.  It carries its place,
/// because a C++ operator cannot take one.
class Operand {
public:
  Operand(const Tensor &tensor, Place place = Place::current())
      : tensor(tensor), place(place) {}
  Operand(const Variable &variable, Place place = Place::current())
      : tensor(variable, place), place(place) {}
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T value,
                                           Place place = Place::current())
      : kind(std::is_same_v<T, bool>       ? Kind::boolean
             : std::is_floating_point_v<T> ? Kind::real
                                           : Kind::integer),
        integer(static_cast<int64_t>(value)), real(static_cast<double>(value)),
        place(place) {}

  enum class Kind : uint8_t { tensor, integer, real, boolean };
  Kind kind = Kind::tensor;
  Tensor tensor;
  int64_t integer = 0;
  double real = 0;
  Place place;
};

/// Names the value: the name shows in dumps, diagnostics and the symbols of the
/// kernels that compute it.
Tensor named(Tensor value, std::string_view name,
             Place place = Place::current());

} // namespace sinter

#endif // SINTER_TENSOR_H
