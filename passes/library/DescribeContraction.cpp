//===- DescribeContraction.cpp - dot_general as a matmul ------------------===//
//
// Batch dimensions that lie evenly in both operands are one; rows, columns and
// depth must each be walked with one stride.  Transposition is a matter of
// strides.
//
//===----------------------------------------------------------------------===//

#include "passes/library/Describe.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

int64_t Description::bufferOf(Value value) {
  operands.insert(value);
  return llvm::find(operands, value) - operands.begin();
}

void Description::take(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || ops.contains(op))
    return;
  for (Value operand : op->getOperands())
    take(operand);
  ops.insert(op);
}

static void addDim(sinter_onednn_tensor &to, int64_t extent, int64_t stride) {
  to.dims[to.rank] = extent;
  to.strides[to.rank++] = stride;
}

/// Strides of dimensions of one element mean nothing; oneDNN tells layouts by
/// them all the same.
static void settleStrides(sinter_onednn_tensor &tensor) {
  int64_t most = 1;
  bool hasUnit = false;
  for (int64_t i = 0; i < tensor.rank; ++i)
    if (tensor.dims[i] > 1) {
      most = std::max(most, tensor.dims[i] * tensor.strides[i]);
      hasUnit |= tensor.strides[i] == 1;
    }
  for (int64_t i = tensor.rank; i-- > 0;)
    if (tensor.dims[i] == 1) {
      tensor.strides[i] = hasUnit ? most : 1;
      hasUnit = true;
    }
}

static std::string refuse(StringRef what) {
  return ("oneDNN cannot do it: " + what).str();
}

static bool areEmpty(Operation *op) {
  auto isEmpty = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getNumElements() == 0;
  };
  return isEmpty(op->getResult(0)) || llvm::any_of(op->getOperands(), isEmpty);
}

Description sinter::passes::describe(DotGeneralOp op) {
  Description result;
  ContractionForm form = ContractionForm::of(op);
  if (!op.getType().getElementType().isF32()) {
    result.refusal = refuse("its elements are not f32");
    return result;
  }
  if (areEmpty(op)) {
    result.refusal = refuse("it has no elements");
    return result;
  }
  if (form.border) {
    result.refusal = refuse("an operand has a border of zeros around it");
    return result;
  }
  if (!form.lhs || !form.rhs) {
    result.refusal = refuse("an operand is computed on the way");
    return result;
  }
  auto m = form.lhsM.stride(), n = form.rhsN.stride();
  auto lhsK = form.lhsK.stride(), rhsK = form.rhsK.stride();
  bool lies = m && n && lhsK && rhsK;
  for (const StridedDims *dims : {&form.lhsBatch, &form.rhsBatch, &form.lhsM,
                                  &form.lhsK, &form.rhsK, &form.rhsN})
    for (auto [extent, stride] : llvm::zip(dims->extents, dims->strides))
      lies &= stride > 0 || extent == 1;
  if (!lies) {
    result.refusal = refuse("rows, columns or depth of an operand do not lie "
                            "at one positive stride");
    return result;
  }
  sinter_onednn_call &call = result.call;
  call.form = SINTER_ONEDNN_MATMUL;
  call.tasks = 1;
  call.lhs = {
      result.bufferOf(form.lhs->argument), form.lhs->offset, 0, -1, {}, {}};
  call.rhs = {
      result.bufferOf(form.rhs->argument), form.rhs->offset, 0, -1, {}, {}};
  call.result.split = -1;
  auto lhsBatch = form.lhsBatch.stride(), rhsBatch = form.rhsBatch.stride();
  int64_t area = form.m * form.n;
  if (form.batch > 1 && lhsBatch && rhsBatch) {
    addDim(call.lhs, form.batch, *lhsBatch);
    addDim(call.rhs, form.batch, *rhsBatch);
    addDim(call.result, form.batch, area);
  } else if (form.batch > 1) {
    if (form.lhsBatch.extents.size() > SINTER_ONEDNN_RANK - 2) {
      result.refusal = refuse("it has too many batch dimensions");
      return result;
    }
    int64_t stride = form.batch * area;
    for (size_t i = 0; i < form.lhsBatch.extents.size(); ++i) {
      int64_t extent = form.lhsBatch.extents[i];
      addDim(call.lhs, extent, form.lhsBatch.strides[i]);
      addDim(call.rhs, extent, form.rhsBatch.strides[i]);
      addDim(call.result, extent, stride /= extent);
    }
  }
  addDim(call.lhs, form.m, *m);
  addDim(call.lhs, form.k, *lhsK);
  addDim(call.rhs, form.k, *rhsK);
  addDim(call.rhs, form.n, *n);
  addDim(call.result, form.m, form.n);
  addDim(call.result, form.n, 1);
  settleStrides(call.lhs);
  settleStrides(call.rhs);
  settleStrides(call.result);
  result.take(op.getResult());
  result.result = op.getResult();
  result.finish();
  return result;
}

void sinter::passes::splitIntoTasks(sinter_onednn_call &call, int64_t tasks) {
  // A part repeats the packing of the operand that it does not split, so it is
  // to have as many rows as make that little.
  constexpr int64_t leastRows = 192;
  if (call.form == SINTER_ONEDNN_BACKWARD_WEIGHTS)
    return; // samples are summed
  const int64_t rank = call.result.rank;
  int64_t lhs = 0, rhs = -1, result = 0, extent = call.result.dims[0],
          least = 1;
  if (call.form == SINTER_ONEDNN_MATMUL && rank > 2 && extent >= tasks) {
    rhs = 0;
  } else if (call.form == SINTER_ONEDNN_MATMUL) {
    int64_t m = call.result.dims[rank - 2], n = call.result.dims[rank - 1];
    bool columns = n > m;
    lhs = columns ? -1 : rank - 2;
    rhs = columns ? rank - 1 : -1;
    result = columns ? rank - 1 : rank - 2;
    extent = std::max(m, n);
    least = leastRows;
  }
  tasks = std::clamp<int64_t>(extent / least, 1, tasks);
  // All parts but the last are equal, and that one is not empty.
  int64_t rows = llvm::divideCeil(extent, tasks);
  call.tasks = llvm::divideCeil(extent, rows);
  if (call.tasks == 1)
    return;
  call.lhs.split = lhs;
  call.rhs.split = rhs;
  call.result.split = result;
  for (int64_t i = 0; i < call.num_post_ops; ++i) {
    sinter_onednn_tensor &operand = call.post_ops[i].operand;
    bool varies = operand.rank > 0 && operand.dims[result] > 1;
    operand.split = varies ? result : -1;
  }
}
