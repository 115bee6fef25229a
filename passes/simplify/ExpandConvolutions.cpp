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
// A convolution of a dilated input (the derivative of one by strides, and the
// transposed convolution) would multiply mostly by zeros.  It is written the
// other way round: every element's products with the whole kernel, added up
// where windows of the result have them,
//
//   conv %x, %w input_dilation s  ⇒  fold_windows (dot_general %x, %w) strides
//   s
//
// which adds the same products in another order, and leaves out the zeros.
//
// Vectors run along the features, and take several terms at once of a few.
// Where both fill a vector badly and a row of places fills it better, the image
// is turned once, channels first, and every row of the result is a product with
// the kernel on the left:
//
//   conv %x, %w  ⇒  transpose (dot_general %w, (windows (transpose %x)))
//
// For a kernel's gradient, which sees samples and channels exchanged, rows of
// places and channels lie side by side as they are.  What is kept for a library
// stays as it is.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ImageLayouts.h"
#include "compiler/ir/LibraryPrimitive.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "passes/simplify/ConvolutionVectors.h"
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

/// What the convolution reads, in f32 if it is bf16; beneath a transpose, for
/// the expansion asks whether there is one.
static Value widenOperand(OpBuilder &builder, Value operand) {
  auto transpose = operand.getDefiningOp<TransposeOp>();
  if (transpose)
    return TransposeOp::create(builder, transpose.getLoc(),
                               widenOperand(builder, transpose.getOperand()),
                               transpose.getPermutation());
  return CastOp::create(builder, operand.getLoc(),
                        getComputeType(operand.getType()), operand);
}

/// A convolution of bf16 is expanded as one of f32, rounded in the end: what it
/// is expanded to may be several ops, which would all round.
static ConvOp widen(ConvOp op) {
  OpBuilder builder(op);
  for (OpOperand &operand : op->getOpOperands())
    operand.set(widenOperand(builder, operand.get()));
  Value result = op.getResult();
  Type narrow = op.getType();
  result.setType(cast<RankedTensorType>(getComputeType(narrow)));
  builder.setInsertionPointAfter(op);
  auto rounded = CastOp::create(builder, op.getLoc(), narrow, result);
  result.replaceAllUsesExcept(rounded, rounded);
  return op;
}

namespace {
class Expansion {
public:
  Expansion(ConvOp op, OpBuilder &builder)
      : op(op), builder(builder), loc(op.getLoc()),
        kernel(tensorType(op.getKernel())), spatial(op.getSpatialRank()),
        groups(op.getGroups()), perGroup(kernel.getDimSize(spatial)),
        vectors(op) {}

  Value expand() {
    if (groups == 1 && isScattered()) {
      note("channels last: every element by the whole kernel, added up");
      return scatter();
    }
    if (groups == 1 && vectors.fillAlongRows()) {
      note("places last: " + Twine(kernel.getShape().back()) +
           " features fill vectors less than a row of places");
      Value image = vectors.imageOfSamples();
      return image ? contractRowsOfSamples(image) : contractRows();
    }
    if (groups == 1) {
      note("channels last: vectors along " + Twine(kernel.getShape().back()) +
           " features");
      return contract(windows(pad(op.getInput())), op.getKernel());
    }
    if (kernel.getShape().back() == groups) {
      note("channels last: vectors along " + Twine(groups) + " groups");
      return sumOfProducts();
    }
    note("channels last: a product for each of " + Twine(groups) + " groups");
    return contractGroups();
  }

private:
  void note(const Twine &text) {
    noteImageLayout(op, "conv", op.getResult(), text);
  }
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

  /// The kernel, [K…, C, F], for each of so many products.
  Value repeatKernel(ArrayRef<int64_t> products) {
    SmallVector<int64_t> shape(products);
    llvm::append_range(shape, kernel.getShape());
    int64_t rank = shape.size();
    return BroadcastOp::create(builder, loc, kernel.clone(shape),
                               op.getKernel(), range(products.size(), rank));
  }

  /// A product for each sample and each row of places: [F, O].
  Value contractRows() {
    auto order = range(1, spatial + 1);
    order.insert(order.begin(), {0, spatial + 1});
    Value image = transpose(pad(op.getInput()), order);
    // [N, C, S…] to [N, C, O…, K…].
    Value shown = WindowsOp::create(builder, loc, image, range(2, spatial + 2),
                                    kernel.getShape().take_front(spatial),
                                    op.getStrides(), op.getKernelDilation());
    auto rows = range(2, spatial + 1),
         depth = range(spatial + 2, 2 * spatial + 2);
    rows.insert(rows.begin(), 0);
    depth.push_back(1);
    Value product = DotGeneralOp::create(
        builder, loc, repeatKernel(op.getType().getShape().take_front(spatial)),
        shown, range(spatial, 2 * spatial + 1), depth, range(0, spatial), rows);
    auto back = range(0, spatial); // [N, O…, F, O]
    back.append({spatial + 1, spatial});
    return transpose(product, back);
  }

