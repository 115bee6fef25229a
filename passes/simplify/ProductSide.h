//===- ProductSide.h - one operand of a contraction -------------*- C++ -*-===//
//
// What its dimensions are for, and how its elements lie.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_PRODUCTSIDE_H
#define SINTER_PASSES_SIMPLIFY_PRODUCTSIDE_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes {

struct ProductSide {
  mlir::Value value;
  llvm::ArrayRef<int64_t> contracting, batch;
  llvm::SmallVector<int64_t> free;

  static ProductSide lhsOf(ir::DotGeneralOp op);
  static ProductSide rhsOf(ir::DotGeneralOp op);

  /// Elements of the free dimensions, and of those that are summed over.
  int64_t rows() const;
  int64_t terms() const;
  /// Whether its terms stand in the order in which the sums name them, and are
  /// more than one each: one −0 added to nothing is 0, and alone it is −0.
  bool hasTermsInOrder() const;
  /// The last dimension of more than one element.
  std::optional<int64_t> innermost() const;
  /// Whether the elements lie in the value's own order: no windows, which share
  /// them, and no constant, which is packed as a product wants it.
  bool liesInOrder() const;
};

/// The product of these two.
mlir::Value contract(const ProductSide &lhs, const ProductSide &rhs,
                     mlir::Location loc, mlir::OpBuilder &builder);

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_PRODUCTSIDE_H
