//===- DescribeConvolution.cpp - conv as one of oneDNN's convolutions -----===//
//
// The dialect has one convolution, forward and backward.  oneDNN has three,
// told apart here by what makes them different:
//
// * a dilated input, or a kernel that is read reversed: the gradient with
//   respect to a source, whose weights are the kernel the right way round;
// * a kernel that is larger than the result: the gradient with respect to
//   weights, which sees samples and channels exchanged and has strides for
//   dilations;
// * everything else: forward.
//
//===----------------------------------------------------------------------===//

#include "passes/library/Describe.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// A dimension of a tensor: its extent and its stride.
struct Dim {
  int64_t extent, stride;
};

class Describer {
public:
  explicit Describer(ConvOp op)
      : op(op), call(result.call), space(op.getSpatialRank()),
        groups(op.getGroups()) {}

  Description run();

private:
  Description refuse(StringRef what) {
    result.refusal = ("oneDNN cannot do it: " + what).str();
    return result;
  }
  bool isReversed() const;
  bool isOfWeights() const;
  SmallVector<Dim> splitFeatures(Dim &features) const;
  void forward();
  void backwardData();
  void backwardWeights();
  void fill(sinter_onednn_tensor &to, Value buffer, int64_t offset,
            ArrayRef<Dim> dims);

  ConvOp op;
  Description result;
  sinter_onednn_call &call;
  int64_t space, groups;
  OperandView inputView, kernelView;
  /// [N, S…, C], [K…, C/g, F], [N, O…, F].
  SmallVector<Dim> input, kernel, output;
};
} // namespace

static SmallVector<Dim> dimsOf(Value value, ArrayRef<int64_t> strides) {
  SmallVector<Dim> dims;
  for (auto [extent, stride] : llvm::zip(tensorType(value).getShape(), strides))
    dims.push_back({extent, stride});
  return dims;
}

static SmallVector<Dim> denseDims(Value value) {
  SmallVector<Dim> dims;
  for (int64_t extent : tensorType(value).getShape())
    dims.push_back({extent, 1});
  for (size_t d = dims.size() - 1; d-- > 0;)
    dims[d].stride = dims[d + 1].stride * dims[d + 1].extent;
  return dims;
}

void Describer::fill(sinter_onednn_tensor &to, Value buffer, int64_t offset,
                     ArrayRef<Dim> dims) {
  to = {};
  to.buffer = buffer ? result.bufferOf(buffer) : -1;
  to.offset = offset;
  to.rank = dims.size();
  to.split = -1;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    to.dims[i] = dim.extent;
    to.strides[i] = dim.stride;
  }
}

bool Describer::isReversed() const {
  return llvm::any_of(ArrayRef(kernel).take_front(space), [](const Dim &dim) {
    return dim.extent > 1 && dim.stride < 0;
  });
}

bool Describer::isOfWeights() const {
  auto volume = [&](ArrayRef<Dim> dims) {
    int64_t product = 1;
    for (const Dim &dim : dims)
      product *= dim.extent;
    return product;
  };
  return groups == 1 && volume(ArrayRef(kernel).take_front(space)) >
                            volume(ArrayRef(output).slice(1, space));
}

/// [first dimension, last, those of space]: as [N, S…, C] becomes [N, C, S…].
static SmallVector<Dim> channelsSecond(ArrayRef<Dim> dims) {
  SmallVector<Dim> result = {dims.front(), dims.back()};
  llvm::append_range(result, dims.drop_front().drop_back());
  return result;
}

/// The kernel's groups, if it has several, and the features of each.
SmallVector<Dim> Describer::splitFeatures(Dim &features) const {
  features = kernel.back();
  if (groups == 1)
    return {};
  features.extent /= groups;
  return {{groups, features.extent * features.stride}};
}

void Describer::forward() {
  call.form = SINTER_ONEDNN_CONVOLUTION;
  fill(call.lhs, inputView.argument, inputView.offset, channelsSecond(input));
  Dim features;
  SmallVector<Dim> weights = splitFeatures(features);
  weights.append({features, kernel[space]});
  weights.append(kernel.begin(), kernel.begin() + space);
  fill(call.rhs, kernelView.argument, kernelView.offset, weights);
  fill(call.result, {}, 0, channelsSecond(output));
  for (int64_t i = 0; i < space; ++i) {
    call.strides[i] = op.getStrides()[i];
    call.dilations[i] = op.getKernelDilation()[i];
    call.low[i] = op.getLow()[i];
    call.high[i] = op.getHigh()[i];
  }
}

