//===- Pooling.cpp - windows and what is made of their elements -----------===//
//
// A pooling is a reduction over the windows' own dimensions, so its derivative
// and its tie rule are the reduction's.
//
//===----------------------------------------------------------------------===//

#include "frontend/Convolution.h"
#include "frontend/include/sinter/ops.h"

#include <cmath>

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::perDimension;
using detail::Sides;
using detail::Step;
using detail::typeOf;

Tensor windows(Tensor x, Dims dims, const std::vector<int64_t> &sizes,
               const WindowOptions &options, Place place) {
  Step step("windows", place);
  Value value = step.use(x);
  SmallVector<int64_t> along = step.dims(dims, step ? value : Value());
  int64_t rank = along.size();
  auto strides = perDimension(step, "strides", options.strides, rank, 1);
  auto dilation = perDimension(step, "dilation", options.dilation, rank, 1);
  if (!step)
    return step.poison();
  return step.infer<ir::WindowsOp>(value, {step.array("windowed", along),
                                           step.array("sizes", sizes),
                                           step.array("strides", strides),
                                           step.array("dilations", dilation)});
}

namespace {
/// One pooling of [N, spatial…, C].
struct Pooling {
  Pooling(Step &step, Tensor image, const std::vector<int64_t> &size,
          const PoolOptions &options, Place place);

  /// The elements that windows see, `beyond` where there are none.
  Tensor all(double beyond) const;
  /// How many of them each window sees, [places…, 1].
  Tensor counts(DType dtype) const;
  /// Where in the image the greatest element of each window is, given `all`.
  Tensor places(Tensor seen) const;
  Dims windowDims() const {
    std::vector<int64_t> dims;
    for (int64_t i = 0; i < rank; ++i)
      dims.push_back(1 + rank + i);
    return dims;
  }
  Tensor finish(Tensor y) const {
    return channels_first ? detail::channelsFirst(y, place) : y;
  }
  bool pads() const {
    return llvm::any_of(sides.low, [](int64_t n) { return n > 0; }) ||
           llvm::any_of(sides.high, [](int64_t n) { return n > 0; });
  }

  Tensor x;
  std::vector<int64_t> window;
  int64_t rank;
  bool channels_first;
  Place place;
  SmallVector<int64_t> strides, dilation, extents;
  Sides sides;
};
} // namespace

Pooling::Pooling(Step &step, Tensor image, const std::vector<int64_t> &size,
                 const PoolOptions &options, Place place)
    : x(image), window(size), rank(size.size()),
      channels_first(options.channels_first), place(place) {
  step.use(x);
  if (step && (rank < 1 || rank > 3 || x.rank() != rank + 2))
    step.fail("takes images [N, " +
              Twine(channels_first ? "C, spatial…" : "spatial…, C") +
              "] with as many spatial dimensions, 1 to 3, as the window's " +
              Twine(rank) + ", not " + describe(x.dtype(), x.shape()));
  if (!step)
    return;
  if (channels_first)
    x = detail::channelsLast(x, place);
  std::vector<int64_t> shape = x.shape();
  extents.assign(shape.begin() + 1, shape.begin() + 1 + rank);
  strides = perDimension(step, "strides", options.strides, rank, 1);
  if (options.strides.empty())
    strides.assign(window.begin(), window.end());
  dilation = perDimension(step, "dilation", options.dilation, rank, 1);
  for (int64_t size : window)
    if (step && (size < 1 || size > (1 << 24)))
      step.fail("a window of " + Twine(size) + " elements is not possible");
  if (!step)
    return;
  sides = detail::resolvePadding(step, options.padding, extents, window,
                                 strides, dilation);
  for (int64_t d = 0; d < rank && step; ++d) {
    int64_t reach = (window[d] - 1) * dilation[d] + 1;
    int64_t most = std::max(sides.low[d], sides.high[d]);
    if (most >= reach)
      step.fail("a padding of " + Twine(most) +
                " leaves windows without elements: less than the " +
                Twine(reach) + " that a window spans");
    else if (extents[d] + sides.low[d] + sides.high[d] < reach)
      step.fail("a window that spans " + Twine(reach) +
                " elements does not fit the " +
                Twine(extents[d] + sides.low[d] + sides.high[d]) +
                " of spatial dimension " + Twine(d));
  }
}

Tensor Pooling::all(double beyond) const {
  Tensor padded = x;
  if (pads()) {
    std::vector<int64_t> low(rank + 2, 0), high(low);
    for (int64_t d = 0; d < rank; ++d) {
      low[d + 1] = sides.low[d];
      high[d + 1] = sides.high[d];
    }
    padded = pad(x, low, high, {}, place);
    for (int64_t d = 0; d < rank && beyond != 0; ++d) {
      if (sides.low[d] == 0 && sides.high[d] == 0)
        continue;
      std::vector<int64_t> column(rank + 1, 1);
      column[0] = padded.dim(d + 1);
      column.resize(rank + 1 - d);
      Tensor i = iota(column, 0, i32, place);
      Tensor inside = (i >= sides.low[d]) & (i < sides.low[d] + extents[d]);
      padded = where(broadcast_to(inside, padded.shape(), place), padded,
                     beyond, place);
    }
  }
  std::vector<int64_t> dims(rank);
  for (int64_t d = 0; d < rank; ++d)
    dims[d] = d + 1;
  return windows(padded, dims, window,
                 {.strides = {strides.begin(), strides.end()},
                  .dilation = {dilation.begin(), dilation.end()}},
                 place);
}

