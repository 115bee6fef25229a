//===- Attention.cpp - attention, its heads, positions --------------------===//
//
// Heads are split off and merged by reshapes and transposes, which the compiler
// reads as index maps of the contractions around them.
//
//===----------------------------------------------------------------------===//

#include "frontend/include/sinter/attention.h"
#include "frontend/Step.h"
#include "frontend/include/sinter/nn.h"
#include "frontend/include/sinter/ops.h"

#include <cmath>
#include <limits>

namespace sinter {
using detail::describe;
using detail::Step;

/// What a masked score becomes before the exponential: it underflows to 0
/// against any score, and minus itself is not nan.
static double lowest(DType dtype) {
  return dtype == f64 ? std::numeric_limits<double>::lowest()
                      : std::numeric_limits<float>::lowest();
}

/// The softmax of scores where `allowed`, 0 elsewhere; a row of zeros where
/// nothing is, if that can be (`empty`).
static Tensor maskedSoftmax(const Tensor &scores, const Tensor &allowed,
                            bool empty) {
  Scope scope("softmax");
  Tensor wide = detail::widened(scores);
  Tensor seen = where(allowed, wide, lowest(wide.dtype()));
  Tensor weights = exp(seen - stop_gradient(max(seen, -1, keep_dims)));
  if (empty)
    weights = where(allowed, weights, 0);
  Tensor total = sum(weights, -1, keep_dims);
  if (empty)
    total = where(total > 0, total, 1);
  return cast(weights * (1.0 / total), scores.dtype());
}

Tensor attention(Tensor q, Tensor k, Tensor v, AttentionOptions options,
                 Place place) {
  Scope scope("attention", place);
  Step step("attention", place);
  step.use(q), step.use(k), step.use(v);
  if (options.mask)
    step.use(*options.mask);
  if (!step)
    return step.poison();
  int64_t rank = q.rank();
  auto fits = [&](const Tensor &a, const Tensor &b) {
    if (a.rank() != rank || b.rank() != rank || a.dtype() != b.dtype())
      return false;
    for (int64_t d = 0; d < rank - 2; ++d)
      if (a.dim(d) != b.dim(d))
        return false;
    return true;
  };
  if (rank < 2 || !is_float(q.dtype()) || !fits(q, k) || !fits(k, v) ||
      q.dim(-1) != k.dim(-1) || k.dim(-2) != v.dim(-2))
    return step.fail("takes float queries [..., n, d], keys [..., m, d] and "
                     "values [..., m, w] with equal leading dimensions, not " +
                     describe(q.dtype(), q.shape()) + ", " +
                     describe(k.dtype(), k.shape()) + " and " +
                     describe(v.dtype(), v.shape()));
  std::vector<int64_t> pairs = q.shape(); // of queries and keys
  pairs.back() = k.dim(-2);
  if (options.mask) {
    std::vector<int64_t> mask = options.mask->shape();
    bool broadcasts = mask.size() <= pairs.size();
    for (size_t d = 1; broadcasts && d <= mask.size(); ++d)
      broadcasts = mask[mask.size() - d] == 1 ||
                   mask[mask.size() - d] == pairs[pairs.size() - d];
    if (options.mask->dtype() != i1 || !broadcasts)
      return step.fail("the mask must be i1 and broadcast to the scores' " +
                       describe(i1, pairs) + ", not " +
                       describe(options.mask->dtype(), mask));
  }
  std::vector<int64_t> batch;
  for (int64_t d = 0; d < rank - 2; ++d)
    batch.push_back(d);
  double scale =
      1 / std::sqrt(static_cast<double>(std::max<int64_t>(q.dim(-1), 1)));
  Tensor scores = named(dot_general(q, k,
                                    {.lhs_contracting = {-1},
                                     .rhs_contracting = {-1},
                                     .lhs_batch = batch,
                                     .rhs_batch = batch}) *
                            scale,
                        "scores");
  Tensor weights;
  if (options.causal) {
    std::vector<int64_t> square = {pairs[rank - 2], pairs[rank - 1]};
    Tensor allowed = iota(square, 0) >= iota(square, 1);
    if (options.mask)
      allowed = allowed & *options.mask;
    weights = maskedSoftmax(scores, allowed, options.mask.has_value());
  } else if (options.mask) {
    weights = maskedSoftmax(scores, *options.mask, true);
  } else {
    weights = softmax(scores);
  }
  return named(dot_general(weights, v,
                           {.lhs_contracting = {-1},
                            .rhs_contracting = {-2},
                            .lhs_batch = batch,
                            .rhs_batch = batch}),
               "values");
}

Tensor positional_encoding(int64_t positions, int64_t width, DType dtype,
                           double base, Place place) {
  Scope scope("positional_encoding", place);
  Step step("positional_encoding", place);
  if (!step)
    return step.poison();
  if (!is_float(dtype) || !(base > 0))
    return step.fail("takes a float type and a base above 0");
  if (!step.type(dtype, {positions, width}))
    return step.poison();
  // Made here, not by ops: a constant, in doubles until it is rounded.
  constexpr int64_t most = int64_t(1) << 26;
  if (positions * width > most)
    return step.fail(describe(dtype, {positions, width}) +
                     " is too large for a constant");
  std::vector<double> values;
  values.reserve(positions * width);
  for (int64_t t = 0; t < positions; ++t)
    for (int64_t column = 0; column < width; ++column) {
      double exponent =
          static_cast<double>(column / 2 * 2) / static_cast<double>(width);
      double angle = static_cast<double>(t) / std::pow(base, exponent);
      values.push_back(column % 2 ? std::cos(angle) : std::sin(angle));
    }
  return constant(values, {positions, width}, dtype);
}

namespace nn {

/// [..., n, heads·width] as [..., heads, n, width], and back.
static Tensor splitHeads(const Tensor &x, int64_t heads) {
  std::vector<int64_t> shape = x.shape(), order;
  shape.back() = heads;
  shape.push_back(x.dim(-1) / heads);
  int64_t rank = x.rank();
  for (int64_t d = 0; d <= rank; ++d)
    order.push_back(d);
  std::swap(order[rank - 2], order[rank - 1]);
  return transpose(reshape(x, shape), order);
}
static Tensor mergeHeads(const Tensor &x) {
  int64_t rank = x.rank();
  std::vector<int64_t> order, shape = x.shape();
  for (int64_t d = 0; d < rank; ++d)
    order.push_back(d);
  std::swap(order[rank - 3], order[rank - 2]);
  shape = {shape.begin(), shape.end() - 3};
  shape.push_back(x.dim(-2));
  shape.push_back(x.dim(-3) * x.dim(-1));
  return reshape(transpose(x, order), shape);
}

/// The keys and values are x's own if there is no memory.
static Tensor attendByHeads(Model &m, std::string_view name, const Tensor &x,
                            const Tensor *memory,
                            const MultiHeadAttentionOptions &options,
                            Place place) {
  Scope scope(name, place);
  Step step("multi_head_attention", place);
  step.use(x);
  if (memory)
    step.use(*memory);
  if (options.mask)
    step.use(*options.mask);
  if (!step)
    return step.poison();
  int64_t heads = options.heads, width = x.rank() ? x.dim(-1) : 0;
  if (x.rank() < 2 || !is_float(x.dtype()))
    return step.fail("takes floats [..., n, width], not " +
                     describe(x.dtype(), x.shape()));
  auto fits = [&](const Tensor &other) {
    std::vector<int64_t> have = other.shape(), want = x.shape();
    return have.size() == want.size() && other.dtype() == x.dtype() &&
           std::equal(have.begin(), have.end() - 2, want.begin());
  };
  if (memory && !fits(*memory))
    return step.fail("the memory " +
                     describe(memory->dtype(), memory->shape()) +
                     " does not fit " + describe(x.dtype(), x.shape()) +
                     ": all but its last two dimensions must be equal");
  // Beyond that no product of sizes has a meaning.
  constexpr int64_t most = int64_t(1) << 24;
  int64_t key = options.key_width, value = options.value_width;
  if (heads < 1 || heads > most || key < 0 || key > most || value < 0 ||
      value > most)
    return step.fail(llvm::Twine(heads) + " heads of key width " +
                     llvm::Twine(key) + " and value width " +
                     llvm::Twine(value) + " are not possible");
  if ((!key || !value) && width % heads != 0)
    return step.fail("the width " + llvm::Twine(width) +
                     " does not divide into " + llvm::Twine(heads) +
                     " heads: give key_width and value_width");
  key = key ? key : width / heads;
  value = value ? value : width / heads;
  DenseOptions dense_options{
      .bias = options.bias,
      .weight_initializer =
          options.weight_initializer.value_or(init::xavier_uniform())};
  Tensor q, k, v;
  if (memory) {
    q = dense(m, "query", x, heads * key, dense_options);
    Tensor kv =
        dense(m, "key_value", *memory, heads * (key + value), dense_options);
    k = slice(kv, -1, 0, heads * key);
    v = slice(kv, -1, heads * key, heads * (key + value));
  } else {
    Tensor qkv = dense(m, "qkv", x, heads * (2 * key + value), dense_options);
    q = slice(qkv, -1, 0, heads * key);
    k = slice(qkv, -1, heads * key, 2 * heads * key);
    v = slice(qkv, -1, 2 * heads * key, heads * (2 * key + value));
  }
  if (v.is_poison() || q.is_poison())
    return step.poison();
  Tensor result = attention(splitHeads(q, heads), splitHeads(k, heads),
                            splitHeads(v, heads),
                            {.causal = options.causal, .mask = options.mask});
  if (result.is_poison())
    return result;
  return dense(m, "output", mergeHeads(result), width, dense_options);
}

Tensor multi_head_attention(Model &m, std::string_view name, Tensor x,
                            MultiHeadAttentionOptions options, Place place) {
  return attendByHeads(m, name, x, nullptr, options, place);
}
Tensor multi_head_attention(Model &m, std::string_view name, Tensor x,
                            Tensor memory, MultiHeadAttentionOptions options,
                            Place place) {
  return attendByHeads(m, name, x, &memory, options, place);
}

} // namespace nn
} // namespace sinter
