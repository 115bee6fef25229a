//===- ops.h - the operations ----------------------------------*- C++ -*-===//
//
// Binary ops broadcast as NumPy does: shapes are aligned at their last
// dimension, and an extent of 1 repeats.  Operands of one op have one element
// type (`cast` changes it); a C++ number takes the other operand's: integer
// types must be able to hold it, float types round it to nearest, and one that
// would become infinite is an error.  Formulas, derivatives and tie rules stand
// with the ops in compiler/ir/*.td, whose names these functions share.
//
// Dimensions may be negative, counting from the last.  Every function's last
// argument is the place an error is reported at; leave it alone.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_OPS_H
#define SINTER_OPS_H

#include "sinter/tensor.h"

#include <span>

namespace sinter {

// Arithmetic, by broadcasting.
Tensor operator+(Operand a, Operand b);
Tensor operator-(Operand a, Operand b);
Tensor operator*(Operand a, Operand b);
/// Integers truncate towards zero; x/0 is 0 for them.
Tensor operator/(Operand a, Operand b);
/// Remainder with the dividend's sign, as C's fmod.
Tensor operator%(Operand a, Operand b);
Tensor operator-(Operand x);
/// Bitwise for integers, logical for i1.
Tensor operator&(Operand a, Operand b);
Tensor operator|(Operand a, Operand b);
Tensor operator^(Operand a, Operand b);
Tensor operator~(Operand x);
/// For i1 only.
Tensor operator!(Operand x);

// Comparisons give i1; with a nan every one but not_equal is false.
Tensor operator<(Operand a, Operand b);
Tensor operator<=(Operand a, Operand b);
Tensor operator>(Operand a, Operand b);
Tensor operator>=(Operand a, Operand b);
Tensor equal(Operand a, Operand b, Place place = Place::current());
Tensor not_equal(Operand a, Operand b, Place place = Place::current());

/// The larger, element by element; nan if either is.
Tensor maximum(Operand a, Operand b, Place place = Place::current());
Tensor minimum(Operand a, Operand b, Place place = Place::current());
/// aᵇ, floats.
Tensor pow(Operand a, Operand b, Place place = Place::current());
/// The angle of the point (x, y) from the first axis, in [−π, π], floats.
Tensor atan2(Operand y, Operand x, Place place = Place::current());
/// minimum(maximum(x, low), high).
Tensor clamp(Operand x, Operand low, Operand high,
             Place place = Place::current());
/// condition ? a : b; the condition is i1; all three broadcast.
Tensor where(Tensor condition, Operand a, Operand b,
             Place place = Place::current());

// Functions of one float tensor.
Tensor exp(Tensor x, Place place = Place::current());
/// eˣ − 1, accurate near 0.
Tensor expm1(Tensor x, Place place = Place::current());
/// 2ˣ.
Tensor exp2(Tensor x, Place place = Place::current());
Tensor log(Tensor x, Place place = Place::current());
/// To base 2.
Tensor log2(Tensor x, Place place = Place::current());
/// ln(1 + x), accurate near 0.
Tensor log1p(Tensor x, Place place = Place::current());
Tensor sqrt(Tensor x, Place place = Place::current());
/// 1/√x.
Tensor rsqrt(Tensor x, Place place = Place::current());
/// ∛x, of negative numbers too.
Tensor cbrt(Tensor x, Place place = Place::current());
Tensor sinh(Tensor x, Place place = Place::current());
Tensor cosh(Tensor x, Place place = Place::current());
Tensor tanh(Tensor x, Place place = Place::current());
Tensor asinh(Tensor x, Place place = Place::current());
/// ≥ 0; nan below 1.
Tensor acosh(Tensor x, Place place = Place::current());
/// ±inf at ±1, nan beyond.
Tensor atanh(Tensor x, Place place = Place::current());
// Angles are in radians.
Tensor sin(Tensor x, Place place = Place::current());
Tensor cos(Tensor x, Place place = Place::current());
Tensor tan(Tensor x, Place place = Place::current());
/// In [−π/2, π/2]; nan beyond ±1.
Tensor asin(Tensor x, Place place = Place::current());
/// In [0, π]; nan beyond ±1.
Tensor acos(Tensor x, Place place = Place::current());
/// In [−π/2, π/2].
Tensor atan(Tensor x, Place place = Place::current());
Tensor erf(Tensor x, Place place = Place::current());
/// ln|Γ(x)|: lgamma(n + 1) = ln n!.
Tensor lgamma(Tensor x, Place place = Place::current());
/// ψ, the derivative of lgamma.
Tensor digamma(Tensor x, Place place = Place::current());
/// The derivative of digamma of that order, 0 to 30.
Tensor polygamma(int64_t order, Tensor x, Place place = Place::current());
Tensor floor(Tensor x, Place place = Place::current());
Tensor ceil(Tensor x, Place place = Place::current());
/// To the nearest integer, ties to even.
Tensor round(Tensor x, Place place = Place::current());
// Functions of one tensor of numbers.
Tensor abs(Tensor x, Place place = Place::current());
/// −1, 0 or 1.
Tensor sign(Tensor x, Place place = Place::current());
/// x·x.
Tensor square(Tensor x, Place place = Place::current());

/// Conversion of the element type: float to integer truncates and saturates,
/// nan gives 0; anything to i1 is x ≠ 0.
Tensor cast(Tensor x, DType dtype, Place place = Place::current());
/// x, with derivative zero.
Tensor stop_gradient(Tensor x, Place place = Place::current());

// Constants.
/// All elements equal `value`.
Tensor full(Shape shape, double value, DType dtype = f32,
            Place place = Place::current());
Tensor zeros(Shape shape, DType dtype = f32, Place place = Place::current());
Tensor ones(Shape shape, DType dtype = f32, Place place = Place::current());
/// The values in row-major order; as many as the shape has elements.
Tensor constant(const std::vector<double> &values, Shape shape,
                DType dtype = f32, Place place = Place::current());
Tensor constant(const std::vector<int64_t> &values, Shape shape,
                DType dtype = i64, Place place = Place::current());
/// y[i₀, …] = i_dim.
Tensor iota(Shape shape, int64_t dim, DType dtype = i32,
            Place place = Place::current());
/// 1 where the index along a new last dimension of `classes` equals the label,
/// else 0; a label out of range gives a row of zeros.
Tensor one_hot(Tensor labels, int64_t classes, DType dtype = f32,
               Place place = Place::current());

// Movement.
/// The same elements in row-major order; one extent may be -1 and is inferred.
Tensor reshape(Tensor x, Shape shape, Place place = Place::current());
/// Result dimension d is operand dimension permutation[d].
Tensor transpose(Tensor x, const std::vector<int64_t> &permutation,
                 Place place = Place::current());
/// Exchanges the last two dimensions.
Tensor transpose(Tensor x, Place place = Place::current());
/// NumPy's broadcast to a shape.
Tensor broadcast_to(Tensor x, Shape shape, Place place = Place::current());
/// Inserts a dimension of extent 1, so that it is dimension `dim`.
Tensor expand_dims(Tensor x, int64_t dim, Place place = Place::current());
/// Drops the named dimensions, of extent 1.
Tensor squeeze(Tensor x, Dims dims, Place place = Place::current());
/// Elements begin, begin + stride, … below `end` of one dimension; begin and
/// end may be negative, counting from the extent.
Tensor slice(Tensor x, int64_t dim, int64_t begin, int64_t end,
             int64_t stride = 1, Place place = Place::current());
/// y[i] = x[offsets + i·strides], `sizes` elements.
Tensor slice(Tensor x, const std::vector<int64_t> &offsets,
             const std::vector<int64_t> &sizes,
             const std::vector<int64_t> &strides,
             Place place = Place::current());
/// Element i of dimension `dim`, which the result lacks.
Tensor at(Tensor x, int64_t i, int64_t dim = 0, Place place = Place::current());
/// `parts` equal parts along a dimension.
std::vector<Tensor> split(Tensor x, int64_t parts, int64_t dim,
                          Place place = Place::current());
/// Zeros before, after and between the elements of each dimension.
Tensor pad(Tensor x, const std::vector<int64_t> &low,
           const std::vector<int64_t> &high,
           const std::vector<int64_t> &interior = {},
           Place place = Place::current());
/// Side by side along a dimension.
Tensor concatenate(const std::vector<Tensor> &inputs, int64_t dim,
                   Place place = Place::current());
/// Side by side along a new dimension.
Tensor stack(const std::vector<Tensor> &inputs, int64_t dim = 0,
             Place place = Place::current());
/// In reverse order along dimensions.
Tensor reverse(Tensor x, Dims dims, Place place = Place::current());
/// The slices of `x` along `axis` that integer `indices` name: shape
/// x[:axis] ++ indices[batch_dims:] ++ x[axis+1:].  An index out of range
/// reads 0.
Tensor gather(Tensor x, Tensor indices, int64_t axis = 0,
              int64_t batch_dims = 0, Place place = Place::current());
/// `x` plus `updates` at the places that `gather` would read; repeated indices
/// add up, an index out of range is dropped.
Tensor scatter_add(Tensor x, Tensor indices, Tensor updates, int64_t axis = 0,
                   int64_t batch_dims = 0, Place place = Place::current());

// Contraction.
/// NumPy's matmul: [..., m, k] × [..., k, n] = [..., m, n]; leading dimensions
/// must agree, or one operand has none; a vector is a row on the left and a
/// column on the right.
Tensor matmul(Tensor a, Tensor b, Place place = Place::current());
struct DotDimensions {
  std::vector<int64_t> lhs_contracting, rhs_contracting;
  std::vector<int64_t> lhs_batch = {}, rhs_batch = {};
};
/// The general contraction: result dimensions are batch, free lhs, free rhs.
Tensor dot_general(Tensor lhs, Tensor rhs, const DotDimensions &dimensions,
                   Place place = Place::current());

// Reductions over dimensions (all unless said).
inline constexpr bool keep_dims = true;
Tensor sum(Tensor x, Dims dims = {}, bool keep = false,
           Place place = Place::current());
/// Floats.
Tensor mean(Tensor x, Dims dims = {}, bool keep = false,
            Place place = Place::current());
/// The mean squared distance from the mean (divided by n); floats.
Tensor variance(Tensor x, Dims dims = {}, bool keep = false,
                Place place = Place::current());
Tensor max(Tensor x, Dims dims = {}, bool keep = false,
           Place place = Place::current());
Tensor min(Tensor x, Dims dims = {}, bool keep = false,
           Place place = Place::current());
Tensor prod(Tensor x, Dims dims = {}, bool keep = false,
            Place place = Place::current());
/// For i1.
Tensor any(Tensor x, Dims dims = {}, bool keep = false,
           Place place = Place::current());
Tensor all(Tensor x, Dims dims = {}, bool keep = false,
           Place place = Place::current());
/// i32 index of the first maximum along a dimension.
Tensor argmax(Tensor x, int64_t dim = -1, Place place = Place::current());
Tensor argmin(Tensor x, int64_t dim = -1, Place place = Place::current());

// Along a dimension, which stays.
struct CumulativeSum {
  /// From the last element to the first.
  bool reverse = false;
  /// Without the element itself.
  bool exclusive = false;
};
/// y[i] = Σ_{j ≤ i} x[j], added one after another.
Tensor cumulative_sum(Tensor x, int64_t dim = -1, CumulativeSum how = {},
                      Place place = Place::current());
inline constexpr bool greatest_first = true;
/// i32 indices that sort x.  Equal elements keep their order either way; a nan
/// counts as greater than every number.
Tensor argsort(Tensor x, int64_t dim = -1, bool greatest_first = false,
               Place place = Place::current());
/// y[…, i, …] = x[…, indices[…, i, …], …]; an index out of range reads 0.
Tensor take_along(Tensor x, Tensor indices, int64_t dim = -1,
                  Place place = Place::current());
/// The elements in the order of `argsort`; the cotangent goes back to the
/// places they came from.
Tensor sort(Tensor x, int64_t dim = -1, bool greatest_first = false,
            Place place = Place::current());
/// The k greatest elements, the greatest first, and their i32 indices; of equal
/// ones the first.
struct TopK {
  Tensor values, indices;
};
TopK top_k(Tensor x, int64_t k, int64_t dim = -1,
           Place place = Place::current());

} // namespace sinter

#endif // SINTER_OPS_H
