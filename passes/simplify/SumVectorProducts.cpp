//===- SumVectorProducts.cpp - products with a vector as sums -------------===//
//
// A contraction keeps a tile of its result in registers, so that an element it
// has loaded serves several times.  In a product of a matrix and a vector every
// element of the matrix serves once, and the time is that of reading it in the
// order in which it lies.  Where the terms of a sum lie side by side that is
// what a sum of products does:
//
//   dot_general %a, %v contract [1] x [0] : [m, k], [k, 1]
//     ⇒  reduce_sum (mul %a, (broadcast %v dims [1])) dims [1] : [m, k]
//
// Where the results lie side by side, the vector belongs on the left: rows of
// the matrix are then added to a row of results.
//
//   dot_general %a, %v contract [0] x [0] : [k, m], [k, 1]
//     ⇒  dot_general %v, %a contract [0] x [0] : [k, 1], [k, m]
//
// Compiled, the terms are added up in another order.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "passes/simplify/ProductSide.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_SUMVECTORPRODUCTS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Σ matrix·vector over the contracting dimensions, of the type of `op`.
static Value sumProducts(DotGeneralOp op, const ProductSide &matrix,
                         const ProductSide &vector, OpBuilder &builder) {
  Location loc = op.getLoc();
  RankedTensorType type = tensorType(matrix.value);
  // The vector without its free dimensions, its own others in their order.
  SmallVector<int64_t> shape, places;
  for (int64_t d = 0; d < tensorType(vector.value).getRank(); ++d) {
    if (llvm::is_contained(vector.free, d))
      continue;
    shape.push_back(tensorType(vector.value).getDimSize(d));
    auto pairs = {std::pair(vector.contracting, matrix.contracting),
                  std::pair(vector.batch, matrix.batch)};
    for (auto [from, to] : pairs)
      if (const auto *found = llvm::find(from, d); found != from.end())
        places.push_back(to[found - from.begin()]);
  }
  Value row = ReshapeOp::create(builder, loc, type.clone(shape), vector.value);
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  llvm::sort(order,
             [&](int64_t a, int64_t b) { return places[a] < places[b]; });
  if (!llvm::is_sorted(order))
    row = TransposeOp::create(builder, loc, row, order);
  llvm::sort(places);
  Value repeated = BroadcastOp::create(builder, loc, type, row, places);
  Value products = MulOp::create(builder, loc, matrix.value, repeated);
  Value sum = ReduceSumOp::create(builder, loc, products, matrix.contracting);
  // What is left in the matrix's order, as batch and rows.
  SmallVector<int64_t> kept, permutation;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!llvm::is_contained(matrix.contracting, d))
      kept.push_back(d);
  for (int64_t d : llvm::concat<const int64_t>(matrix.batch, matrix.free))
    permutation.push_back(llvm::find(kept, d) - kept.begin());
  if (!llvm::is_sorted(permutation))
    sum = TransposeOp::create(builder, loc, sum, permutation);
  return sum.getType() == op.getType()
             ? sum
             : ReshapeOp::create(builder, loc, op.getType(), sum);
}

static Value rewrite(DotGeneralOp op, OpBuilder &builder) {
  ProductSide lhs = ProductSide::lhsOf(op), rhs = ProductSide::rhsOf(op);
  bool isColumn = rhs.rows() == 1;
  if (!isColumn && lhs.rows() != 1)
    return {};
  const ProductSide &matrix = isColumn ? lhs : rhs,
                    &vector = isColumn ? rhs : lhs;
  std::optional<int64_t> innermost = matrix.innermost();
  if (!innermost || !matrix.liesInOrder() || !matrix.hasTermsInOrder())
    return {};
  if (!llvm::is_contained(matrix.free, *innermost))
    return sumProducts(op, matrix, vector, builder);
  if (!isColumn)
    return {};
  Value swapped = contract(rhs, lhs, op.getLoc(), builder);
  return ReshapeOp::create(builder, op.getLoc(), op.getType(), swapped);
}

namespace {
struct SumVectorProducts
    : sinter::passes::impl::SumVectorProductsBase<SumVectorProducts> {
  void runOnOperation() override {
    // One op a kernel would store the products.
    if (Options::of(getOperation()).optLevel == 0)
      return;
    getOperation().walk([](DotGeneralOp op) {
      Type element = op.getType().getElementType();
      if (!element.isF32() && !element.isF64())
        return;
      OpBuilder builder(op);
      if (Value value = rewrite(op, builder)) {
        op.replaceAllUsesWith(value);
        op.erase();
      }
    });
  }
};
} // namespace
