//===- BatchAxes.cpp - which dimension of an output counts samples --------===//
//
// Follows the inputs' batch axes through the ops to the outputs.  A value's
// axis is the dimension whose slowest-running part counts samples: [b·t, k],
// made of [b, t, k], still has it in dimension 0, and a reshape back finds it.
//
//===----------------------------------------------------------------------===//

#include "frontend/Graph.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter::detail {

namespace {

struct Axis {
  int64_t dim;
  int64_t samples;
};
using Axes = llvm::DenseMap<Value, Axis>;

int64_t extentsBefore(RankedTensorType type, int64_t dim) {
  int64_t result = 1;
  for (int64_t extent : type.getShape().take_front(dim))
    result *= extent;
  return result;
}

/// Where `dim` is in a list of dimensions, or −1.
int64_t placeOf(ArrayRef<int64_t> dims, int64_t dim) {
  const int64_t *found = llvm::find(dims, dim);
  return found == dims.end() ? -1 : found - dims.begin();
}

/// The dimension that is left when `dims` are gone, or −1.
int64_t afterDropping(ArrayRef<int64_t> dims, int64_t dim) {
  if (llvm::is_contained(dims, dim))
    return -1;
  return dim - llvm::count_if(dims, [&](int64_t d) { return d < dim; });
}

int64_t throughReshape(ir::ReshapeOp op, Axis axis) {
  auto from = cast<RankedTensorType>(op.getOperand().getType());
  auto to = cast<RankedTensorType>(op.getType());
  int64_t before = extentsBefore(from, axis.dim);
  auto fits = [&](int64_t d) {
    return d < to.getRank() && extentsBefore(to, d) == before &&
           to.getDimSize(d) >= axis.samples &&
           to.getDimSize(d) % axis.samples == 0;
  };
  if (fits(axis.dim))
    return axis.dim;
  for (int64_t d = 0; d < to.getRank(); ++d)
    if (fits(d))
      return d;
  return -1;
}

int64_t throughDot(ir::DotGeneralOp op, unsigned operand, int64_t dim) {
  bool left = operand == 0;
  ArrayRef<int64_t> batch = left ? op.getLhsBatch() : op.getRhsBatch();
  if (int64_t place = placeOf(batch, dim); place >= 0)
    return place;
  SmallVector<int64_t> free = left ? op.getLhsFree() : op.getRhsFree();
  int64_t place = placeOf(free, dim);
  if (place < 0)
    return -1;
  return place + batch.size() + (left ? 0 : op.getLhsFree().size());
}

int64_t throughGather(ir::GatherOp op, unsigned operand, int64_t dim) {
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  int64_t rank = cast<RankedTensorType>(op.getIndices().getType()).getRank();
  if (operand == 1)
    return dim < batch ? dim : axis + dim - batch;
  if (dim == axis)
    return -1;
  return dim < axis ? dim : dim - 1 + rank - batch;
}

/// The axis of `op`'s result, given that of one operand; −1 if it is lost.
int64_t through(Operation *op, unsigned operand, Axis axis) {
  int64_t dim = axis.dim;
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([&](ir::ReshapeOp r) { return throughReshape(r, axis); })
      .Case([&](ir::BroadcastOp b) { return b.getDimensions()[dim]; })
      .Case([&](ir::TransposeOp t) { return placeOf(t.getPermutation(), dim); })
      .Case([&](ir::SliceOp s) {
        auto from = cast<RankedTensorType>(s.getOperand().getType());
        return s.getSizes()[dim] == from.getDimSize(dim) ? dim : -1;
      })
      .Case([&](ir::PadOp p) {
        bool kept = p.getLow()[dim] == 0 && p.getHigh()[dim] == 0 &&
                    p.getInterior()[dim] == 0;
        return kept ? dim : -1;
      })
      .Case([&](ir::ConcatenateOp c) {
        return static_cast<int64_t>(c.getDimension()) == dim ? -1 : dim;
      })
      .Case([&](ir::ReverseOp r) {
        return llvm::is_contained(r.getDimensions(), dim) ? -1 : dim;
      })
      .Case([&](ir::DotGeneralOp d) { return throughDot(d, operand, dim); })
      .Case([&](ir::GatherOp g) { return throughGather(g, operand, dim); })
      .Case([&](ir::ScatterAddOp) { return operand == 0 ? dim : -1; })
      .Case<ir::ReduceSumOp, ir::ReduceMaxOp, ir::ReduceMinOp,
            ir::ReduceProdOp>(
          [&](auto r) { return afterDropping(r.getDimensions(), dim); })
      .Case<ir::ArgMaxOp, ir::ArgMinOp>([&](auto a) {
        return afterDropping(static_cast<int64_t>(a.getDimension()), dim);
      })
      .Default([&](Operation *op) {
        bool pointwise = op->hasTrait<ir::Pointwise>();
        return pointwise ? dim : -1;
      });
}

void visit(Block &block, Axes &axes);

void visitScan(ir::ScanOp scan, Axes &axes) {
  auto copy = [&](Value from, Value to, int64_t shift) {
    auto found = axes.find(from);
    if (found == axes.end())
      return;
    Axis axis = found->second;
    if (axis.dim + shift >= 0)
      axes.try_emplace(to, Axis{axis.dim + shift, axis.samples});
  };
  for (auto [init, argument] : llvm::zip(scan.getInit(), scan.getCarryArgs()))
    copy(init, argument, 0);
  for (auto [x, argument] : llvm::zip(scan.getXs(), scan.getXArgs()))
    copy(x, argument, -1);
  for (auto [value, argument] :
       llvm::zip(scan.getInvariants(), scan.getInvariantArgs()))
    copy(value, argument, 0);
  // A carry that begins as zeros gets its axis in the first step.
  for (int round = 0; round < 2; ++round) {
    visit(scan.getBody().front(), axes);
    for (auto [next, argument] :
         llvm::zip(scan.getNextCarry(), scan.getCarryArgs()))
      copy(next, argument, 0);
  }
  for (auto [argument, result] :
       llvm::zip(scan.getCarryArgs(), scan.getCarryResults()))
    copy(argument, result, 0);
  for (auto [step, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    copy(step, result, 1);
}

void visit(Block &block, Axes &axes) {
  for (Operation &op : block) {
    if (auto scan = dyn_cast<ir::ScanOp>(op)) {
      visitScan(scan, axes);
      continue;
    }
    // A request's results are shaped as what they are derivatives of or with
    // respect to.
    ValueRange like;
    if (auto gradient = dyn_cast<ir::GradientOp>(op))
      like = gradient.getWrt();
    if (auto vjp = dyn_cast<ir::VjpOp>(op))
      like = vjp.getWrt();
    if (auto jvp = dyn_cast<ir::JvpOp>(op))
      like = jvp.getOf();
    for (auto [value, result] : llvm::zip(like, op.getResults()))
      if (auto found = axes.find(value); found != axes.end()) {
        Axis axis = found->second;
        axes.try_emplace(result, axis);
      }
    if (!like.empty() || op.getNumResults() != 1)
      continue;
    for (OpOperand &operand : op.getOpOperands()) {
      auto found = axes.find(operand.get());
      if (found == axes.end())
        continue;
      Axis axis = found->second;
      axis.dim = through(&op, operand.getOperandNumber(), axis);
      if (axis.dim < 0)
        continue;
      axes.try_emplace(op.getResult(0), axis);
      break;
    }
  }
}

} // namespace

SmallVector<std::optional<int64_t>>
propagateBatchAxes(ir::EntryOp entry, ArrayRef<std::optional<int64_t>> inputs) {
  Block &block = entry.getBody().front();
  Axes axes;
  for (auto [argument, axis] : llvm::zip(block.getArguments(), inputs)) {
    if (!axis)
      continue;
    int64_t samples =
        cast<RankedTensorType>(argument.getType()).getDimSize(*axis);
    if (samples > 0)
      axes.try_emplace(argument, Axis{*axis, samples});
  }
  visit(block, axes);
  SmallVector<std::optional<int64_t>> outputs;
  for (Value value : block.getTerminator()->getOperands()) {
    auto found = axes.find(value);
    bool whole =
        found != axes.end() &&
        cast<RankedTensorType>(value.getType()).getDimSize(found->second.dim) ==
            found->second.samples;
    outputs.push_back(whole ? std::optional(found->second.dim) : std::nullopt);
  }
  return outputs;
}

} // namespace sinter::detail
