//===- CarriedDimensions.h - dimensions through an op -----------*- C++ -*-===//
//
// Most ops on images treat dimensions alike wherever they stand: a pooling
// pools, a sum sums whether channels are first or last.  Here is, for each of
// them, which dimension of an operand goes to which of the result, and how the
// op is written with its operands' and its result's dimensions in another
// order.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_CARRIEDDIMENSIONS_H
#define SINTER_PASSES_SIMPLIFY_CARRIEDDIMENSIONS_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes {

/// The dimensions of a tensor in the order in which they are to lie: as the
/// permutation of a transpose that gives them that order.
using Order = llvm::SmallVector<int64_t, 6>;

Order asWritten(int64_t rank);
/// The order that turns `order` back.
Order inverse(llvm::ArrayRef<int64_t> order);
llvm::SmallVector<int64_t> inOrder(llvm::ArrayRef<int64_t> values,
                                   llvm::ArrayRef<int64_t> order);
/// Whether tensors of this shape lie the same way in both orders: where
/// dimensions of one element stand says nothing.
bool lieAlike(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> a,
              llvm::ArrayRef<int64_t> b);

/// For each operand, where each of its dimensions is in the result, or −1;
/// none for an op that has an order of its own.
std::optional<llvm::SmallVector<Order>> carriedDimensions(mlir::Operation *op);

/// Whether the op can be written with operands and result in these orders.
bool canReorder(mlir::Operation *op, llvm::ArrayRef<Order> operands,
                llvm::ArrayRef<int64_t> result);

/// The op on operands that lie in `orders` already; what it gives lies in the
/// order `result`.
mlir::Value reorder(mlir::OpBuilder &builder, mlir::Operation *op,
                    llvm::ArrayRef<mlir::Value> operands,
                    llvm::ArrayRef<Order> orders,
                    llvm::ArrayRef<int64_t> result);

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_CARRIEDDIMENSIONS_H
