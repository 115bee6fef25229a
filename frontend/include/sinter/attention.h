//===- attention.h - attention and what stands around it --------*- C++ -*-===//
//
// Vaswani et al., "Attention is all you need", NeurIPS 2017.  A mask is i1,
// true where a query may see a key, and broadcasts to the scores: a padding
// mask [batch, keys] of several heads is given as [batch, 1, 1, keys].  What is
// masked weighs exactly 0, and exactly no gradient flows through it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_ATTENTION_H
#define SINTER_ATTENTION_H

#include "sinter/model.h"

#include <optional>

namespace sinter {

struct AttentionOptions {
  /// Query i sees the keys 0 … i only.
  bool causal = false;
  /// Broadcasts to [..., n, m].  A query that sees no key gives zeros.
  std::optional<Tensor> mask = {};
};
/// softmax(q·kᵀ/√d)·v along the keys: queries [..., n, d], keys [..., m, d],
/// values [..., m, w] give [..., n, w].  Leading dimensions are equal.  Where
/// n·m scores would outgrow the cache they are computed for some queries at a
/// time, in training too, unless the model asks for them.
Tensor attention(Tensor q, Tensor k, Tensor v, AttentionOptions options = {},
                 Place place = Place::current());

/// [positions, width]: sin(t/base^(2i/width)) in column 2i of row t, the cosine
/// of the same angle in column 2i + 1.
Tensor positional_encoding(int64_t positions, int64_t width, DType dtype = f32,
                           double base = 10000, Place place = Place::current());

namespace nn {

struct MultiHeadAttentionOptions {
  int64_t heads = 1;
  bool causal = false;
  /// Broadcasts to [..., heads, n, m].
  std::optional<Tensor> mask = {};
  /// Of each head's queries and keys; width/heads unless given.
  int64_t key_width = 0;
  /// Of each head's values; width/heads unless given.
  int64_t value_width = 0;
  bool bias = true;
  /// Of all projections; Glorot's uniform unless given.
  std::optional<Initializer> weight_initializer = {};
};
/// Self-attention by several heads over x [..., n, width], of the same shape.
/// One product gives queries, keys and values: `name.qkv.weight` [width,
/// heads·(2·key_width + value_width)], its columns all queries head by head,
/// then all keys, then all values.  The heads' results side by side are
/// projected by `name.output.weight` [heads·value_width, width].  Each has a
/// `bias`.  Attention's scale is that of one head, 1/√key_width.
Tensor multi_head_attention(Model &m, std::string_view name, Tensor x,
                            MultiHeadAttentionOptions options = {},
                            Place place = Place::current());
/// The same with keys and values of `memory` [..., m, other width]: parameters
/// `name.query`, `name.key_value` (all keys, then all values), `name.output`.
Tensor multi_head_attention(Model &m, std::string_view name, Tensor x,
                            Tensor memory,
                            MultiHeadAttentionOptions options = {},
                            Place place = Place::current());

} // namespace nn
} // namespace sinter

#endif // SINTER_ATTENTION_H
