//===- PostOps.cpp - what oneDNN applies to a product before it stores it -===//
//
// From the product on, op after op, as long as each has the value before it as
// its one reader, and oneDNN's post-op is that op: arithmetic with an argument
// of the result's shape, one that varies along channels alone, or a constant,
// and functions within their ops' bounds.  Its relu and its extrema are not:
// they lose nan, which Sinter's do not.
//
//===----------------------------------------------------------------------===//

#include "passes/library/Describe.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The one value of all elements, if it is a constant.
static std::optional<float> splatOf(Value value) {
  while (auto broadcast = value.getDefiningOp<BroadcastOp>())
    value = broadcast.getOperand();
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant || !tensorType(value).getElementType().isF32() ||
      !constant.getValue().isSplat())
    return std::nullopt;
  return constant.getDenseValue().getSplatValue<APFloat>().convertToFloat();
}

namespace {
class Chain {
public:
  explicit Chain(Description &description)
      : to(description), call(description.call) {}

  /// Takes the next op; false if it is none of oneDNN's.
  bool grow();

private:
  bool append(int64_t kind, Operation *last,
              const sinter_onednn_tensor &operand = {}, float alpha = 0,
              float beta = 0);
  bool appendArithmetic(Operation *op);
  bool appendGelu();
  std::optional<sinter_onednn_tensor> operandOf(Value value);
  bool isBias(const sinter_onednn_tensor &operand) const;
  /// The dimension of channels, in oneDNN's order.
  int64_t channels() const {
    return call.form == SINTER_ONEDNN_MATMUL ? call.result.rank - 1 : 1;
  }

  Description &to;
  sinter_onednn_call &call;
};
} // namespace

bool Chain::append(int64_t kind, Operation *last,
                   const sinter_onednn_tensor &operand, float alpha,
                   float beta) {
  sinter_onednn_post_op &op = call.post_ops[call.num_post_ops++];
  op = {kind, llvm::bit_cast<uint32_t>(alpha), llvm::bit_cast<uint32_t>(beta),
        operand};
  to.result = last->getResult(0);
  to.take(to.result);
  return true;
}

/// An argument of the result's shape, as it lies, or one along channels.
std::optional<sinter_onednn_tensor> Chain::operandOf(Value value) {
  if (!tensorType(value).getElementType().isF32())
    return std::nullopt;
  std::optional<OperandView> view = OperandView::of(value);
  if (!view || Border::of(value) ||
      (to.operands.size() + 2 > SINTER_ONEDNN_BUFFERS &&
       !to.operands.contains(view->argument)))
    return std::nullopt;
  ArrayRef<int64_t> shape = tensorType(to.result).getShape();
  SmallVector<int64_t> dense(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    dense[d - 1] = dense[d] * shape[d];
  sinter_onednn_tensor operand = call.result;
  operand.buffer = -1; // numbered when it is taken
  operand.offset = view->offset;
  operand.split = -1;
  bool isWhole = true, isChannels = true;
  for (size_t d = 0; d < shape.size(); ++d) {
    bool last = d + 1 == shape.size();
    isWhole &= shape[d] == 1 || view->strides[d] == dense[d];
    isChannels &= shape[d] == 1 || view->strides[d] == (last ? 1 : 0);
  }
  if (!isWhole && isChannels) {
    for (int64_t i = 0; i < operand.rank; ++i) {
      if (i != channels())
        operand.dims[i] = 1;
      operand.strides[i] = i == channels() ? 1 : operand.dims[channels()];
    }
    // The columns of a matmul of several loops are one dimension, a channel.
    isWhole = !shape.empty() && shape.back() == operand.dims[channels()];
  }
  if (!isWhole)
    return std::nullopt;
  operand.buffer = to.bufferOf(view->argument);
  return operand;
}

bool Chain::isBias(const sinter_onednn_tensor &operand) const {
  for (int64_t i = 0; i < operand.rank; ++i)
    if (operand.dims[i] != (i == channels() ? call.result.dims[i] : 1))
      return false;
  return call.num_post_ops == 0;
}

bool Chain::appendArithmetic(Operation *op) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  bool commutes = isa<AddOp, MulOp>(op);
  if (lhs == rhs || (!commutes && lhs != to.result))
    return false;
  Value other = lhs == to.result ? rhs : lhs;
  if (std::optional<float> splat = splatOf(other)) {
    if (isa<DivOp>(op))
      return false;
    float beta = isa<AddOp>(op) ? *splat : isa<SubOp>(op) ? -*splat : 0;
    // With −0 for a product, a sum of nothing keeps its sign.
    return append(SINTER_ONEDNN_LINEAR, op, {}, isa<MulOp>(op) ? *splat : 1,
                  isa<MulOp>(op) ? -0.0f : beta);
  }
  std::optional<sinter_onednn_tensor> operand = operandOf(other);
  if (!operand)
    return false;
  int64_t kind = isa<AddOp>(op)   ? SINTER_ONEDNN_ADD
                 : isa<SubOp>(op) ? SINTER_ONEDNN_SUB
                 : isa<MulOp>(op) ? SINTER_ONEDNN_MUL
                                  : SINTER_ONEDNN_DIV;
  if (kind == SINTER_ONEDNN_ADD && isBias(*operand))
    kind = SINTER_ONEDNN_BIAS;
  return append(kind, op, *operand);
}

