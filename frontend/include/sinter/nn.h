//===- nn.h - activations, layers, losses -----------------------*- C++ -*-===//
//
// Functions over the ops of ops.h; their derivatives and their fusion follow
// from those.  Floats throughout unless said.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_NN_H
#define SINTER_NN_H

#include "sinter/control.h"
#include "sinter/model.h"
#include "sinter/random.h"

#include <optional>

namespace sinter {

// Activations, element by element.
/// x.
Tensor identity(Tensor x, Place place = Place::current());
/// x ≥ 0 ? 1 : 0; slope 0 everywhere.
Tensor binary_step(Tensor x, Place place = Place::current());
/// max(x, 0); slope 0 at 0.
Tensor relu(Tensor x, Place place = Place::current());
/// x > 0 ? x : slope·x; slope `slope` at 0.
Tensor leaky_relu(Tensor x, double slope = 0.01,
                  Place place = Place::current());
/// 1/(1 + e⁻ˣ).
Tensor sigmoid(Tensor x, Place place = Place::current());
/// x·Φ(x) with the normal distribution Φ by erf (Hendrycks and Gimpel, 2016).
Tensor gelu(Tensor x, Place place = Place::current());
/// Its approximation x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
Tensor gelu_tanh(Tensor x, Place place = Place::current());
/// x·sigmoid(x), also called swish.
Tensor silu(Tensor x, Place place = Place::current());
/// ln(1 + eˣ), without overflow.
Tensor softplus(Tensor x, Place place = Place::current());
/// x/(1 + |x|).
Tensor softsign(Tensor x, Place place = Place::current());
/// x > 0 ? x : alpha·(eˣ − 1).
Tensor elu(Tensor x, double alpha = 1, Place place = Place::current());
/// Klambauer et al., "Self-normalizing neural networks", 2017.
Tensor selu(Tensor x, Place place = Place::current());
/// clamp(x/6 + 1/2, 0, 1).
Tensor hard_sigmoid(Tensor x, Place place = Place::current());
/// x·hard_sigmoid(x).
Tensor hard_swish(Tensor x, Place place = Place::current());
/// x·tanh(softplus(x)).
Tensor mish(Tensor x, Place place = Place::current());

// Along one dimension, shifted by the maximum, so that nothing overflows.
/// e^xᵢ / Σ e^xⱼ.
Tensor softmax(Tensor x, int64_t dim = -1, Place place = Place::current());
/// x − ln Σ e^xⱼ.
Tensor log_softmax(Tensor x, int64_t dim = -1, Place place = Place::current());
/// ln Σ e^xⱼ; the result lacks the dimension unless `keep`.  It is inf where an
/// xⱼ is, −inf where all are −inf; the derivative is nan there.
Tensor log_sum_exp(Tensor x, int64_t dim = -1, bool keep = false,
                   Place place = Place::current());

namespace nn {

struct DenseOptions {
  bool bias = true;
  /// He's normal, variance 2/n_in, unless given.
  std::optional<Initializer> weight_initializer = {};
  /// Zeros unless given.
  std::optional<Initializer> bias_initializer = {};
  /// The parameters' type, x's unless given.  They are cast to x's where they
  /// are used: f32 keeps the weights of a bf16 network exact as they learn.
  std::optional<DType> parameters = {};
};
/// x·weight + bias: [..., in] to [..., units], with the parameters
/// `name.weight` [in, units] and `name.bias` [units].
Tensor dense(Model &m, std::string_view name, Tensor x, int64_t units,
             DenseOptions options = {}, Place place = Place::current());

struct EmbeddingOptions {
  DType dtype = f32;
  /// Normal of variance 1 unless given.
  std::optional<Initializer> initializer = {};
};
/// A row of `name.weight` [count, width] for each of the integer indices [...]:
/// [..., width].  An index out of range gives zeros.  The derivative adds into
/// the rows that were read.
Tensor embedding(Model &m, std::string_view name, Tensor indices, int64_t count,
                 int64_t width, EmbeddingOptions options = {},
                 Place place = Place::current());

struct NormOptions {
  double epsilon = 1e-5;
  /// How many of the last dimensions are normalized together.
  int64_t dims = 1;
  /// Whether there is a `gamma`, and, for layer_norm, a `beta`.
  bool scale = true, shift = true;
};
/// (x − mean)/√(variance + ε)·γ + β over the last dimensions (Ba et al., "Layer
/// normalization", 2016), the variance divided by n; the parameters
/// `name.gamma`, ones, and `name.beta`, zeros, of those dimensions' shape.
Tensor layer_norm(Model &m, std::string_view name, Tensor x,
                  NormOptions options = {}, Place place = Place::current());
/// x/√(mean(x²) + ε)·γ over the last dimensions (Zhang and Sennrich, "Root mean
/// square layer normalization", 2019), with the parameter `name.gamma`, ones.
Tensor rms_norm(Model &m, std::string_view name, Tensor x,
                NormOptions options = {}, Place place = Place::current());

struct GroupNormOptions {
  double epsilon = 1e-5;
  bool scale = true, shift = true;
};
/// x [batch, ..., channels]: (x − mean)/√(variance + ε)·γ + β over all places
/// and the channels of one group, sample by sample (Wu and He, "Group
/// normalization", 2018); the parameters `name.gamma` and `name.beta`
/// [channels].
Tensor group_norm(Model &m, std::string_view name, Tensor x, int64_t groups,
                  GroupNormOptions options = {},
                  Place place = Place::current());
/// The same with each channel a group (Ulyanov et al., "Instance
/// normalization", 2016).
Tensor instance_norm(Model &m, std::string_view name, Tensor x,
                     GroupNormOptions options = {},
                     Place place = Place::current());

/// The state of an LSTM: output h and cell c, both [batch, units].
struct LstmState {
  Tensor h, c;
};
/// Zeros.
LstmState lstm_zero_state(int64_t batch, int64_t units, DType dtype = f32,
                          Place place = Place::current());
/// One step of an LSTM (Hochreiter and Schmidhuber, 1997, with a forget gate,
/// Gers et al., 2000) over x [batch, in], with the parameters `name.weight_x`
/// [in, 4·units], `name.weight_h` [units, 4·units], `name.bias` [4·units], the
/// gates in the order i, f, g, o: c' = σ(f)·c + σ(i)·tanh(g),
/// h' = σ(o)·tanh(c').
LstmState lstm_cell(Model &m, std::string_view name, LstmState state, Tensor x,
                    Place place = Place::current());

struct GruOptions {
  /// The reset gate multiplies the product with the state, as in cuDNN and its
  /// users; otherwise the state before the product, as in the paper.
  bool reset_after = true;
};
/// One step of a GRU (Cho et al., "Learning phrase representations using RNN
/// encoder–decoder", 2014) over x [batch, in] from the state h [batch, units]:
/// the next state, of the same shape.  Of x·`name.weight_x` [in, 3·units] +
/// `name.bias` [3·units] and h·`name.weight_h` [units, 3·units], each split
/// into parts for r, z and n,
///   r = σ(x_r + h_r),  z = σ(x_z + h_z),  h' = (1 − z)·n + z·h,
///   n = tanh(x_n + r·(h_n + b))  with b the `name.bias_h` [units], or
///   n = tanh(x_n + (r·h)·weight_h_n)  unless `reset_after`.
Tensor gru_cell(Model &m, std::string_view name, Tensor h, Tensor x,
                GruOptions options = {}, Place place = Place::current());

// Losses: scalars, means over all samples.  Logits are unnormalized.
/// Mean of (prediction − target)² over all elements.
Tensor mse(Tensor prediction, Tensor target, Place place = Place::current());
/// Mean over samples of −ln softmax(logits)[label], for logits [..., classes].
/// Labels are integers of the shape without the classes (a label out of range
/// contributes the log-sum-exp of the shifted logits alone) or
/// one-hot/probabilities of the logits' type and shape.  With an integer label,
/// a sample is inf where another logit is inf or the label's own is −inf.
Tensor cross_entropy(Tensor logits, Tensor labels,
                     Place place = Place::current());
/// Mean of −y ln σ(x) − (1 − y) ln(1 − σ(x)) = max(x, 0) − x·y +
/// ln(1 + e^−|x|), for targets y in [0, 1] of the logits' shape, of any type.
Tensor binary_cross_entropy(Tensor logits, Tensor targets,
                            Place place = Place::current());
/// Share of samples, as f32, whose largest logit is the label's; labels as for
/// cross_entropy.
Tensor accuracy(Tensor logits, Tensor labels, Place place = Place::current());
/// The same sample by sample, as i1.
Tensor correct(Tensor logits, Tensor labels, Place place = Place::current());

} // namespace nn

template <> struct detail::Tree<nn::LstmState> {
  static void flatten(const nn::LstmState &state, std::vector<Tensor> &out) {
    out.push_back(state.h);
    out.push_back(state.c);
  }
  static nn::LstmState rebuild(const nn::LstmState &, const Tensor *&next) {
    nn::LstmState state{next[0], next[1]};
    next += 2;
    return state;
  }
};

} // namespace sinter

#endif // SINTER_NN_H
