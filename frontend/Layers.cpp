//===- Layers.cpp - layers with parameters --------------------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/nn.h"
#include "frontend/include/sinter/ops.h"

#include <cmath>

namespace sinter::nn {
using detail::describe;
using detail::Step;

Tensor dense(Model &m, std::string_view name, Tensor x, int64_t units,
             DenseOptions options, Place place) {
  Scope scope(name, place);
  Step step("dense", place);
  step.use(x);
  if (step && (!is_float(x.dtype()) || x.rank() == 0))
    return step.fail("takes floats [..., in], not " +
                     describe(x.dtype(), x.shape()) +
                     (x.rank() == 0 ? ": reshape it"
                                    : ": use cast to change the element type"));
  if (!step)
    return step.poison();
  if (units < 1)
    return step.fail(llvm::Twine(units) + " units are not possible");
  DType kept = options.parameters.value_or(x.dtype());
  Variable weight =
      m.parameter("weight", {x.dim(-1), units},
                  options.weight_initializer.value_or(init::he_normal()), kept);
  Tensor product =
      named(dot_general(x, cast(weight, x.dtype()),
                        {.lhs_contracting = {-1}, .rhs_contracting = {0}}),
            "matmul");
  if (!options.bias)
    return product;
  Variable bias = m.parameter(
      "bias", {units}, options.bias_initializer.value_or(init::zeros()), kept);
  return named(product + cast(bias, x.dtype()), "bias");
}

Tensor embedding(Model &m, std::string_view name, Tensor indices, int64_t count,
                 int64_t width, EmbeddingOptions options, Place place) {
  Scope scope(name, place);
  Step step("embedding", place);
  step.use(indices);
  if (step && (is_float(indices.dtype()) || indices.dtype() == i1))
    return step.fail("takes integer indices, not " +
                     describe(indices.dtype(), indices.shape()) +
                     ": use cast to change the element type");
  if (!step)
    return step.poison();
  if (count < 1 || width < 1)
    return step.fail("a table of " + llvm::Twine(count) + " rows of width " +
                     llvm::Twine(width) + " is not possible");
  Variable table =
      m.parameter("weight", {count, width},
                  options.initializer.value_or(init::normal(1)), options.dtype);
  return named(gather(table, indices), "embedding");
}

LstmState lstm_zero_state(int64_t batch, int64_t units, DType dtype,
                          Place place) {
  return {zeros({batch, units}, dtype, place),
          zeros({batch, units}, dtype, place)};
}

/// Zeros, but ones for the forget gate: cells remember until they learn not to
/// (Jozefowicz et al., "An empirical exploration of recurrent network
/// architectures", 2015).
static Initializer lstmBias(int64_t units) {
  return {"lstm_bias()", [=](const std::vector<int64_t> &, DType dtype, Place) {
            return concatenate({zeros({units}, dtype), ones({units}, dtype),
                                zeros({2 * units}, dtype)},
                               0);
          }};
}

LstmState lstm_cell(Model &m, std::string_view name, LstmState state, Tensor x,
                    Place place) {
  Scope scope(name, place);
  Step step("lstm_cell", place);
  step.use(x), step.use(state.h), step.use(state.c);
  if (step && (x.rank() != 2 || state.h.rank() != 2 || !is_float(x.dtype())))
    step.fail("takes floats [batch, in] and a state [batch, units], not " +
              describe(x.dtype(), x.shape()) + " and " +
              describe(state.h.dtype(), state.h.shape()));
  if (!step)
    return {step.poison(), step.poison()};
  int64_t units = state.h.dim(1);
  double bound =
      1 / std::sqrt(static_cast<double>(std::max<int64_t>(units, 1)));
  Initializer weights = init::uniform(-bound, bound);
  DType dtype = x.dtype();
  Variable weight_x =
      m.parameter("weight_x", {x.dim(1), 4 * units}, weights, dtype);
  Variable weight_h =
      m.parameter("weight_h", {units, 4 * units}, weights, dtype);
  Variable bias = m.parameter("bias", {4 * units}, lstmBias(units), dtype);
  Tensor from_x = named(matmul(x, weight_x), "matmul_x");
  Tensor from_h = named(matmul(state.h, weight_h), "matmul_h");
  std::vector<Tensor> gates = split(from_x + bias + from_h, 4, 1);
  Tensor c = named(
      sigmoid(gates[1]) * state.c + sigmoid(gates[0]) * tanh(gates[2]), "c");
  return {named(sigmoid(gates[3]) * tanh(c), "h"), c};
}

Tensor gru_cell(Model &m, std::string_view name, Tensor h, Tensor x,
                GruOptions options, Place place) {
  Scope scope(name, place);
  Step step("gru_cell", place);
  step.use(x), step.use(h);
  if (step && (x.rank() != 2 || h.rank() != 2 || !is_float(x.dtype())))
    step.fail("takes floats [batch, in] and a state [batch, units], not " +
              describe(x.dtype(), x.shape()) + " and " +
              describe(h.dtype(), h.shape()));
  if (!step)
    return step.poison();
  int64_t units = h.dim(1);
  double bound =
      1 / std::sqrt(static_cast<double>(std::max<int64_t>(units, 1)));
  Initializer weights = init::uniform(-bound, bound);
  DType dtype = x.dtype();
  Variable weight_x =
      m.parameter("weight_x", {x.dim(1), 3 * units}, weights, dtype);
  Variable weight_h =
      m.parameter("weight_h", {units, 3 * units}, weights, dtype);
  Variable bias = m.parameter("bias", {3 * units}, init::zeros(), dtype);
  std::vector<Tensor> from_x =
      split(named(matmul(x, weight_x), "matmul_x") + bias, 3, 1);
  Tensor r, z, n;
  if (options.reset_after) {
    Variable bias_h = m.parameter("bias_h", {units}, init::zeros(), dtype);
    std::vector<Tensor> from_h =
        split(named(matmul(h, weight_h), "matmul_h"), 3, 1);
    r = sigmoid(from_x[0] + from_h[0]);
    z = sigmoid(from_x[1] + from_h[1]);
    n = tanh(from_x[2] + r * (from_h[2] + bias_h));
  } else {
    std::vector<Tensor> gates = split(
        named(matmul(h, slice(weight_h, 1, 0, 2 * units)), "matmul_h"), 2, 1);
    r = sigmoid(from_x[0] + gates[0]);
    z = sigmoid(from_x[1] + gates[1]);
    Tensor last = slice(weight_h, 1, 2 * units, 3 * units);
    n = tanh(from_x[2] + named(matmul(r * h, last), "matmul_n"));
  }
  return named(n + z * (h - n), "h");
}

} // namespace sinter::nn
