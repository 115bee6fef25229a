//===- Normalization.cpp - layer norm, RMS norm, group norm ---------------===//
//
// Each subtracts the mean first and squares what is left, so that nothing
// cancels; value and derivative are reductions and pointwise ops of one row.
//
//===----------------------------------------------------------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/nn.h"
#include "frontend/include/sinter/ops.h"

namespace sinter::nn {
using detail::describe;
using detail::Step;
using detail::widened;

/// Fails unless x are floats and `dims` of its dimensions can be normalized.
static bool check(Step &step, const Tensor &x, int64_t dims, double epsilon) {
  step.use(x);
  if (step && (!is_float(x.dtype()) || x.rank() == 0))
    step.fail("takes floats [..., width], not " +
              describe(x.dtype(), x.shape()));
  if (step && (dims < 1 || dims > x.rank()))
    step.fail(describe(x.dtype(), x.shape()) + " has no last " +
              llvm::Twine(dims) + " dimensions");
  if (step && !(epsilon >= 0))
    step.fail("epsilon, " + detail::shown(epsilon) + ", is negative");
  return static_cast<bool>(step);
}

/// The last `count` dimensions, and their extents.
static std::vector<int64_t> lastDims(int64_t count) {
  std::vector<int64_t> result;
  for (int64_t d = -count; d < 0; ++d)
    result.push_back(d);
  return result;
}
static std::vector<int64_t> lastExtents(const Tensor &x, int64_t count) {
  std::vector<int64_t> shape = x.shape();
  return {shape.end() - count, shape.end()};
}

/// (x − mean)/√(variance + ε) over dimensions, in f32 if x is bf16.
static Tensor standardize(const Tensor &stored, const Dims &dims,
                          double epsilon) {
  Tensor x = widened(stored);
  Tensor distance = x - mean(x, dims, keep_dims);
  Tensor spread = mean(square(distance), dims, keep_dims);
  return distance * rsqrt(spread + epsilon);
}

/// x·γ + β with parameters of the type that x is rounded to.
static Tensor scaleAndShift(Model &m, Tensor x, DType stored,
                            const Shape &shape, bool scale, bool shift) {
  if (scale)
    x = x * widened(m.parameter("gamma", shape, init::constant(1), stored));
  if (shift && !x.is_poison())
    x = x + widened(m.parameter("beta", shape, init::zeros(), stored));
  return cast(x, stored);
}

Tensor layer_norm(Model &m, std::string_view name, Tensor x,
                  NormOptions options, Place place) {
  Scope scope(name, place);
  Step step("layer_norm", place);
  if (!check(step, x, options.dims, options.epsilon))
    return step.poison();
  Tensor standard = standardize(x, lastDims(options.dims), options.epsilon);
  return scaleAndShift(m, standard, x.dtype(), lastExtents(x, options.dims),
                       options.scale, options.shift);
}

Tensor rms_norm(Model &m, std::string_view name, Tensor x, NormOptions options,
                Place place) {
  Scope scope(name, place);
  Step step("rms_norm", place);
  if (!check(step, x, options.dims, options.epsilon))
    return step.poison();
  Tensor wide = widened(x);
  Tensor size = mean(square(wide), lastDims(options.dims), keep_dims);
  return scaleAndShift(m, wide * rsqrt(size + options.epsilon), x.dtype(),
                       lastExtents(x, options.dims), options.scale, false);
}

static Tensor normalizeGroups(Model &m, std::string_view what,
                              std::string_view name, const Tensor &x,
                              std::optional<int64_t> groups,
                              const GroupNormOptions &options, Place place) {
  Scope scope(name, place);
  Step step(llvm::StringRef(what), place);
  if (!check(step, x, 1, options.epsilon))
    return step.poison();
  if (x.rank() < 2)
    return step.fail("takes floats [batch, ..., channels], not " +
                     describe(x.dtype(), x.shape()));
  int64_t channels = x.dim(-1), count = groups.value_or(channels);
  if (count < 1 || channels % count != 0)
    return step.fail(llvm::Twine(channels) + " channels do not divide into " +
                     llvm::Twine(count) + " groups");
  int64_t places = 1;
  for (int64_t d = 1; d < x.rank() - 1; ++d)
    places *= x.dim(d);
  Tensor grouped = reshape(x, {x.dim(0), places, count, channels / count});
  Tensor standard = standardize(grouped, {1, 3}, options.epsilon);
  return scaleAndShift(m, reshape(standard, x.shape()), x.dtype(), {channels},
                       options.scale, options.shift);
}

Tensor group_norm(Model &m, std::string_view name, Tensor x, int64_t groups,
                  GroupNormOptions options, Place place) {
  return normalizeGroups(m, "group_norm", name, x, groups, options, place);
}
Tensor instance_norm(Model &m, std::string_view name, Tensor x,
                     GroupNormOptions options, Place place) {
  return normalizeGroups(m, "instance_norm", name, x, std::nullopt, options,
                         place);
}

} // namespace sinter::nn
