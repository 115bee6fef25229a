//===- Convolution.cpp - conv, its transpose, the layer -------------------===//

#include "frontend/Convolution.h"
#include "frontend/include/sinter/init.h"
#include "frontend/include/sinter/ops.h"

#include <numeric>

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::perDimension;
using detail::Sides;
using detail::Step;
using detail::typeOf;

const Padding Padding::valid = {};
const Padding Padding::same = Padding::make_same();
Padding Padding::make_same() {
  Padding padding;
  padding.same_ = true;
  return padding;
}

namespace detail {

SmallVector<int64_t> perDimension(Step &step, llvm::StringRef name,
                                  const std::vector<int64_t> &given,
                                  int64_t rank, int64_t fallback) {
  if (given.empty())
    return SmallVector<int64_t>(rank, fallback);
  if (given.size() == 1)
    return SmallVector<int64_t>(rank, given[0]);
  if (static_cast<int64_t>(given.size()) != rank && step)
    step.fail("`" + name + "` has " + Twine(given.size()) + " entries for " +
              Twine(rank) + " spatial dimensions");
  SmallVector<int64_t> result(given.begin(), given.end());
  result.resize(rank, fallback);
  return result;
}

/// Extents beyond this are mistakes, and sums of them do not overflow.
constexpr int64_t largest = int64_t(1) << 40;

static bool isSensible(Step &step, llvm::StringRef name,
                       ArrayRef<int64_t> values, int64_t least) {
  for (int64_t value : values)
    if (step && (value < least || value > largest))
      step.fail("`" + name + "` of " + Twine(value) + " is not possible" +
                (value < least ? ": at least " + Twine(least) : Twine()));
  return static_cast<bool>(step);
}

Sides resolvePadding(Step &step, const Padding &padding,
                     ArrayRef<int64_t> extents, ArrayRef<int64_t> window,
                     ArrayRef<int64_t> strides, ArrayRef<int64_t> dilation) {
  int64_t rank = extents.size();
  Sides sides{perDimension(step, "padding", padding.low(), rank, 0),
              perDimension(step, "padding", padding.high(), rank, 0)};
  if (!isSensible(step, "padding", sides.low, 0) ||
      !isSensible(step, "padding", sides.high, 0) ||
      !isSensible(step, "strides", strides, 1) ||
      !isSensible(step, "dilation", dilation, 1) || !padding.is_same())
    return sides;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t reach = (window[d] - 1) * dilation[d] + 1;
    int64_t places = (extents[d] + strides[d] - 1) / strides[d];
    int64_t total =
        std::max<int64_t>((places - 1) * strides[d] + reach - extents[d], 0);
    sides.low[d] = total / 2;
    sides.high[d] = total - total / 2;
  }
  return sides;
}

static std::vector<int64_t> channelOrder(int64_t rank, bool toLast) {
  std::vector<int64_t> order{0};
  if (!toLast)
    order.push_back(rank - 1);
  for (int64_t d = 1; d < rank - 1; ++d)
    order.push_back(toLast ? d + 1 : d);
  if (toLast)
    order.push_back(1);
  return order;
}

Tensor channelsLast(Tensor x, Place place) {
  return transpose(x, channelOrder(x.rank(), true), place);
}
Tensor channelsFirst(Tensor x, Place place) {
  return transpose(x, channelOrder(x.rank(), false), place);
}

} // namespace detail

/// Spatial extents; with `step` not ok where the ranks are impossible.
static SmallVector<int64_t> spatialExtents(Step &step, Tensor x, Tensor kernel,
                                           bool channelsFirst) {
  int64_t spatial = x.rank() - 2;
  if (spatial < 1 || spatial > 3 || kernel.rank() != x.rank()) {
    step.fail("takes images [N, " +
              Twine(channelsFirst ? "C, spatial…" : "spatial…, C") +
              "] and a kernel [spatial…, C/groups, F] with 1 to 3 spatial "
              "dimensions, not " +
              describe(x.dtype(), x.shape()) + " and " +
              describe(kernel.dtype(), kernel.shape()));
    return {};
  }
  std::vector<int64_t> shape = x.shape();
  auto first = shape.begin() + (channelsFirst ? 2 : 1);
  return SmallVector<int64_t>(first, first + spatial);
}

