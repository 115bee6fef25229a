//===- TaskCost.cpp - how long a loop nest takes, and its tasks -----------===//

#include "compiler/ir/TaskCost.h"

#include "compiler/ir/ContractionForm.h"
#include "compiler/ir/MathFunctions.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// What one core does in a nanosecond: bytes between it and memory, simple
/// vector operations, vectors of multiply-adds.
static constexpr double kBytes = 20, kVectors = 2, kMultiplyAdds = 4;
/// Simple operations that a mathematical function takes.
static constexpr double kFunction = 12;

TaskCost::TaskCost(Operation *op)
    : taskNanoseconds(Options::of(op).taskNanoseconds),
      lanes(TargetFacts::of(op).lanes(32)),
      parallel(Options::of(op).optLevel > 0) {}

static double elements(Value value) {
  return static_cast<double>(
      cast<RankedTensorType>(value.getType()).getNumElements());
}

/// Multiply-adds for one element of the result.
static double depth(Operation *op) {
  if (auto dot = dyn_cast<DotGeneralOp>(op))
    return static_cast<double>(ContractionForm::of(dot).k);
  if (auto conv = dyn_cast<ConvOp>(op)) {
    Type result = conv.getResult().getType();
    return elements(conv.getKernel()) /
           std::max<int64_t>(1,
                             cast<RankedTensorType>(result).getShape().back());
  }
  return 0;
}

/// A reduction looks at every element of its operand.
static double elementsOf(Operation *op) {
  double most = 0;
  for (Value result : op->getResults())
    most = std::max(most, elements(result));
  if (isa<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp, ArgMaxOp,
          ArgMinOp, FoldWindowsOp>(op))
    most = std::max(most, elements(op->getOperand(0)));
  return most;
}

double TaskCost::ofOp(Operation *op) const {
  if (double multiplyAdds = depth(op))
    return elementsOf(op) * multiplyAdds / (lanes * kMultiplyAdds);
  if (auto sort = dyn_cast<ArgSortOp>(op)) {
    // Elements are merged one by one.
    constexpr double mergesPerNanosecond = 0.3;
    auto type = cast<RankedTensorType>(sort.getOperand().getType());
    int64_t extent = std::max<int64_t>(2, type.getDimSize(sort.getDimension()));
    return elementsOf(op) * llvm::Log2_64_Ceil(extent) / mergesPerNanosecond;
  }
  bool isFunction =
      isMathFunction(op) ||
      isa<RemOp, RandomUniformOp, RandomNormalOp, RandomBernoulliOp>(op);
  double operations = isFunction ? kFunction : 1;
  return elementsOf(op) * operations / (lanes * kVectors);
}

double TaskCost::of(ArrayRef<Value> roots,
                    const llvm::DenseSet<Value> &known) const {
  double compute = 0, bytes = 0;
  llvm::DenseSet<Value> seen;
  SmallVector<Value> work;
  auto visit = [&](Value value) {
    if (seen.insert(value).second)
      work.push_back(value);
  };
  for (Value root : roots) {
    bytes += getByteSize(root.getType());
    visit(root);
  }
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    bool isRoot = llvm::is_contained(roots, value);
    if (!op || (known.contains(value) && !isRoot)) {
      bytes += getByteSize(value.getType());
      continue;
    }
    compute += ofOp(op);
    llvm::for_each(op->getOperands(), visit);
  }
  return std::max(compute, bytes / kBytes);
}

double TaskCost::ofProducts(int64_t batch, int64_t m, int64_t n, int64_t k,
                            int64_t elementBytes) const {
  double a = static_cast<double>(m) * k, b = static_cast<double>(k) * n,
         c = static_cast<double>(m) * n;
  double perVector = std::max<double>(1, lanes * 4.0 / elementBytes);
  double compute = c * k / (perVector * kMultiplyAdds);
  return batch * std::max(compute, (a + b + c) * elementBytes / kBytes);
}

int64_t TaskCost::tasks(double nanoseconds) const {
  if (!parallel)
    return 1;
  double tasks = nanoseconds / static_cast<double>(taskNanoseconds);
  if (tasks < 2)
    return 1;
  // Two threads, or four, share three tasks badly: a power of two, rather more
  // than fewer.
  return llvm::PowerOf2Ceil(
      static_cast<uint64_t>(std::min(tasks, static_cast<double>(mostTasks))));
}
