//===- ExchangeOperands.cpp - the operand that vectors take ---------------===//
//
// Compiled, vectors take neighbours of the right operand, or, where that has
// few columns, neighbouring terms of the left one.  An operand that is large
// and lies otherwise would have to be turned for every product; its few results
// are turned instead.
//
//   dot_general %a, %b contract [1] x [1] : [few, k], [n, k]
//     ⇒  transpose (dot_general %b, %a contract [1] x [1])
//   dot_general %a, %b contract [0] x [0] : [k, m], [k, few]
//     ⇒  transpose (dot_general %b, %a contract [0] x [0])
//
// What a loop does is let be: it may have its operand packed before.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"
#include "passes/simplify/ProductSide.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXCHANGEOPERANDS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Whether the other operand has so few rows that a vector has room for two
/// steps of all of them, and this one enough for the turn of the results to be
/// little beside the products.
static bool areFew(const ProductSide &few, const ProductSide &many,
                   int64_t lanes) {
  constexpr int64_t timesMore = 4, vectors = 2;
  int64_t rows = few.rows();
  return rows > 1 && rows <= lanes / 2 && many.rows() >= timesMore * rows &&
         many.rows() >= lanes && few.terms() >= vectors * lanes;
}

static bool isWorthIt(DotGeneralOp op, const TargetFacts &target) {
  Type element = op.getType().getElementType();
  if (!element.isF32() && !element.isF64())
    return false;
  if (!op.getLhsBatch().empty() || !isa<EntryOp>(op->getParentOp()))
    return false;
  int64_t lanes = target.lanes(element.getIntOrFloatBitWidth());
  ProductSide lhs = ProductSide::lhsOf(op), rhs = ProductSide::rhsOf(op);
  auto hasInside = [](const ProductSide &side, ArrayRef<int64_t> dims) {
    std::optional<int64_t> innermost = side.innermost();
    return side.liesInOrder() && innermost &&
           llvm::is_contained(dims, *innermost);
  };
  return (areFew(lhs, rhs, lanes) && hasInside(rhs, rhs.contracting)) ||
         (areFew(rhs, lhs, lanes) && hasInside(lhs, lhs.free));
}

namespace {
struct ExchangeOperands
    : sinter::passes::impl::ExchangeOperandsBase<ExchangeOperands> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    TargetFacts target = TargetFacts::of(getOperation());
    SmallVector<DotGeneralOp> found;
    getOperation().walk([&](DotGeneralOp op) {
      if (isWorthIt(op, target))
        found.push_back(op);
    });
    for (DotGeneralOp op : found) {
      OpBuilder builder(op);
      Value exchanged = contract(ProductSide::rhsOf(op), ProductSide::lhsOf(op),
                                 op.getLoc(), builder);
      int64_t left = op.getRhsFree().size(), right = op.getLhsFree().size();
      SmallVector<int64_t> order;
      llvm::append_range(order, llvm::seq(left, left + right));
      llvm::append_range(order, llvm::seq<int64_t>(0, left));
      op.replaceAllUsesWith(
          TransposeOp::create(builder, op.getLoc(), exchanged, order)
              .getResult());
      op.erase();
    }
  }
};
} // namespace
