//===- convolution.h - windows, convolutions, poolings ----------*- C++ -*-===//
//
// In one, two or three spatial dimensions.  Images are [N, spatial…, C], or
// with `channels_first` [N, C, spatial…]; kernels are [spatial…, C/groups, F].
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_CONVOLUTION_H
#define SINTER_CONVOLUTION_H

#include "sinter/model.h"
#include "sinter/tensor.h"

#include <optional>

namespace sinter {

/// What is added around the spatial dimensions: zeros; nothing that counts, for
/// poolings.
class Padding {
public:
  /// Nothing: a window lies inside.
  static const Padding valid;
  /// So much that there is a window at every `stride`-th element: ⌈n/stride⌉ of
  /// them.  An odd element is added at the end.
  static const Padding same;

  Padding() = default;
  /// So many elements on both sides of each dimension; one number for all.
  Padding(std::initializer_list<int64_t> amounts)
      : low_(amounts), high_(low_) {}
  Padding(std::vector<int64_t> amounts)
      : low_(std::move(amounts)), high_(low_) {}
  Padding(std::vector<int64_t> low, std::vector<int64_t> high)
      : low_(std::move(low)), high_(std::move(high)) {}

  bool is_same() const { return same_; }
  const std::vector<int64_t> &low() const { return low_; }
  const std::vector<int64_t> &high() const { return high_; }

private:
  std::vector<int64_t> low_, high_;
  bool same_ = false;
  static Padding make_same();
};

/// Lists have an entry a spatial dimension, or one for all; empty, they are 1.
struct ConvOptions {
  std::vector<int64_t> strides = {};
  Padding padding = {};
  /// Distance of the kernel's elements from each other.
  std::vector<int64_t> dilation = {};
  /// Distance of the input's elements from each other; zeros between them.
  std::vector<int64_t> input_dilation = {};
  /// Channels and features are divided into so many groups that know nothing
  /// of each other; as many as channels: depthwise.
  int64_t groups = 1;
  /// Mathematics' convolution, with the kernel reversed, instead of the
  /// cross-correlation that networks mean.
  bool flip = false;
  bool channels_first = false;
};
/// y[n, o…, f] = Σ_k,c x[n, o·stride + k·dilation − padding, c]·w[k…, c, f]:
/// ⌊(n + p − dilation·(k − 1) − 1)/stride⌋ + 1 places for p elements of
/// padding.
Tensor conv(Tensor x, Tensor kernel, const ConvOptions &options = {},
            Place place = Place::current());

struct ConvTransposeOptions {
  std::vector<int64_t> strides = {};
  /// What the convolution pads, and so what is cut off here.
  Padding padding = {};
  std::vector<int64_t> dilation = {};
  /// Elements at the end that the convolution's last window did not reach.
  std::vector<int64_t> output_padding = {};
  int64_t groups = 1;
  bool channels_first = false;
};
/// The transpose of `conv` with the same kernel and options: ⟨conv(x, w), y⟩ =
/// ⟨x, conv_transpose(y, w)⟩.  x [N, S…, F] of the features of a kernel
/// [K…, C/groups, F] becomes [N, stride·(S − 1) + dilation·(K − 1) + 1 − p +
/// output_padding, C]; with padding `same`, [N, stride·S, C].
Tensor conv_transpose(Tensor x, Tensor kernel,
                      const ConvTransposeOptions &options = {},
                      Place place = Place::current());

struct WindowOptions {
  std::vector<int64_t> strides = {};
  std::vector<int64_t> dilation = {};
};
/// All windows of `sizes` elements along the dimensions `dims`: those become
/// the windows' numbers, and the windows' own dimensions stand behind the last
/// of them.  Nothing is copied where it need not be.
Tensor windows(Tensor x, Dims dims, const std::vector<int64_t> &sizes,
               const WindowOptions &options = {},
               Place place = Place::current());

struct PoolOptions {
  /// The window's own size, if empty: windows side by side.
  std::vector<int64_t> strides = {};
  /// Less than a window on each side; takes no part in the result.
  Padding padding = {};
  std::vector<int64_t> dilation = {};
  bool channels_first = false;
};
/// The largest element of each window of [N, spatial…, C], one number of
/// `window` a spatial dimension.  Of equals the first gets the cotangent.
Tensor max_pool(Tensor x, const std::vector<int64_t> &window,
                const PoolOptions &options = {},
                Place place = Place::current());
struct MaxPool {
  Tensor values;
  /// Where each value was: its place among the image's, counted row by row;
  /// i32.
  Tensor indices;
};
/// `max_pool`, and where the elements came from, for `max_unpool`.
MaxPool max_pool_with_indices(Tensor x, const std::vector<int64_t> &window,
                              const PoolOptions &options = {},
                              Place place = Place::current());
/// An image of `extents` places that is 0 but where `indices` put the elements
/// of x, both [N, spatial…, C]; those that share a place add up, an index out
/// of range is dropped.
Tensor max_unpool(Tensor x, Tensor indices, const std::vector<int64_t> &extents,
                  bool channels_first = false, Place place = Place::current());
/// The mean of each window's elements, not counting padding; floats.
Tensor average_pool(Tensor x, const std::vector<int64_t> &window,
                    const PoolOptions &options = {},
                    Place place = Place::current());
/// Over all places: [N, spatial…, C] to [N, C].
Tensor global_max_pool(Tensor x, bool channels_first = false,
                       Place place = Place::current());
Tensor global_average_pool(Tensor x, bool channels_first = false,
                           Place place = Place::current());

/// Each element of [N, spatial…, C] repeated, one factor a spatial dimension:
/// y[i] = x[⌊i/f⌋].
Tensor upsample_nearest(Tensor x, const std::vector<int64_t> &factors,
                        bool channels_first = false,
                        Place place = Place::current());
/// Linear between the centres of elements, in every spatial dimension
/// (bilinear for two): y[i] = x at (i + ½)/f − ½, where an image goes on beyond
/// its outermost centres as it is there; floats.
Tensor upsample_linear(Tensor x, const std::vector<int64_t> &factors,
                       bool channels_first = false,
                       Place place = Place::current());

namespace nn {

struct ConvLayerOptions {
  std::vector<int64_t> strides = {};
  Padding padding = {};
  std::vector<int64_t> dilation = {};
  int64_t groups = 1;
  bool channels_first = false;
  bool bias = true;
  /// He's normal, variance 2/(k·C/groups) for k elements of the kernel, unless
  /// given.
  std::optional<Initializer> weight_initializer = {};
  /// Zeros unless given.
  std::optional<Initializer> bias_initializer = {};
};
/// conv(x, weight) + bias with the parameters `name.weight` [kernel…,
/// C/groups, features] and `name.bias` [features] of x's element type.
Tensor conv(Model &m, std::string_view name, Tensor x, int64_t features,
            const std::vector<int64_t> &kernel,
            const ConvLayerOptions &options = {},
            Place place = Place::current());

} // namespace nn
} // namespace sinter

#endif // SINTER_CONVOLUTION_H
