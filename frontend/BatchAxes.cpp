//===- BatchAxes.cpp - which dimension of an output counts samples --------===//
//
// Follows the inputs' batch axes through the ops to the outputs.  A value is
//   * the same for any samples (constants, variables, random numbers);
//   * per sample: one of its dimensions, in its slowest-running part, counts
//     samples.  [b·t, k], made of [b, t, k], still has it in dimension 0, and a
//     reshape back finds it;
//   * a sum over samples of what each gives alone, as a loss is: its derivative
//     with respect to a per-sample value is per sample again;
//   * mixed: anything else, such as x − mean(x, 0) or matmul(x, transpose(x)).
// Only outputs per sample get an axis, as a runner pads the last batch and
// cuts what that adds: with mixed samples, padding would change all of them.
//
//===----------------------------------------------------------------------===//

#include "frontend/Graph.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter::detail {

namespace {

/// How a value depends on the samples.
struct Dependence {
  enum Kind { none, perSample, sum, mixed } kind = none;
  /// perSample: the dimension, and how many samples there are.
  int64_t dim = 0, samples = 0;

  static Dependence mix() { return {mixed, 0, 0}; }
  bool operator==(const Dependence &) const = default;
};
using Dependences = llvm::DenseMap<Value, Dependence>;

/// The dependence of what is one or the other.
Dependence either(Dependence a, Dependence b) {
  if (a.kind == Dependence::none || a == b)
    return b;
  return b.kind == Dependence::none ? a : Dependence::mix();
}

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

int64_t throughReshape(ir::ReshapeOp op, Dependence axis) {
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

/// The windows' own dimensions stand behind the last windowed one.
template <typename Op> int64_t throughWindows(Op op, bool opens, int64_t dim) {
  ArrayRef<int64_t> windowed = op.getWindowed();
  int64_t behind = windowed.back() + 1, count = windowed.size();
  if (llvm::is_contained(windowed, dim))
    return -1;
  if (dim < behind)
    return dim;
  if (opens)
    return dim + count;
  return dim < behind + count ? -1 : dim - count;
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

/// The updates lie as a gather's result does; where samples would land on the
/// same place they are lost.
int64_t throughScatter(ir::ScatterAddOp op, unsigned operand, int64_t dim) {
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  if (operand == 0)
    return dim;
  if (operand == 1)
    return dim < batch ? dim : -1;
  int64_t rank = cast<RankedTensorType>(op.getIndices().getType()).getRank();
  int64_t end = axis + rank - batch;
  if (dim < axis)
    return dim;
  return dim < end ? -1 : dim - end + axis + 1;
}

/// The axis of `op`'s result, given that of one operand; −1 if it is lost.
int64_t through(Operation *op, unsigned operand, Dependence axis) {
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
      .Case([&](ir::ConvOp) {
        // Samples of the kernel are none.
        return operand == 0 && dim == 0 ? 0 : -1;
      })
      .Case<ir::WindowsOp, ir::FoldWindowsOp>([&](auto w) {
        return throughWindows(w, isa<ir::WindowsOp>(op), dim);
      })
      .Case([&](ir::DotGeneralOp d) { return throughDot(d, operand, dim); })
      .Case([&](ir::GatherOp g) { return throughGather(g, operand, dim); })
      .Case([&](ir::ScatterAddOp a) { return throughScatter(a, operand, dim); })
      .Case<ir::ReduceSumOp, ir::ReduceMaxOp, ir::ReduceMinOp,
            ir::ReduceProdOp>(
          [&](auto r) { return afterDropping(r.getDimensions(), dim); })
      .Case<ir::ArgMaxOp, ir::ArgMinOp>([&](auto a) {
        return afterDropping(static_cast<int64_t>(a.getDimension()), dim);
      })
      .Case<ir::CumulativeSumOp, ir::ArgSortOp>([&](auto a) {
        return static_cast<int64_t>(a.getDimension()) == dim ? -1 : dim;
      })
      .Default([&](Operation *op) {
        bool pointwise = op->hasTrait<ir::Pointwise>();
        return pointwise ? dim : -1;
      });
}

/// Whether op of a sum over samples is one too, the other operands being the
/// same for any samples.
bool isLinear(Operation *op, unsigned operand) {
  if (isa<ir::DivOp>(op))
    return operand == 0;
  return isa<ir::NegOp>(op) || op->hasTrait<ir::LinearRule>() ||
         op->hasTrait<ir::MultilinearRule>();
}

/// Whether an op that loses the axis adds up what the samples give.
bool addsUp(Operation *op) {
  return isa<ir::ReduceSumOp, ir::DotGeneralOp, ir::ConvOp, ir::FoldWindowsOp,
             ir::ScatterAddOp>(op);
}

Dependence throughOp(Operation *op, const Dependences &values) {
  Dependence result;
  int64_t lost = 0, kept = 0, sums = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    Dependence from = values.lookup(operand.get());
    switch (from.kind) {
    case Dependence::none:
      continue;
    case Dependence::mixed:
      return from;
    case Dependence::sum:
      ++sums;
      if (!isLinear(op, operand.getOperandNumber()) ||
          (sums > 1 && op->hasTrait<ir::MultilinearRule>()))
        return Dependence::mix();
      result = from;
      continue;
    case Dependence::perSample:
      from.dim = through(op, operand.getOperandNumber(), from);
      ++(from.dim < 0 ? lost : kept);
      if (from.dim >= 0)
        result = either(result, from);
    }
  }
  if ((lost > 0) + (kept > 0) + (sums > 0) > 1)
    return Dependence::mix();
  if (lost)
    return addsUp(op) ? Dependence{Dependence::sum, 0, 0} : Dependence::mix();
  return result;
}

/// Whether seeds of `value` in a request keep samples apart.
bool isApart(Dependence value, Dependence seed) {
  return seed.kind == Dependence::none ||
         (value.kind == Dependence::perSample && seed == value);
}

/// Derivatives of `of` with respect to each of `wrt`.
void visitReverse(ValueRange of, ValueRange wrt, ValueRange seeds,
                  ValueRange results, Dependences &values) {
  bool depends = false, apart = true;
  for (auto [i, value] : llvm::enumerate(of)) {
    Dependence from = values.lookup(value);
    Dependence seed = seeds.empty() ? Dependence() : values.lookup(seeds[i]);
    depends |= from.kind != Dependence::none || seed.kind != Dependence::none;
    apart &= from.kind != Dependence::mixed && isApart(from, seed);
  }
  for (auto [x, result] : llvm::zip(wrt, results)) {
    Dependence from = values.lookup(x);
    if (!depends)
      values[result] = {};
    else if (!apart || from.kind == Dependence::sum)
      values[result] = Dependence::mix();
    else if (from.kind == Dependence::none)
      values[result] = {Dependence::sum, 0, 0};
    else
      values[result] = from;
  }
}

/// Derivatives of each of `of` in the direction of the tangents.
void visitForward(ir::JvpOp op, Dependences &values) {
  bool apart = true;
  for (auto [x, tangent] : llvm::zip(op.getWrt(), op.getTangents()))
    apart &= isApart(values.lookup(x), values.lookup(tangent));
  for (auto [of, result] : llvm::zip(op.getOf(), op.getResults())) {
    Dependence from = values.lookup(of);
    values[result] = apart ? from : Dependence::mix();
  }
}

void visit(Block &block, Dependences &values);

void visitScan(ir::ScanOp scan, Dependences &values) {
  // Slices along the samples are single samples, at a place of their own each.
  auto shifted = [](Dependence from, int64_t shift) {
    if (from.kind != Dependence::perSample)
      return from;
    from.dim += shift;
    return from.dim < 0 ? Dependence::mix() : from;
  };
  for (auto [x, argument] : llvm::zip(scan.getXs(), scan.getXArgs()))
    values[argument] = shifted(values.lookup(x), -1);
  for (auto [value, argument] :
       llvm::zip(scan.getInvariants(), scan.getInvariantArgs()))
    values[argument] = values.lookup(value);
  for (auto [init, argument] : llvm::zip(scan.getInit(), scan.getCarryArgs()))
    values[argument] = values.lookup(init);
  // A carry that begins as zeros depends on samples from the first step on.
  // Each round raises some carry, two times at most, or is the last.
  for (bool changed = true; changed;) {
    visit(scan.getBody().front(), values);
    changed = false;
    for (auto [next, argument] :
         llvm::zip(scan.getNextCarry(), scan.getCarryArgs())) {
      Dependence before = values.lookup(argument);
      Dependence after = either(before, values.lookup(next));
      changed |= !(after == before);
      values[argument] = after;
    }
  }
  for (auto [argument, result] :
       llvm::zip(scan.getCarryArgs(), scan.getCarryResults())) {
    Dependence from = values.lookup(argument);
    values[result] = from;
  }
  for (auto [step, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    values[result] = shifted(values.lookup(step), 1);
}

void visit(Block &block, Dependences &values) {
  for (Operation &op : block)
    llvm::TypeSwitch<Operation *>(&op)
        .Case([&](ir::ScanOp scan) { visitScan(scan, values); })
        .Case([&](ir::GradientOp g) {
          visitReverse(g.getOf(), g.getWrt(), {}, g.getResults(), values);
        })
        .Case([&](ir::VjpOp v) {
          visitReverse(v.getOf(), v.getWrt(), v.getCotangents(), v.getResults(),
                       values);
        })
        .Case([&](ir::JvpOp j) { visitForward(j, values); })
        .Default([&](Operation *other) {
          Dependence result = throughOp(other, values);
          for (Value value : other->getResults())
            values[value] = result;
        });
}

} // namespace

SmallVector<std::optional<int64_t>>
propagateBatchAxes(ir::EntryOp entry, ArrayRef<std::optional<int64_t>> inputs) {
  Block &block = entry.getBody().front();
  Dependences values;
  for (auto [argument, axis] : llvm::zip(block.getArguments(), inputs)) {
    if (!axis)
      continue;
    int64_t samples =
        cast<RankedTensorType>(argument.getType()).getDimSize(*axis);
    if (samples > 0)
      values[argument] = {Dependence::perSample, *axis, samples};
  }
  visit(block, values);
  SmallVector<std::optional<int64_t>> outputs;
  for (Value value : block.getTerminator()->getOperands()) {
    Dependence from = values.lookup(value);
    auto type = cast<RankedTensorType>(value.getType());
    bool whole = from.kind == Dependence::perSample &&
                 type.getDimSize(from.dim) == from.samples;
    outputs.push_back(whole ? std::optional(from.dim) : std::nullopt);
  }
  return outputs;
}

} // namespace sinter::detail
