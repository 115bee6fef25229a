//===- ComputeOverwrites.cpp - which results may replace arguments --------===//
//
// Result r may be written over argument i if no emission of the kernel reads an
// element of i after it has written that element of r.  Emissions follow the
// kernel's phases (KernelPhases.h) and keep the promises of README.md: what any
// result of a phase needs at one point is read before anything is stored there,
// and in a phase over rows (or windows), the reductions are done with a row
// before its full results are stored, those before the row's own.  So r may
// replace i if
//
// * whatever its phase stores in the same walk reads i at its own point only;
// * everything else of the phase is done with i by then: a reduction of rows
//   that reads its own row of i, when r is a full result; nothing, otherwise;
// * no later phase reads i;
// * in a kernel of several segments, i belongs to r's segment;
// * or r is a scatter into i: it starts from a copy.
//
// Of several candidates the one is taken that the calls show to be an update of
// the same variable or loop carry.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/ComputeOverwrites.h"
#include "compiler/ir/KernelPhases.h"
#include "passes/fuse/OpKinds.h"

#include <map>

namespace sinter::passes {
#define GEN_PASS_DEF_COMPUTEOVERWRITES
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {

/// How a value depends on an argument.
enum class Reach { Nothing, OwnPoint, Anywhere };

/// One kernel's body, asked about pairs of result and argument.
class Hazards {
public:
  explicit Hazards(KernelOp kernel)
      : kernel(kernel), plan(KernelPhases::of(kernel)),
        results(kernel.getBody().front().getTerminator()->getOperands()) {
    for (auto [number, phase] : llvm::enumerate(plan.phases))
      for (Operation *op : phase.reducing)
        phaseOf[op] = number;
    hasPieces = llvm::any_of(kernel.getBody().front(), [](Operation &op) {
      return isa<ConcatenateOp>(op) || writesWhole(&op);
    });
  }

  bool mayOverwrite(unsigned r, unsigned i) {
    Value result = results[r], argument = kernel.getBody().getArgument(i);
    if (getBufferType(result.getType()) != getBufferType(argument.getType()) ||
        result == argument || !sameSegment(r, i))
      return false;
    if (auto scatter = result.getDefiningOp<ScatterAddOp>())
      return scatter.getOperand() == argument && argument.hasOneUse();
    if (hasPieces)
      return false;

    unsigned own = 0;
    while (own < plan.phases.size() &&
           !llvm::is_contained(plan.phases[own].results, r))
      ++own;
    for (unsigned p = own; p < plan.phases.size(); ++p) {
      const Phase &phase = plan.phases[p];
      const Reached &reached = reachedFrom(argument, p);
      bool isFull = shapeOf(result) != ArrayRef(phase.outer);
      for (Operation *op : phase.reducing)
        for (Value operand : op->getOperands()) {
          Reach reach = reached.lookup(operand);
          bool whole = (phase.rows && reducesSuffix(op)) || phase.isWindows();
          bool done = p == own && isFull && whole &&
                      shapeOf(operand) == shapeOf(argument) &&
                      reach == Reach::OwnPoint;
          if (reach != Reach::Nothing && !done)
            return false;
        }
      for (unsigned other : phase.results) {
        bool sameWalk = p == own && shapeOf(results[other]) == shapeOf(result);
        Reach reach = reached.lookup(results[other]);
        if (reach == Reach::Anywhere || (reach == Reach::OwnPoint && !sameWalk))
          return false;
      }
    }
    return true;
  }

private:
  bool sameSegment(unsigned r, unsigned i) {
    DictionaryAttr schedule = kernel.getScheduleAttr();
    if (!schedule || !schedule.contains("segments"))
      return true;
    int64_t arguments =
        schedule.getAs<IntegerAttr>("segment_arguments").getInt();
    int64_t perSegment =
        schedule.getAs<IntegerAttr>("segment_results").getInt();
    return i / arguments == r / perSegment;
  }

  using Reached = llvm::DenseMap<Value, Reach>;

  /// What is computed from `argument`, and how, in phase `number`, in which the
  /// results of reducing ops up to this phase are known already.  Found from
  /// the argument on: of many segments, an argument reaches but one.
  const Reached &reachedFrom(Value argument, unsigned number) {
    auto [known, isNew] =
        reached.try_emplace({argument.getAsOpaquePointer(), number});
    Reached &found = known->second;
    if (!isNew)
      return found;
    SmallVector<Value> work{argument};
    found[argument] = Reach::OwnPoint;
    while (!work.empty()) {
      Value value = work.pop_back_val();
      Reach reach = found.lookup(value);
      for (Operation *user : value.getUsers()) {
        auto placed = phaseOf.find(user);
        if (placed != phaseOf.end() && placed->second <= number)
          continue;
        Reach further =
            kindOf(user) == OpKind::Pointwise ? reach : Reach::Anywhere;
        for (Value result : user->getResults()) {
          Reach &now = found[result];
          if (now >= further)
            continue;
          now = further;
          work.push_back(result);
        }
      }
    }
    return found;
  }

  KernelOp kernel;
  KernelPhases plan;
  OperandRange results;
  llvm::DenseMap<Operation *, unsigned> phaseOf;
  /// Scatters, running sums, sorts and concatenations are stored piece by
  /// piece.
  bool hasPieces;
  std::map<std::pair<void *, unsigned>, Reached> reached;
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
