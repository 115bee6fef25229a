//===- ComputeOverwrites.cpp - which results may replace arguments --------===//
//
// Result r may be written over argument i if every emission of the kernel reads
// each element of i before it writes that element of r.  What emissions promise
// (README.md): at one index, all that is needed there is read before anything
// is stored there.  So
//
// * in pointwise kernels, and in the epilogue of contractions and gathers, an
//   argument of the result's shape that only pointwise ops read may be
//   replaced; in one of several segments, within the segment;
// * in a reduction's kernel, what has the kept shape likewise, if no full op
//   comes to see it; and a full argument by the one full result that needs all
//   reductions that read it, since it cannot be stored before they are done;
// * a scatter starts from a copy of its operand, which may be the operand.
//
// Of several candidates the one is taken that the calls show to be an update of
// the same variable or loop carry.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/ComputeOverwrites.h"
#include "passes/fuse/OpKinds.h"

namespace sinter::passes {
#define GEN_PASS_DEF_COMPUTEOVERWRITES
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {

/// One kernel's body, asked about pairs of result and argument.
class Hazards {
public:
  explicit Hazards(KernelOp kernel) : kernel(kernel) {
    for (Operation &op : kernel.getBody().front().without_terminator())
      if (kindOf(&op) == OpKind::Reduction)
        reductions.push_back(&op);
  }

  bool mayOverwrite(unsigned r, unsigned i) {
    Value result = kernel.getBody().front().getTerminator()->getOperand(r);
    Value argument = kernel.getBody().getArgument(i);
    if (getBufferType(result.getType()) != getBufferType(argument.getType()) ||
        result == argument || !sameSegment(r, i))
      return false;
    if (auto scatter = result.getDefiningOp<ScatterAddOp>())
      return scatter.getOperand() == argument && argument.hasOneUse();
    if (result.getDefiningOp() &&
        kindOf(result.getDefiningOp()) == OpKind::Concatenate)
      return false;
    llvm::SmallPtrSet<Operation *, 16> readers = allReaders(argument);
    if (llvm::all_of(readers, isPointwise))
      return true;
    return !reductions.empty() && isLastPass(result, argument, readers);
  }

private:
  static bool isPointwise(Operation *op) {
    return kindOf(op) == OpKind::Pointwise || isa<ReturnOp>(op);
  }

  bool sameSegment(unsigned r, unsigned i) {
    DictionaryAttr schedule = kernel.getScheduleAttr();
    if (!schedule || !schedule.contains("segments"))
      return true;
    int64_t arguments =
        schedule.getAs<IntegerAttr>("segment_arguments").getInt();
    int64_t results = schedule.getAs<IntegerAttr>("segment_results").getInt();
    return i / arguments == r / results;
  }

  /// All ops that the value reaches.
  static llvm::SmallPtrSet<Operation *, 16> allReaders(Value value) {
    llvm::SmallPtrSet<Operation *, 16> seen;
    SmallVector<Value> worklist = {value};
    while (!worklist.empty())
      for (Operation *user : worklist.pop_back_val().getUsers())
        if (seen.insert(user).second)
          llvm::append_range(worklist, user->getResults());
    return seen;
  }

  bool isLastPass(Value result, Value argument,
                  const llvm::SmallPtrSetImpl<Operation *> &readers) {
    Operation *last = result.getDefiningOp();
    if (shapeOf(result) != shapeOf(reductions[0]->getOperand(0)) || !last ||
        !readers.contains(last))
      return false;
    // Every way from the argument is pointwise, or through a reduction that the
    // result waits for.
    SmallVector<Value> worklist = {argument};
    llvm::SmallPtrSet<Operation *, 16> seen;
    while (!worklist.empty())
      for (Operation *user : worklist.pop_back_val().getUsers()) {
        if (!seen.insert(user).second)
          continue;
        if (kindOf(user) == OpKind::Reduction) {
          if (!allReaders(user->getResult(0)).contains(last))
            return false;
        } else if (isPointwise(user)) {
          llvm::append_range(worklist, user->getResults());
        } else {
          return false;
        }
      }
    // Reductions that wait for the first ones may read the argument's row
    // again, so none may be left when the result is stored.
    for (Operation *reduction : reductions)
      if (readers.contains(reduction) &&
          !allReaders(reduction->getResult(0)).contains(last))
        return false;
    // Another full result may be stored in another pass.
    for (Value other : kernel.getBody().front().getTerminator()->getOperands())
      if (other != result && other.getDefiningOp() &&
          readers.contains(other.getDefiningOp()) &&
          shapeOf(other) == shapeOf(result))
        return false;
    return true;
  }

  KernelOp kernel;
  SmallVector<Operation *> reductions;
};

} // namespace

/// The value without reshapes, which share its memory.
static Value memoryOf(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getOperand();
  return value;
}

/// Whether this call makes result r the next value of what argument i holds.
static bool isUpdate(CallOp call, unsigned r, unsigned i) {
  Value argument = memoryOf(call.getOperand(i));
  for (OpOperand &use : call.getResult(r).getUses()) {
    if (auto write = dyn_cast<WriteOp>(use.getOwner()))
      if (auto read = argument.getDefiningOp<ReadOp>())
        if (read.getVariable() == write.getVariable())
          return true;
    if (auto scan = dyn_cast<ScanOp>(use.getOwner()->getParentOp()))
      if (isa<YieldOp>(use.getOwner()) &&
          use.getOperandNumber() < scan.getNumCarried() &&
          argument == scan.getCarryArgs()[use.getOperandNumber()])
        return true;
  }
  return false;
}

/// Whether a call passes the memory of argument i as another argument, too.
static bool isShared(CallOp call, unsigned i) {
  for (unsigned j = 0; j < call->getNumOperands(); ++j)
    if (i != j && memoryOf(call.getOperand(i)) == memoryOf(call.getOperand(j)))
      return true;
  return false;
}

static void computeOverwrites(KernelOp kernel, ArrayRef<CallOp> calls) {
  struct Candidate {
    unsigned result, argument;
    int64_t updates;
  };
  SmallVector<Candidate> candidates;
  Hazards hazards(kernel);
  for (unsigned r = 0; r < kernel.getResultTypes().size(); ++r)
    for (unsigned i = 0; i < kernel.getArgumentTypes().size(); ++i)
      if (hazards.mayOverwrite(r, i) &&
          llvm::none_of(calls, [&](CallOp c) { return isShared(c, i); }))
        candidates.push_back({r, i, llvm::count_if(calls, [&](CallOp call) {
                                return isUpdate(call, r, i);
                              })});
  llvm::stable_sort(candidates, [](const Candidate &a, const Candidate &b) {
    return a.updates > b.updates;
  });
  SmallVector<int64_t> overwrites(kernel.getResultTypes().size(), -1);
  for (const Candidate &candidate : candidates)
    if (overwrites[candidate.result] < 0 &&
        !llvm::is_contained(overwrites, candidate.argument))
      overwrites[candidate.result] = candidate.argument;
  kernel.setOverwrites(overwrites);
}

namespace {
struct ComputeOverwrites
    : passes::impl::ComputeOverwritesBase<ComputeOverwrites> {
  void runOnOperation() override {
    llvm::DenseMap<StringAttr, SmallVector<CallOp>> calls;
    getOperation().walk([&](CallOp call) {
      calls[call.getKernelAttr().getAttr()].push_back(call);
    });
    for (auto kernel : getOperation().getOps<KernelOp>())
      computeOverwrites(kernel, calls[kernel.getSymNameAttr()]);
  }
};
} // namespace

std::unique_ptr<Pass> passes::createComputeOverwritesPass() {
  return std::make_unique<ComputeOverwrites>();
}
