//===- BuildProgram.cpp - from values to storages, steps and copies -------===//
//
// Comes in: an entry of the `fused` stage.  Goes out: its Program.
//
// The end of an entry (writes, return) and the end of a scan's body (next
// carries, per-step outputs) are the same thing: a set of assignments that take
// place at once.  Computed values are assigned at the end.  Values that merely
// move (an old variable, an input, a carry, a slice) are assigned as early as
// may be, so that their source is free to be overwritten: into outputs at the
// beginning, into variables and carries after the last reader of the old value.
// Cycles among moves (a swap) go through a temporary.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ByteLimits.h"
#include "passes/plan/KernelGraph.h"
#include "passes/plan/Liveness.h"
#include "passes/plan/ProgramBuilder.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

View ProgramBuilder::newStorage(Type type, Location loc, Space space,
                                int64_t place) {
  program.storages.push_back({space, getByteSize(type), place, loc});
  return {static_cast<int>(program.storages.size()) - 1, 0, {}};
}

View ProgramBuilder::newTemporary(Type type, Location loc, StringRef role,
                                  StringRef kernel) {
  View view = newStorage(type, loc, Space::Workspace, 0);
  program.storages.back().role = role;
  program.storages.back().kernel = kernel;
  return view;
}

View ProgramBuilder::getStateView(FlatSymbolRefAttr name, Operation *user) {
  auto [at, isNew] = state.insert({name, View()});
  if (isNew) {
    auto variable =
        SymbolTable::lookupNearestSymbolFrom<VariableOp>(user, name);
    Location loc = NameLoc::get(name.getAttr(), variable.getLoc());
    at->second = newStorage(variable.getType(), loc, Space::State,
                            variable.getOffset().value_or(0));
  }
  return at->second;
}

bool ProgramBuilder::isEarly(Value value) {
  Operation *op = getOrigin(value).getDefiningOp();
  return !op || isa<ReadOp, ConstantOp>(op);
}

View ProgramBuilder::getView(Value value) {
  Value origin = getOrigin(value);
  if (auto at = views.find(origin); at != views.end())
    return at->second;
  if (auto read = origin.getDefiningOp<ReadOp>())
    return views[origin] = getStateView(read.getVariableAttr(), read);
  auto constant = cast<ConstantOp>(origin.getDefiningOp());
  program.constants.push_back(constant);
  return views[origin] =
             newStorage(origin.getType(), origin.getLoc(), Space::Constant,
                        program.constants.size() - 1);
}

Step &ProgramBuilder::addStep(Step::Kind kind, Location loc) {
  Step &step = program.steps.emplace_back(Step{kind, loc});
  step.loop = currentLoop;
  return step;
}

Step &ProgramBuilder::addCopy(const View &source, const View &target, Type type,
                              Location loc, Purpose purpose) {
  Step &step = addStep(Step::Copy, loc);
  step.reads.push_back({source, type, loc});
  step.writes.push_back({target, type, loc});
  step.purpose = purpose;
  return step;
}

/// Places the moves among the assignments: each after the last reader of what
/// its target held, moves being readers too.
SmallVector<Move>
ProgramBuilder::scheduleMoves(Block &block, ArrayRef<Assignment> assignments) {
  SmallVector<Move> moves, pending;
  for (const Assignment &assignment : assignments) {
    if (!isEarly(assignment.source))
      continue;
    View source = getView(assignment.source);
    if (source == assignment.target)
      continue;
    (assignment.replaces ? pending : moves)
        .push_back({source, assignment.target, assignment.source.getType(),
                    assignment.loc, assignment.purpose});
  }
  if (pending.empty())
    return moves;

  DenseMap<int, int> lastUse, waiting;
  for (auto [number, op] : llvm::enumerate(block)) {
    if (!isa<CallOp, ScanOp>(op))
      continue;
    for (Value operand : op.getOperands())
      if (isEarly(operand))
        lastUse[getView(operand).storage] = number;
    op.walk([&, number = number](ReadOp read) {
      lastUse[getStateView(read.getVariableAttr(), read).storage] = number;
    });
  }
  auto after = [&](int storage) {
    auto at = lastUse.find(storage);
    return at == lastUse.end() ? -1 : at->second;
  };
  for (const Move &move : pending)
    ++waiting[move.source.storage];
  while (!pending.empty()) {
    auto *next = llvm::find_if(pending, [&](const Move &move) {
      return waiting.lookup(move.target.storage) == 0;
    });
    if (next == pending.end()) {
      // Only cycles are left: save one target's old value aside.
      Move &first = pending.front();
      View old = first.target;
      View aside = newTemporary(first.type, first.loc, "old value");
      moves.push_back({old, aside, first.type, first.loc, Purpose::Swap,
                       after(old.storage)});
      for (Move &move : pending)
        if (move.source.storage == old.storage)
          move.source = aside;
      waiting[old.storage] = 0;
      continue;
    }
    next->after = after(next->target.storage);
    int source = next->source.storage;
    --waiting[source];
    lastUse[source] = std::max(after(source), next->after);
    moves.push_back(*next);
    pending.erase(next);
  }
  return moves;
}