  /// A product for each row of places: [F, O·N]; or one for all of them.
  Value contractRowsOfSamples(Value image) {
    // [C, S…, N] to [C, O…, K…, N].
    Value shown = windows(pad(image));
    auto depth = range(spatial + 1, 2 * spatial + 1);
    depth.push_back(0);
    if (vectors.areRowsOfOneProduct()) {
      Value product = DotGeneralOp::create(
          builder, loc, op.getKernel(), shown, range(0, spatial + 1), depth,
          ArrayRef<int64_t>(), ArrayRef<int64_t>());
      auto back = range(1, spatial + 1); // [F, O…, N]
      back.insert(back.begin(), spatial + 1);
      back.push_back(0);
      return transpose(product, back);
    }
    Value product = DotGeneralOp::create(
        builder, loc,
        repeatKernel(op.getType().getShape().slice(1, spatial - 1)), shown,
        range(spatial - 1, 2 * spatial), depth, range(0, spatial - 1),
        range(1, spatial));
    auto back = range(0, spatial - 1); // [O…, F, O, N]
    back.insert(back.begin(), spatial + 1);
    back.append({spatial, spatial - 1});
    return transpose(product, back);
  }

  /// [N, S…, C] as [N, S…, g, C/g].
  Value splitChannels() {
    SmallVector<int64_t> shape(
        tensorType(op.getInput()).getShape().drop_back());
    shape.append({groups, perGroup});
    return reshape(op.getInput(), shape);
  }

  /// Whether most of what the kernel meets are zeros between elements.
  bool isScattered() {
    RankedTensorType input = tensorType(op.getInput());
    return llvm::all_of(op.getStrides(), [](int64_t s) { return s == 1; }) &&
           llvm::any_of(op.getInputDilation(),
                        [](int64_t s) { return s > 1; }) &&
           !llvm::is_contained(input.getShape().slice(1, spatial), 0);
  }

  Value scatter() {
    // [N, S…, C]·[K…, C, F] = [N, S…, K…, F]; the last of the kernel's elements
    // reaches the first place.
    auto along = range(0, spatial);
    Value turned = ReverseOp::create(builder, loc, op.getKernel(), along);
    Value products = DotGeneralOp::create(
        builder, loc, op.getInput(), turned, {spatial + 1}, {spatial},
        ArrayRef<int64_t>(), ArrayRef<int64_t>());
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op);
    SmallVector<int64_t> full(result.getShape()), offsets(spatial + 2, 0),
        sizes(result.getShape()), low(offsets), high(offsets), none(offsets);
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t d = i + 1;
      int64_t before = (kernel.getDimSize(i) - 1) * op.getKernelDilation()[i];
      full[d] =
          (input.getDimSize(d) - 1) * op.getInputDilation()[i] + 1 + before;
      // Element 0 of the result is element `first` of all that is reached.
      int64_t first = before - op.getLow()[i];
      int64_t end = first + result.getDimSize(d);
      offsets[d] = std::clamp<int64_t>(first, 0, full[d]);
      int64_t stop = std::clamp<int64_t>(end, offsets[d], full[d]);
      sizes[d] = stop - offsets[d];
      low[d] = std::clamp<int64_t>(-first, 0, result.getDimSize(d));
      high[d] = result.getDimSize(d) - low[d] - sizes[d];
    }
    Value sum = FoldWindowsOp::create(
        builder, loc, result.clone(full), products, range(1, spatial + 1),
        kernel.getShape().take_front(spatial), op.getInputDilation(),
        op.getKernelDilation());
    SmallVector<int64_t> ones(spatial + 2, 1);
    Value part = SliceOp::create(builder, loc, sum, offsets, sizes, ones);
    return PadOp::create(builder, loc, part, low, high, none);
  }

  Value contractGroups() {
    Value x = windows(pad(splitChannels())); // [N, O…, K…, g, C/g]
    SmallVector<int64_t> shape(kernel.getShape().drop_back());
    shape.append({groups, kernel.getShape().back() / groups});
    Value w = reshape(op.getKernel(), shape); // [K…, C/g, g, F/g]
    auto contracting = range(spatial + 1, 2 * spatial + 1);
    contracting.push_back(2 * spatial + 2);
    Value product = DotGeneralOp::create(
        builder, loc, x, w, contracting, range(0, spatial + 1),
        {2 * spatial + 1}, {spatial + 1}); // [g, N, O…, F/g]
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
  sinter::passes::ConvolutionVectors vectors;
};

struct ExpandConvolutions
    : sinter::passes::impl::ExpandConvolutionsBase<ExpandConvolutions> {
  void runOnOperation() override {
    getOperation().walk([](ConvOp op) {
      if (op->hasAttr(libraryAttr))
        return;
      if (getElementTypeOrSelf(op.getType()).isBF16())
        op = widen(op);
      OpBuilder builder(op);
      op.replaceAllUsesWith(Expansion(op, builder).expand());
      op.erase();
    });
  }
};
} // namespace