Tensor Pooling::counts(DType dtype) const {
  Tensor product;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t reach = (window[d] - 1) * dilation[d] + 1;
    int64_t padded = extents[d] + sides.low[d] + sides.high[d];
    std::vector<double> numbers;
    for (int64_t at = 0; at + reach <= padded; at += strides[d]) {
      double count = 0;
      for (int64_t k = 0; k < window[d]; ++k) {
        int64_t place = at + k * dilation[d] - sides.low[d];
        count += place >= 0 && place < extents[d] ? 1 : 0;
      }
      numbers.push_back(count);
    }
    std::vector<int64_t> shape(rank + 1 - d, 1);
    shape[0] = numbers.size();
    Tensor along = constant(numbers, shape, dtype, place);
    product = d == 0 ? along : product * along;
  }
  return product;
}

Tensor Pooling::places(Tensor seen) const {
  std::vector<int64_t> shape = seen.shape();
  int64_t size = 1;
  for (int64_t extent : window)
    size *= extent;
  std::vector<int64_t> flat(shape.begin(), shape.begin() + 1 + rank);
  flat.insert(flat.end(), {size, shape.back()});
  // The number of the first maximum in its window, taken apart by dimension.
  Tensor first = argmax(reshape(seen, flat, place), 1 + rank, place), result;
  for (int64_t d = 0; d < rank; ++d) {
    size /= window[d];
    Tensor at = iota(first.shape(), 1 + d, i32, place) * strides[d] +
                first / size % window[d] * dilation[d] - sides.low[d];
    // Where nothing beats the padding, that may be the first.
    at = clamp(at, 0, extents[d] - 1, place);
    result = d == 0 ? at : result * extents[d] + at;
  }
  return result;
}

/// What no element is less than.
static double leastOf(DType dtype) {
  return dtype == u8 || dtype == i1 ? 0
         : dtype == i8              ? -128
         : dtype == i32             ? -0x1p31
         : dtype == i64             ? -0x1p63
                                    : -HUGE_VAL;
}

Tensor max_pool(Tensor x, const std::vector<int64_t> &window,
                const PoolOptions &options, Place place) {
  Scope scope("max_pool", place);
  Step step("max_pool", place);
  Pooling pooling(step, x, window, options, place);
  if (!step)
    return step.poison();
  return pooling.finish(
      max(pooling.all(leastOf(x.dtype())), pooling.windowDims(), false, place));
}

MaxPool max_pool_with_indices(Tensor x, const std::vector<int64_t> &window,
                              const PoolOptions &options, Place place) {
  Scope scope("max_pool", place);
  Step step("max_pool_with_indices", place);
  Pooling pooling(step, x, window, options, place);
  if (!step)
    return {step.poison(), step.poison()};
  return {max_pool(x, window, options, place),
          pooling.finish(pooling.places(pooling.all(leastOf(x.dtype()))))};
}

Tensor average_pool(Tensor x, const std::vector<int64_t> &window,
                    const PoolOptions &options, Place place) {
  Scope scope("average_pool", place);
  Step step("average_pool", place);
  Pooling pooling(step, x, window, options, place);
  if (step && !is_float(x.dtype()))
    step.fail("takes floats, not " + describe(x.dtype(), x.shape()) +
              ": use cast to change the element type");
  if (!step)
    return step.poison();
  Tensor all = pooling.all(0);
  if (!pooling.pads())
    return pooling.finish(mean(all, pooling.windowDims(), false, place));
  Tensor total = sum(detail::widened(all), pooling.windowDims(), false, place);
  return pooling.finish(cast(total / pooling.counts(total.dtype()), x.dtype()));
}

/// All but the first dimension and the channels.
static std::optional<Dims> places(Step &step, Tensor x, bool channelsFirst) {
  step.use(x);
  if (step && x.rank() < 3)
    step.fail("takes images [N, " +
              Twine(channelsFirst ? "C, spatial…" : "spatial…, C") + "], not " +
              describe(x.dtype(), x.shape()));
  if (!step)
    return std::nullopt;
  std::vector<int64_t> dims;
  for (int64_t d = 1; d < x.rank() - 1; ++d)
    dims.push_back(channelsFirst ? d + 1 : d);
  return Dims(dims);
}

Tensor global_max_pool(Tensor x, bool channels_first, Place place) {
  Step step("global_max_pool", place);
  auto dims = places(step, x, channels_first);
  return dims ? max(x, *dims, false, place) : step.poison();
}

Tensor global_average_pool(Tensor x, bool channels_first, Place place) {
  Step step("global_average_pool", place);
  auto dims = places(step, x, channels_first);
  return dims ? mean(x, *dims, false, place) : step.poison();
}

} // namespace sinter