/// The padding behind that makes `outer` elements `inner` windows.
static int64_t paddingBehind(int64_t outer, int64_t inner, int64_t low,
                             int64_t stride, int64_t dilation, int64_t size) {
  return (inner - 1) * stride + dilation * (size - 1) + 1 - outer - low;
}

void Describer::backwardData() {
  call.form = SINTER_ONEDNN_BACKWARD_DATA;
  fill(call.lhs, inputView.argument, inputView.offset, channelsSecond(input));
  // The channels of the forward convolution's result are the kernel's input.
  Dim features;
  SmallVector<Dim> weights = splitFeatures(features);
  weights.append({kernel[space], features});
  int64_t offset = kernelView.offset;
  for (const Dim &dim : ArrayRef(kernel).take_front(space)) {
    // Read from the other end, which it was reversed from.
    offset += (dim.extent - 1) * dim.stride;
    weights.push_back({dim.extent, -dim.stride});
  }
  fill(call.rhs, kernelView.argument, offset, weights);
  fill(call.result, {}, 0, channelsSecond(output));
  for (int64_t i = 0; i < space; ++i) {
    int64_t dilation = op.getKernelDilation()[i], size = kernel[i].extent;
    call.strides[i] = op.getInputDilation()[i];
    call.dilations[i] = dilation;
    call.low[i] = (size - 1) * dilation - op.getLow()[i];
    call.high[i] = paddingBehind(output[i + 1].extent, input[i + 1].extent,
                                 call.low[i], call.strides[i], dilation, size);
  }
}

void Describer::backwardWeights() {
  call.form = SINTER_ONEDNN_BACKWARD_WEIGHTS;
  SmallVector<Dim> source = {input.back(), input.front()};
  source.append(input.begin() + 1, input.end() - 1);
  fill(call.lhs, inputView.argument, inputView.offset, source);
  SmallVector<Dim> gradient = {kernel[space], kernel.back()};
  gradient.append(kernel.begin(), kernel.begin() + space);
  fill(call.rhs, kernelView.argument, kernelView.offset, gradient);
  SmallVector<Dim> weights = {output.back(), output.front()};
  weights.append(output.begin() + 1, output.end() - 1);
  fill(call.result, {}, 0, weights);
  for (int64_t i = 0; i < space; ++i) {
    int64_t stride = op.getKernelDilation()[i], dilation = op.getStrides()[i],
            size = output[i + 1].extent;
    call.strides[i] = stride;
    call.dilations[i] = dilation;
    call.low[i] = op.getLow()[i];
    call.high[i] = paddingBehind(input[i + 1].extent, kernel[i].extent,
                                 call.low[i], stride, dilation, size);
  }
}

Description Describer::run() {
  if (!op.getType().getElementType().isF32())
    return refuse("its elements are not f32");
  for (Value value : {op.getInput(), op.getKernel(), op.getResult()})
    if (tensorType(value).getNumElements() == 0)
      return refuse("it has no elements");
  auto seenInput = OperandView::of(op.getInput()),
       seenKernel = OperandView::of(op.getKernel());
  if (!seenInput || !seenKernel || Border::of(op.getInput()) ||
      Border::of(op.getKernel()))
    return refuse("an operand is computed on the way");
  inputView = *seenInput;
  kernelView = *seenKernel;
  input = dimsOf(op.getInput(), inputView.strides);
  kernel = dimsOf(op.getKernel(), kernelView.strides);
  output = denseDims(op.getResult());
  auto isOne = [](int64_t n) { return n == 1; };
  bool dilated = !llvm::all_of(op.getInputDilation(), isOne);
  call.tasks = 1;
  call.space = space;
  if (dilated || isReversed()) {
    if (!llvm::all_of(op.getStrides(), isOne))
      return refuse("it has strides and a dilated or reversed operand");
    backwardData();
  } else if (isOfWeights()) {
    backwardWeights();
  } else {
    forward();
  }
  for (int64_t i = 0; i < space; ++i)
    if (call.low[i] < 0)
      return refuse("its padding is negative");
  for (sinter_onednn_tensor *tensor : {&call.lhs, &call.rhs, &call.result})
    for (int64_t i = 0; i < tensor->rank; ++i) {
      if (tensor->strides[i] > 0)
        continue;
      if (tensor->dims[i] > 1)
        return refuse("an operand is read backwards or repeated");
      tensor->strides[i] = 1; // of one element, no matter which
    }
  result.take(op.getResult());
  result.result = op.getResult();
  result.finish();
  return result;
}

Description sinter::passes::describe(ConvOp op) { return Describer(op).run(); }