/// The op, which has channels last, on images that may have them first.
static Tensor makeConv(Step &step, Tensor x, Tensor kernel, bool channelsFirst,
                       ArrayRef<int64_t> strides, const Sides &padding,
                       ArrayRef<int64_t> inputDilation,
                       ArrayRef<int64_t> dilation, int64_t groups,
                       Place place) {
  if (channelsFirst)
    x = detail::channelsLast(x, place);
  Tensor y = step.infer<ir::ConvOp>(
      {step.use(x), step.use(kernel)},
      {step.array("strides", strides), step.array("low", padding.low),
       step.array("high", padding.high),
       step.array("input_dilation", inputDilation),
       step.array("kernel_dilation", dilation),
       step.integer("groups", groups)});
  return channelsFirst && !y.is_poison() ? detail::channelsFirst(y, place) : y;
}

/// A kernel with its spatial dimensions reversed.
static Tensor flipped(Tensor kernel, Place place) {
  std::vector<int64_t> along(kernel.rank() - 2);
  std::iota(along.begin(), along.end(), 0);
  return reverse(kernel, along, place);
}

Tensor conv(Tensor x, Tensor kernel, const ConvOptions &options, Place place) {
  Step step("conv", place);
  step.use(x), step.use(kernel);
  if (!step)
    return step.poison();
  SmallVector<int64_t> extents =
      spatialExtents(step, x, kernel, options.channels_first);
  int64_t rank = extents.size();
  auto strides = perDimension(step, "strides", options.strides, rank, 1);
  auto dilation = perDimension(step, "dilation", options.dilation, rank, 1);
  auto between =
      perDimension(step, "input_dilation", options.input_dilation, rank, 1);
  if (!step || !detail::isSensible(step, "input_dilation", between, 1))
    return step.poison();
  for (int64_t d = 0; d < rank; ++d)
    extents[d] = std::max<int64_t>(extents[d] - 1, 0) * between[d] + 1;
  std::vector<int64_t> window = kernel.shape();
  window.resize(rank);
  Sides padding = detail::resolvePadding(step, options.padding, extents, window,
                                         strides, dilation);
  if (!step)
    return step.poison();
  if (options.flip)
    kernel = flipped(kernel, place);
  return makeConv(step, x, kernel, options.channels_first, strides, padding,
                  between, dilation, options.groups, place);
}

/// [K…, C/g, F] as the transposed convolution wants it: [K…, F/g, C], reversed.
static Tensor turned(Tensor kernel, int64_t groups, Place place) {
  int64_t rank = kernel.rank() - 2;
  std::vector<int64_t> order(rank), shape = kernel.shape();
  std::iota(order.begin(), order.end(), 0);
  kernel = flipped(kernel, place);
  int64_t perGroup = shape[rank], features = shape[rank + 1];
  if (groups == 1) {
    order.insert(order.end(), {rank + 1, rank});
    return transpose(kernel, order, place);
  }
  std::vector<int64_t> split(shape.begin(), shape.begin() + rank), back = split;
  split.insert(split.end(), {perGroup, groups, features / groups});
  order.insert(order.end(), {rank + 2, rank + 1, rank});
  back.insert(back.end(), {features / groups, groups * perGroup});
  return reshape(transpose(reshape(kernel, split, place), order, place), back,
                 place);
}

