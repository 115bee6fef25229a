//===- ExpandConvolutions.cpp - conv as a contraction of windows ----------===//
//
// A convolution is a pad, an index map and a contraction:
//
//   conv %x, %w  ⇒  dot_general (windows (pad %x)), %w contract k… and c
//
// Nothing of it is ever stored: `windows` becomes the strides with which the
// contraction reads its operand, so that there is one emitter for both, forward
// and backward (a kernel's gradient contracts the same windows over samples and
// places).  Groups are a batch dimension of the contraction.  A group of one
// feature leaves nothing to be contracted as a matrix: it is a sum of products,
// vectorized along the groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXPANDCONVOLUTIONS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
class Expansion {
public:
  Expansion(ConvOp op, OpBuilder &builder)
      : op(op), builder(builder), loc(op.getLoc()),
        kernel(tensorType(op.getKernel())), spatial(op.getSpatialRank()),
        groups(op.getGroups()), perGroup(kernel.getDimSize(spatial)) {}

  Value expand() {
    if (groups == 1)
      return contract(windows(pad(op.getInput())), op.getKernel());
    if (kernel.getShape().back() == groups)
      return sumOfProducts();
    return contractGroups();
  }

private:
  Value reshape(Value value, ArrayRef<int64_t> shape) {
    return ReshapeOp::create(builder, loc, tensorType(value).clone(shape),
                             value);
  }
  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    return TransposeOp::create(builder, loc, value, permutation);
  }
  static SmallVector<int64_t> range(int64_t begin, int64_t end) {
    return llvm::to_vector(llvm::seq<int64_t>(begin, end));
  }

  /// [N, S…, …]: zeros around and between spatial elements, or fewer of them.
  Value pad(Value input) {
    RankedTensorType type = tensorType(input);
    SmallVector<int64_t> low(type.getRank(), 0), high(low), between(low);
    SmallVector<int64_t> offsets(low), sizes, ones(type.getRank(), 1);
    bool pads = false, cuts = false;
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t d = i + 1;
      low[d] = std::max<int64_t>(op.getLow()[i], 0);
      high[d] = std::max<int64_t>(op.getHigh()[i], 0);
      between[d] = op.getInputDilation()[i] - 1;
      offsets[d] = std::max<int64_t>(-op.getLow()[i], 0);
      pads |= low[d] > 0 || high[d] > 0 || between[d] > 0;
      cuts |= op.getLow()[i] < 0 || op.getHigh()[i] < 0;
    }
    if (pads)
      input = PadOp::create(builder, loc, input, low, high, between);
    if (!cuts)
      return input;
    llvm::append_range(sizes, tensorType(input).getShape());
    for (int64_t i = 0; i < spatial; ++i)
      sizes[i + 1] -= offsets[i + 1] + std::max<int64_t>(-op.getHigh()[i], 0);
    return SliceOp::create(builder, loc, input, offsets, sizes, ones);
  }

  /// [N, S…, …] to [N, O…, K…, …].
  Value windows(Value padded) {
    return WindowsOp::create(builder, loc, padded, range(1, spatial + 1),
                             kernel.getShape().take_front(spatial),
                             op.getStrides(), op.getKernelDilation());
  }

  Value contract(Value windows, Value weights) {
    return DotGeneralOp::create(
        builder, loc, windows, weights, range(spatial + 1, 2 * spatial + 2),
        range(0, spatial + 1), ArrayRef<int64_t>(), ArrayRef<int64_t>());
  }

  /// [N, S…, C] as [N, S…, g, C/g].
  Value splitChannels() {
    SmallVector<int64_t> shape(
        tensorType(op.getInput()).getShape().drop_back());
    shape.append({groups, perGroup});
    return reshape(op.getInput(), shape);
  }

  Value contractGroups() {
    Value x = windows(pad(splitChannels())); // [N, O…, K…, g, C/g]
    SmallVector<int64_t> shape(kernel.getShape().drop_back());
    shape.append({groups, kernel.getShape().back() / groups});
    Value w = reshape(op.getKernel(), shape); // [K…, C/g, g, F/g]
    auto contracting = range(spatial + 1, 2 * spatial + 1);
    contracting.push_back(2 * spatial + 2);
    Value product =
        DotGeneralOp::create(builder, loc, x, w, contracting,
                             range(0, spatial + 1), {2 * spatial + 1},
                             {spatial + 1}); // [g, N, O…, F/g]
    auto order = range(1, spatial + 2);
    order.append({0, spatial + 2});
    return reshape(transpose(product, order), op.getType().getShape());
  }

  Value sumOfProducts() {
    // Groups innermost, where vectors run: [N, S…, C/g, g].
    Value x = op.getInput(), w = op.getKernel();
    int64_t terms = 1;
    if (perGroup == 1) {
      SmallVector<int64_t> shape(kernel.getShape().take_front(spatial));
      shape.push_back(groups);
      w = reshape(w, shape);
      terms = 0;
    } else {
      auto order = range(0, spatial + 1);
      order.append({spatial + 2, spatial + 1});
      x = transpose(splitChannels(), order);
    }
    x = windows(pad(x)); // [N, O…, K…, C/g, g]
    int64_t rank = tensorType(x).getRank();
    Value repeated = BroadcastOp::create(builder, loc, x.getType(), w,
                                         range(spatial + 1, rank));
    Value products = MulOp::create(builder, loc, x, repeated);
    return ReduceSumOp::create(builder, loc, products,
                               range(spatial + 1, 2 * spatial + 1 + terms));
  }

  ConvOp op;
  OpBuilder &builder;
  Location loc;
  RankedTensorType kernel;
  int64_t spatial, groups, perGroup;
};

struct ExpandConvolutions
    : sinter::passes::impl::ExpandConvolutionsBase<ExpandConvolutions> {
  void runOnOperation() override {
    getOperation().walk([](ConvOp op) {
      OpBuilder builder(op);
      op.replaceAllUsesWith(Expansion(op, builder).expand());
      op.erase();
    });
  }
};
} // namespace
