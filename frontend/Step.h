//===- Step.h - building one op of the DSL ----------------------*- C++ -*-===//
//
// A DSL function opens a Step, takes its operands' values through it and
// creates ops.  Any mistake on the way is reported once and makes the result
// poison:
//
//   Step step("transpose", place);
//   mlir::Value value = step.use(x);
//   if (!step) return step.poison();
//   return step.infer<ir::TransposeOp>(value, step.dims("permutation", p));
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_FRONTEND_STEP_H
#define SINTER_FRONTEND_STEP_H

#include "frontend/Graph.h"

namespace sinter::detail {

class Step {
public:
  /// `what` is the DSL's name of the function, for messages.
  Step(llvm::StringRef what, Place place);

  /// Whether all is well so far.
  explicit operator bool() const { return ok; }
  Tensor poison() const { return Graph::poison(); }
  /// Reports "what: message".
  Tensor fail(const llvm::Twine &message);

  /// The tensor's value here; null, and the step not ok, if it has none.
  mlir::Value use(const Tensor &tensor);
  llvm::SmallVector<mlir::Value> use(const std::vector<Tensor> &tensors);

  /// A type; fails for impossible extents.
  mlir::RankedTensorType type(DType dtype, llvm::ArrayRef<int64_t> shape);
  /// A dimension in [0, rank), from one that may count from the last.
  int64_t dim(int64_t d, mlir::Value value);
  /// Sorted and distinct dimensions.
  llvm::SmallVector<int64_t> dims(const Dims &dims, mlir::Value value);
  mlir::NamedAttribute array(llvm::StringRef name,
                             llvm::ArrayRef<int64_t> values);
  mlir::NamedAttribute integer(llvm::StringRef name, int64_t value);

  /// An op of a known result type.
  mlir::Value op(llvm::StringRef mnemonic, mlir::Type type,
                 mlir::ValueRange operands,
                 llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  /// The same, as the step's result.
  Tensor create(llvm::StringRef mnemonic, mlir::Type type,
                mlir::ValueRange operands,
                llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return result(op(mnemonic, type, operands, attributes));
  }
  /// An op whose result type the dialect infers.
  template <class Op>
  mlir::Value inferredOp(mlir::ValueRange operands,
                         llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  template <class Op>
  Tensor infer(mlir::ValueRange operands,
               llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return result(inferredOp<Op>(operands, attributes));
  }
  Tensor result(mlir::Value value) {
    return ok && value ? graph->wrap(value) : poison();
  }

  /// A constant of one value.  A value that the type cannot hold is a mistake.
  mlir::Value splat(const Operand &number, mlir::RankedTensorType type);
  /// The value repeated to the shape, which it must be able to take.
  mlir::Value broadcast(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// The values of operands that broadcast together, all of one shape; the
  /// element types of those from `typed` on agree.
  llvm::SmallVector<mlir::Value> together(llvm::ArrayRef<Operand> operands,
                                          size_t typed = 0);

  Graph *graph;
  Place place;

private:
  mlir::Type inferType(llvm::function_ref<
                       llvm::LogicalResult(llvm::SmallVectorImpl<mlir::Type> &)>
                           infer);

  std::string what;
  bool ok = true;
};

/// x, as f32 if it is bf16: a function of the library that is several ops
/// computes in f32 and rounds its result, by a cast back, once.
Tensor widened(const Tensor &x);

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

template <class Op>
mlir::Value Step::inferredOp(mlir::ValueRange operands,
                             llvm::ArrayRef<mlir::NamedAttribute> attributes) {
  if (!ok)
    return {};
  auto dictionary = mlir::DictionaryAttr::get(&graph->context, attributes);
  typename Op::Properties properties{};
  (void)Op::setPropertiesFromAttr(properties, dictionary, nullptr);
  mlir::Location loc = graph->loc(place);
  mlir::Type type = inferType([&](llvm::SmallVectorImpl<mlir::Type> &types) {
    return Op::inferReturnTypes(
        &graph->context, loc,
        typename Op::Adaptor(operands, dictionary, properties), types);
  });
  if (!type)
    return {};
  return op(Op::getOperationName().drop_front(sizeof("sinter.") - 1), type,
            operands, attributes);
}

} // namespace sinter::detail

#endif // SINTER_FRONTEND_STEP_H