Tensor conv_transpose(Tensor x, Tensor kernel,
                      const ConvTransposeOptions &options, Place place) {
  Step step("conv_transpose", place);
  step.use(x), step.use(kernel);
  if (!step)
    return step.poison();
  SmallVector<int64_t> extents =
      spatialExtents(step, x, kernel, options.channels_first);
  int64_t rank = extents.size();
  auto strides = perDimension(step, "strides", options.strides, rank, 1);
  auto dilation = perDimension(step, "dilation", options.dilation, rank, 1);
  auto more =
      perDimension(step, "output_padding", options.output_padding, rank, 0);
  if (!step || !detail::isSensible(step, "output_padding", more, 0))
    return step.poison();
  int64_t groups = options.groups;
  if (groups < 1 || kernel.dim(-1) % groups != 0)
    return step.fail(Twine(kernel.dim(-1)) + " features do not divide into " +
                     Twine(groups) + " groups");
  std::vector<int64_t> window = kernel.shape();
  window.resize(rank);
  // What a convolution from `strides` times as many elements would pad.
  SmallVector<int64_t> full;
  for (int64_t d = 0; d < rank; ++d) {
    if (strides[d] > 0 && extents[d] > detail::largest / strides[d])
      return step.fail("the result becomes too large");
    full.push_back(extents[d] * strides[d]);
  }
  Sides given = detail::resolvePadding(step, options.padding, full, window,
                                       strides, dilation);
  if (!step)
    return step.poison();
  Sides padding;
  for (int64_t d = 0; d < rank; ++d) {
    if (window[d] < 1)
      return step.fail("a kernel " + describe(kernel.dtype(), kernel.shape()) +
                       " has no elements");
    if (more[d] >= std::max(strides[d], dilation[d]))
      return step.fail("`output_padding` of " + Twine(more[d]) +
                       " must be less than the stride or the dilation");
    int64_t reach = (window[d] - 1) * dilation[d] + 1;
    padding.low.push_back(reach - 1 - given.low[d]);
    padding.high.push_back(reach - 1 - given.high[d] + more[d]);
    // Windows of a stride beyond their reach leave elements at the end.
    if (options.padding.is_same()) {
      int64_t spread = std::max<int64_t>(extents[d] - 1, 0) * strides[d] + 1;
      padding.high.back() = full[d] + reach - 1 - spread - padding.low.back();
    }
  }
  SmallVector<int64_t> ones(rank, 1);
  return makeConv(step, x, turned(kernel, groups, place),
                  options.channels_first, ones, padding, strides, dilation,
                  groups, place);
}

namespace nn {

Tensor conv(Model &m, std::string_view name, Tensor x, int64_t features,
            const std::vector<int64_t> &kernel, const ConvLayerOptions &options,
            Place place) {
  Scope scope(name, place);
  Step step("conv", place);
  step.use(x);
  int64_t rank = kernel.size();
  if (step && (!is_float(x.dtype()) || x.rank() != rank + 2))
    return step.fail(
        "takes floats [N, " +
        Twine(options.channels_first ? "C, spatial…" : "spatial…, C") +
        "] with as many spatial dimensions as the kernel's " + Twine(rank) +
        ", not " + describe(x.dtype(), x.shape()));
  if (!step)
    return step.poison();
  int64_t channels = x.dim(options.channels_first ? 1 : -1);
  if (features < 1)
    return step.fail(Twine(features) + " features are not possible");
  if (options.groups < 1 || channels % options.groups != 0 ||
      features % options.groups != 0)
    return step.fail(Twine(channels) + " channels and " + Twine(features) +
                     " features do not divide into " + Twine(options.groups) +
                     " groups");
  std::vector<int64_t> shape = kernel;
  shape.insert(shape.end(), {channels / options.groups, features});
  Variable weight = m.parameter(
      "weight", shape, options.weight_initializer.value_or(init::he_normal()),
      x.dtype());
  Tensor product =
      named(sinter::conv(x, weight,
                         {.strides = options.strides,
                          .padding = options.padding,
                          .dilation = options.dilation,
                          .groups = options.groups,
                          .channels_first = options.channels_first}),
            "conv");
  if (!options.bias)
    return product;
  Variable bias =
      m.parameter("bias", {features},
                  options.bias_initializer.value_or(init::zeros()), x.dtype());
  if (!options.channels_first)
    return named(product + bias, "bias");
  std::vector<int64_t> beside(rank + 1, 1);
  beside[0] = features;
  return named(product + reshape(bias, beside), "bias");
}

} // namespace nn
} // namespace sinter