LogicalResult ProgramBuilder::buildBlock(Block &block,
                                         ArrayRef<Assignment> assignments) {
  SmallVector<Move> moves = scheduleMoves(block, assignments);
  auto addMoves = [&](int after) {
    for (const Move &move : moves)
      if (move.after == after)
        addCopy(move.source, move.target, move.type, move.loc, move.purpose);
  };
  addMoves(-1);
  for (auto [number, op] : llvm::enumerate(block)) {
    if (auto call = dyn_cast<CallOp>(op)) {
      buildCall(call);
    } else if (auto scan = dyn_cast<ScanOp>(op)) {
      if (failed(buildScan(scan)))
        return failure();
    } else if (!isa<ReadOp, WriteOp, ReshapeOp, ConstantOp, ReturnOp, YieldOp>(
                   op)) {
      return op.emitOpError("stands outside a kernel: run the passes of the "
                            "`fused` stage before planning memory");
    }
    addMoves(number);
  }
  for (const Assignment &assignment : assignments)
    if (!isEarly(assignment.source))
      addCopy(getView(assignment.source), assignment.target,
              assignment.source.getType(), assignment.loc, assignment.purpose);
  return success();
}

void ProgramBuilder::buildCall(CallOp call) {
  SmallVector<Operand> reads, writes;
  for (Value operand : call.getOperands())
    reads.push_back(getOperand(operand));
  for (Value result : call.getResults()) {
    views[result] =
        newTemporary(result.getType(), result.getLoc(), "", call.getKernel());
    writes.push_back(getOperand(result));
  }
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
      call, call.getKernelAttr());
  Step &step = addStep(Step::Launch, call.getLoc());
  step.op = call;
  step.reads = reads;
  step.writes = writes;
  if (auto overwrites = kernel.getOverwrites())
    step.overwrites.assign(overwrites->begin(), overwrites->end());
  else
    step.overwrites.assign(writes.size(), -1);
  IntegerAttr scratch;
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    scratch = schedule.getAs<IntegerAttr>("scratch_bytes");
  if (scratch && scratch.getInt() > 0) {
    Type type = RankedTensorType::get({scratch.getInt()},
                                      IntegerType::get(call.getContext(), 8));
    step.scratch =
        newTemporary(type, call.getLoc(), "scratch", call.getKernel()).storage;
  }
}

FailureOr<Program> ProgramBuilder::build(EntryOp entry) {
  if (failed(verifyAddressable(entry)))
    return failure();
  Block &block = entry.getBody().front();
  for (BlockArgument argument : block.getArguments()) {
    Location loc = argument.getLoc();
    if (auto name = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                       nameAttr))
      loc = NameLoc::get(name, loc);
    views[argument] = newStorage(argument.getType(), loc, Space::Input,
                                 argument.getArgNumber());
  }
  SmallVector<Assignment> assignments;
  auto end = cast<ReturnOp>(block.getTerminator());
  for (auto [number, value] : llvm::enumerate(end.getValues())) {
    Location loc = end.getLoc();
    if (auto name = entry.getResultAttrOfType<StringAttr>(number, nameAttr))
      loc = NameLoc::get(name, loc);
    View output = newStorage(value.getType(), loc, Space::Output, number);
    assignments.push_back({output, value, loc, Purpose::Return, false});
  }
  for (auto write : block.getOps<WriteOp>())
    assignments.push_back({getStateView(write.getVariableAttr(), write),
                           write.getValue(), write.getLoc(),
                           Purpose::WriteState, true});
  if (failed(buildBlock(block, assignments)))
    return failure();
  // All of them at once are more than is needed, but no sum may overflow.
  int64_t bytes = 0;
  for (const Storage &storage : program.storages)
    if (__builtin_add_overflow(bytes, storage.bytes, &bytes))
      return emitError(storage.loc,
                       "the values of this entry are too many bytes to count");
  dropDeadCopies(program);
  return std::move(program);
}

FailureOr<Program> sinter::passes::plan::buildProgram(EntryOp entry,
                                                      const ScanForms &forms) {
  return ProgramBuilder(forms).build(entry);
}
