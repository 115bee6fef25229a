//===- Activations.cpp - activation functions and softmax -----------------===//
//
// Where a branch that is not taken could overflow, its argument is guarded too,
// so that its derivative, multiplied by zero, is zero and not nan.
//
//===----------------------------------------------------------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/nn.h"
#include "frontend/include/sinter/ops.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace sinter {
using detail::widened;

Tensor identity(Tensor x, Place) { return x; }

Tensor binary_step(Tensor x, Place place) {
  Scope scope("binary_step", place);
  return cast(x >= 0, x.dtype());
}

Tensor relu(Tensor x, Place place) {
  Scope scope("relu", place);
  return maximum(x, 0);
}

Tensor leaky_relu(Tensor x, double slope, Place place) {
  Scope scope("leaky_relu", place);
  return where(x > 0, x, x * slope);
}

Tensor gelu(Tensor x, Place place) {
  Scope scope("gelu", place);
  Tensor wide = widened(x);
  return cast(wide * 0.5 * (erf(wide * (1 / std::numbers::sqrt2)) + 1.0),
              x.dtype());
}

Tensor gelu_tanh(Tensor x, Place place) {
  Scope scope("gelu", place);
  const double scale = std::sqrt(2 / std::numbers::pi);
  Tensor wide = widened(x);
  Tensor cubic = wide + wide * wide * wide * 0.044715;
  return cast(wide * 0.5 * (tanh(cubic * scale) + 1.0), x.dtype());
}

Tensor silu(Tensor x, Place place) {
  Scope scope("silu", place);
  Tensor wide = widened(x);
  return cast(wide * sigmoid(wide), x.dtype());
}

Tensor softplus(Tensor x, Place place) {
  Scope scope("softplus", place);
  // −|x|, with slope 1 at 0, so that softplus has its slope 1/2 there.
  Tensor wide = widened(x);
  Tensor distance = where(wide > 0, -wide, wide);
  return cast(maximum(wide, 0) + log1p(exp(distance)), x.dtype());
}

Tensor softsign(Tensor x, Place place) {
  Scope scope("softsign", place);
  Tensor wide = widened(x);
  return cast(wide / (abs(wide) + 1.0), x.dtype());
}

Tensor elu(Tensor x, double alpha, Place place) {
  Scope scope("elu", place);
  Tensor wide = widened(x), positive = wide > 0;
  return cast(where(positive, wide, expm1(where(positive, 0, wide)) * alpha),
              x.dtype());
}

Tensor selu(Tensor x, Place place) {
  Scope scope("selu", place);
  const double alpha = 1.6732632423543772, scale = 1.0507009873554805;
  return cast(elu(widened(x), alpha) * scale, x.dtype());
}

Tensor hard_sigmoid(Tensor x, Place place) {
  Scope scope("hard_sigmoid", place);
  return cast(clamp(widened(x) * (1.0 / 6) + 0.5, 0, 1), x.dtype());
}

Tensor hard_swish(Tensor x, Place place) {
  Scope scope("hard_swish", place);
  Tensor wide = widened(x);
  return cast(wide * hard_sigmoid(wide), x.dtype());
}

Tensor mish(Tensor x, Place place) {
  Scope scope("mish", place);
  Tensor wide = widened(x);
  return cast(wide * tanh(softplus(wide)), x.dtype());
}

// The shift changes neither value nor derivative, so none flows through it.
// One reciprocal a row instead of a quotient an element: the product's
// derivative is of the kept dimensions but for two products.

Tensor softmax(Tensor x, int64_t dim, Place place) {
  Scope scope("softmax", place);
  Tensor wide = widened(x);
  Tensor weights = exp(wide - stop_gradient(max(wide, dim, keep_dims)));
  return cast(weights * (1.0 / sum(weights, dim, keep_dims)), x.dtype());
}

Tensor log_softmax(Tensor x, int64_t dim, Place place) {
  Scope scope("log_softmax", place);
  Tensor wide = widened(x);
  Tensor shifted = wide - stop_gradient(max(wide, dim, keep_dims));
  return cast(shifted - log(sum(exp(shifted), dim, keep_dims)), x.dtype());
}

Tensor log_sum_exp(Tensor x, int64_t dim, bool keep, Place place) {
  Scope scope("log_sum_exp", place);
  Tensor wide = widened(x);
  Tensor most = stop_gradient(max(wide, dim, keep_dims));
  Tensor result = log(sum(exp(wide - most), dim, keep_dims)) + most;
  // An infinite shift makes nans.  Mended here, not before the exponentials,
  // which would wait for it.
  result =
      where(abs(most) < std::numeric_limits<double>::infinity(), result, most);
  return cast(keep ? result : squeeze(result, dim), x.dtype());
}

} // namespace sinter
