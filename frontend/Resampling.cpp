//===- Resampling.cpp - images made larger --------------------------------===//
//
// Over gathers, scatters and broadcasts of [N, spatial…, C], whose derivatives
// are the resamplings'.
//
//===----------------------------------------------------------------------===//

#include "frontend/Convolution.h"
#include "frontend/include/sinter/ops.h"

#include <cmath>

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;

/// Whether x is an image of as many spatial dimensions as there are factors,
/// all of them possible.
static bool checkFactors(Step &step, Tensor x,
                         const std::vector<int64_t> &factors) {
  step.use(x);
  if (step && x.rank() != static_cast<int64_t>(factors.size()) + 2)
    step.fail("takes images with one spatial dimension for each of the " +
              Twine(factors.size()) + " factors, not " +
              describe(x.dtype(), x.shape()));
  for (int64_t factor : factors)
    if (step && (factor < 1 || factor > (1 << 24)))
      step.fail("a factor of " + Twine(factor) + " is not possible");
  return static_cast<bool>(step);
}

Tensor upsample_nearest(Tensor x, const std::vector<int64_t> &factors,
                        bool channels_first, Place place) {
  Scope scope("upsample_nearest", place);
  Step step("upsample_nearest", place);
  if (!checkFactors(step, x, factors))
    return step.poison();
  // [N, S, C] by way of [N, S, 1, C] and [N, S, f, C].
  size_t first = channels_first ? 2 : 1;
  std::vector<int64_t> apart, repeated, joined;
  for (size_t d = 0; d < x.shape().size(); ++d) {
    int64_t extent = x.dim(d);
    apart.push_back(extent);
    repeated.push_back(extent);
    joined.push_back(extent);
    if (d < first || d >= first + factors.size())
      continue;
    apart.push_back(1);
    repeated.push_back(factors[d - first]);
    joined.back() *= factors[d - first];
  }
  return reshape(broadcast_to(reshape(x, apart, place), repeated, place),
                 joined, place);
}

Tensor upsample_linear(Tensor x, const std::vector<int64_t> &factors,
                       bool channels_first, Place place) {
  Scope scope("upsample_linear", place);
  Step step("upsample_linear", place);
  if (checkFactors(step, x, factors) && !is_float(x.dtype()))
    step.fail("takes floats, not " + describe(x.dtype(), x.shape()) +
              ": use cast to change the element type");
  // Each dimension has a table of what its places are made of.
  constexpr int64_t mostPlaces = 1 << 16;
  for (size_t i = 0; step && i < factors.size(); ++i)
    if (int64_t extent =
            x.dim(static_cast<int64_t>(i) + (channels_first ? 2 : 1));
        extent > mostPlaces / factors[i] && factors[i] > 1)
      step.fail("a factor of " + Twine(factors[i]) + " is not possible for " +
                Twine(extent) + " elements: they would be more than " +
                Twine(mostPlaces));
  if (!step)
    return step.poison();
  Tensor y = x;
  for (size_t i = 0; i < factors.size(); ++i) {
    int64_t d = static_cast<int64_t>(i) + (channels_first ? 2 : 1);
    int64_t extent = y.dim(d), count = extent * factors[i];
    if (factors[i] == 1)
      continue;
    std::vector<int64_t> before, after;
    std::vector<double> weights;
    for (int64_t k = 0; k < count; ++k) {
      double at = (k + 0.5) / static_cast<double>(factors[i]) - 0.5;
      at = std::clamp(at, 0.0, static_cast<double>(extent - 1));
      auto low = static_cast<int64_t>(at);
      before.push_back(low);
      after.push_back(std::min(low + 1, extent - 1));
      weights.push_back(at - static_cast<double>(low));
    }
    std::vector<int64_t> along(y.rank() - d, 1);
    along[0] = count;
    Tensor weight = constant(weights, along, y.dtype(), place);
    Tensor a = gather(y, constant(before, {count}, i32, place), d, 0, place);
    Tensor b = gather(y, constant(after, {count}, i32, place), d, 0, place);
    // Where there is nothing of b, it may be anything.
    y = where(equal(weight, 0.0, place), a, a + (b - a) * weight, place);
  }
  return y;
}

Tensor max_unpool(Tensor x, Tensor indices, const std::vector<int64_t> &extents,
                  bool channels_first, Place place) {
  Scope scope("max_unpool", place);
  Step step("max_unpool", place);
  step.use(x);
  step.use(indices);
  int64_t rank = x.rank() - 2;
  if (step && (rank < 1 || static_cast<int64_t>(extents.size()) != rank))
    step.fail("takes images with a spatial dimension for each of the " +
              Twine(extents.size()) + " extents, not " +
              describe(x.dtype(), x.shape()));
  if (step && indices.shape() != x.shape())
    step.fail("indices of " + describe(indices.dtype(), indices.shape()) +
              " do not agree with " + describe(x.dtype(), x.shape()));
  if (!step)
    return step.poison();
  auto first = [&](Tensor t) {
    return channels_first ? t : detail::channelsFirst(t, place);
  };
  x = first(x);
  indices = first(indices);
  int64_t samples = x.dim(0), channels = x.dim(1), places = 1;
  for (int64_t extent : extents)
    places *= extent;
  Tensor y =
      scatter_add(zeros({samples, channels, places}, x.dtype(), place),
                  reshape(indices, {samples, channels, -1}, place),
                  reshape(x, {samples, channels, -1}, place), 2, 2, place);
  std::vector<int64_t> shape = {samples, channels};
  shape.insert(shape.end(), extents.begin(), extents.end());
  y = reshape(y, shape, place);
  return channels_first ? y : detail::channelsLast(y, place);
}

} // namespace sinter