/// x·½·(erf(x/√2) + 1), in any order of the factors.
bool Chain::appendGelu() {
  Value x = to.result;
  auto timesConstant = [&](Value value) -> std::optional<float> {
    auto mul = value.getDefiningOp<MulOp>();
    if (!mul || (mul.getLhs() != x && mul.getRhs() != x) || !value.hasOneUse())
      return std::nullopt;
    return splatOf(mul.getLhs() == x ? mul.getRhs() : mul.getLhs());
  };
  auto isPhi = [&](Value value) {
    auto add = value.getDefiningOp<AddOp>();
    if (!add || !value.hasOneUse())
      return false;
    for (auto [a, b] : {std::pair<Value, Value>(add.getLhs(), add.getRhs()),
                        std::pair<Value, Value>(add.getRhs(), add.getLhs())})
      if (auto erf = a.getDefiningOp<ErfOp>(); erf && a.hasOneUse()) {
        constexpr float inverseRoot = 0.70710678118654752440f;
        return splatOf(b) == 1.0f &&
               timesConstant(erf.getOperand()) == inverseRoot;
      }
    return false;
  };
  if (std::distance(x.use_begin(), x.use_end()) != 2)
    return false;
  for (Operation *user : x.getUsers()) {
    if (!user->hasOneUse() || timesConstant(user->getResult(0)) != 0.5f)
      continue;
    auto product = dyn_cast<MulOp>(*user->getUsers().begin());
    if (!product)
      return false;
    Value half = user->getResult(0);
    Value phi = product.getLhs() == half ? product.getRhs() : product.getLhs();
    return isPhi(phi) && append(SINTER_ONEDNN_GELU_ERF, product);
  }
  return false;
}

bool Chain::grow() {
  if (call.num_post_ops == SINTER_ONEDNN_POST_OPS)
    return false;
  if (appendGelu())
    return true;
  if (!to.result.hasOneUse())
    return false;
  Operation *op = *to.result.getUsers().begin();
  if (isa<AddOp, SubOp, MulOp, DivOp>(op))
    return appendArithmetic(op);
  if (isa<TanhOp>(op))
    return append(SINTER_ONEDNN_TANH, op);
  if (isa<LogisticOp>(op))
    return append(SINTER_ONEDNN_LOGISTIC, op);
  if (isa<ExpOp>(op))
    return append(SINTER_ONEDNN_EXP, op);
  if (isa<AbsOp>(op))
    return append(SINTER_ONEDNN_ABS, op);
  if (isa<SqrtOp>(op))
    return append(SINTER_ONEDNN_SQRT, op);
  return false;
}

void sinter::passes::addPostOps(Description &description) {
  int64_t form = description.call.form;
  if (form == SINTER_ONEDNN_BACKWARD_DATA ||
      form == SINTER_ONEDNN_BACKWARD_WEIGHTS)
    return; // they take none
  Chain chain(description);
  while (chain.grow()) {
  }
  description.finish();
}
