//===- ExchangeKernels.cpp - dilated images that are the better kernel ----===//
//
// A convolution is a sum over pairs of an image's and a kernel's elements, and
// either may be called the kernel:
//
//   conv %x, %w  ⇒  reverse (transpose (conv (transpose %w), (transpose %x)))
//
// where samples and features change places, and the distances between the
// image's elements become those between the kernel's.  One way every place of
// the result meets the whole kernel, the other way the whole image.  The second
// is the better one for the gradient of a transposed convolution's kernel: a
// small kernel is looked for, by pushing a whole image over another one with
// zeros between its elements.
//
// The same products are added up in another order.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/LibraryPrimitive.h"
#include "compiler/ir/Sinter.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXCHANGEKERNELS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t count(ArrayRef<int64_t> extents) {
  return ShapedType::getNumElements(extents);
}

/// Whether there are zeros between the image's elements, and fewer places than
/// elements of the kernel: all there are would be added up for each of those.
static bool isBetterExchanged(ConvOp op) {
  int64_t spatial = op.getSpatialRank();
  ArrayRef<int64_t> kernel = shapeOf(op.getKernel());
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  return llvm::any_of(op.getInputDilation(), [](int64_t s) { return s > 1; }) &&
         count(input) > 0 && count(kernel) > 0 &&
         count(op.getType().getShape()) > 0 &&
         count(op.getType().getShape().slice(1, spatial)) <
             count(kernel.take_front(spatial));
}

/// Dimensions of `value` as [.., groups, ..] apart, in `order`, side by side
/// again as `shape` says.
static Value rearrange(OpBuilder &builder, Location loc, Value value,
                       ArrayRef<int64_t> apart, ArrayRef<int64_t> order,
                       ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() != apart)
    value = ReshapeOp::create(builder, loc, type.clone(apart), value);
  value = TransposeOp::create(builder, loc, value, order);
  if (shapeOf(value) != shape)
    value = ReshapeOp::create(builder, loc, type.clone(shape), value);
  return value;
}

static Value exchange(ConvOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  int64_t spatial = op.getSpatialRank(), groups = op.getGroups();
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  ArrayRef<int64_t> kernel = shapeOf(op.getKernel());
  ArrayRef<int64_t> places = op.getType().getShape().slice(1, spatial);
  int64_t samples = input.front(), perGroup = kernel[spatial];
  int64_t features = kernel.back() / groups;

  // The kernel [K…, C/g, g, F/g] as an image [F/g, K…, g, C/g].
  SmallVector<int64_t> apart(kernel.take_front(spatial)), order{spatial + 2},
      shape{features};
  apart.append({perGroup, groups, features});
  llvm::append_range(order, llvm::seq<int64_t>(0, spatial));
  order.append({spatial + 1, spatial});
  llvm::append_range(shape, kernel.take_front(spatial));
  shape.push_back(groups * perGroup);
  Value image = rearrange(builder, loc, op.getKernel(), apart, order, shape);

  // The image [N, S…, g, C/g] as a kernel [S…, C/g, g, N].
  apart.assign(input.begin(), std::prev(input.end()));
  apart.append({groups, perGroup});
  order = llvm::to_vector(llvm::seq<int64_t>(1, spatial + 1));
  order.append({spatial + 2, spatial + 1, 0});
  shape.assign(input.begin() + 1, std::prev(input.end()));
  shape.append({perGroup, groups * samples});
  Value weights = rearrange(builder, loc, op.getInput(), apart, order, shape);

  SmallVector<int64_t> low, high;
  for (int64_t d = 0; d < spatial; ++d) {
    int64_t across = (places[d] - 1) * op.getStrides()[d];
    int64_t reach = (input[d + 1] - 1) * op.getInputDilation()[d];
    int64_t given = (kernel[d] - 1) * op.getKernelDilation()[d];
    low.push_back(across - op.getLow()[d]);
    high.push_back(reach + op.getLow()[d] - given);
  }
  Value result =
      ConvOp::create(builder, loc, image, weights, op.getStrides(), low, high,
                     op.getKernelDilation(), op.getInputDilation(), groups);

  // [F/g, O…, g, N], its places from the last one on, as [N, O…, g, F/g].
  result =
      ReverseOp::create(builder, loc, result,
                        llvm::to_vector(llvm::seq<int64_t>(1, spatial + 1)));
  apart.assign(1, features);
  llvm::append_range(apart, places);
  apart.append({groups, samples});
  order.assign(1, spatial + 2);
  llvm::append_range(order, llvm::seq<int64_t>(1, spatial + 2));
  order.push_back(0);
  return rearrange(builder, loc, result, apart, order, op.getType().getShape());
}

namespace {
struct ExchangeKernels
    : sinter::passes::impl::ExchangeKernelsBase<ExchangeKernels> {
  void runOnOperation() override {
    getOperation().walk([](ConvOp op) {
      if (op->hasAttr(libraryAttr) || !isBetterExchanged(op))
        return;
      OpBuilder builder(op);
      op.replaceAllUsesWith(exchange(op, builder));
      op.erase();
    });
  }
};
} // namespace
