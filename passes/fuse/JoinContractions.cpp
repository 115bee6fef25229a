//===- JoinContractions.cpp - products that share an operand --------------===//
//
// Calls of one contraction kernel that multiply the same matrix (queries, keys
// and values of one input; the gates of a recurrent cell; the gradients of
// their weights) become one call of a kernel with a segment for each
// (compiler/ir/Segments.h): the matrix is near when the next product reads it,
// and threads are woken once.  Weights stay where they are.
//
// Calls that need each other stay apart, and such of which one would keep more
// waiting in memory than they take one by one.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/JoinContractions.h"

#include "compiler/ir/Boundaries.h"
#include "compiler/ir/ContractionForm.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Overwriting.h"
#include "compiler/ir/Segments.h"
#include "passes/fuse/ExplainBoundaries.h"
#include "passes/fuse/NameKernels.h"
#include "passes/fuse/RunTogether.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace sinter::passes {
#define GEN_PASS_DEF_JOINCONTRACTIONS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// The numbers of the arguments that the value is computed from.
static SmallVector<unsigned> argumentsOf(Value value) {
  llvm::SetVector<Value> found;
  found.insert(value);
  SmallVector<unsigned> numbers;
  for (size_t i = 0; i < found.size(); ++i) {
    if (auto argument = dyn_cast<BlockArgument>(found[i]))
      numbers.push_back(argument.getArgNumber());
    else
      found.insert_range(found[i].getDefiningOp()->getOperands());
  }
  llvm::sort(numbers);
  return numbers;
}

/// Why the call reads each of its operands from another kernel; empty of those
/// that no call computes.
static SmallVector<StringRef> reasonsOf(CallOp call) {
  SmallVector<Boundary> boundaries = boundariesOf(call);
  size_t next = 0;
  return llvm::map_to_vector(call->getOperands(), [&](Value operand) {
    return getProducer(operand) ? boundaries[next++].reason : StringRef();
  });
}

namespace {
/// Which arguments of a kernel are the same in all of some calls of it.
using Shared = std::vector<bool>;

class Joiner {
public:
  Joiner(ModuleOp module, SymbolTable &symbols)
      : module(module), symbols(symbols) {}

  void joinIn(Block &block) {
    for (Operation &op : block)
      if (auto scan = dyn_cast<ScanOp>(op))
        joinIn(scan.getBody().front());
    joinSharing(block, Side::Left);
    joinSharing(block, Side::Right);
  }

private:
  enum class Side { Left, Right };

  /// Joins the calls that have this operand in common.
  void joinSharing(Block &block, Side side) {
    // The kernel, and what the operand is computed from.
    using Key = std::vector<const void *>;
    std::map<Key, size_t> numbers;
    SmallVector<SmallVector<CallOp>> groups;
    for (auto call : block.getOps<CallOp>()) {
      KernelOp kernel = kernelOf(call);
      DotGeneralOp dot = joinable(kernel);
      if (!dot)
        continue;
      Key key{kernel.getAsOpaquePointer()};
      Value operand = side == Side::Left ? dot.getLhs() : dot.getRhs();
      for (unsigned number : argumentsOf(operand))
        key.push_back(call.getOperand(number).getAsOpaquePointer());
      size_t number = numbers.try_emplace(key, groups.size()).first->second;
      if (number == groups.size())
        groups.emplace_back();
      groups[number].push_back(call);
    }
    for (ArrayRef<CallOp> calls : groups)
      joinGroup(calls);
  }

  KernelOp kernelOf(CallOp call) {
    return symbols.lookup<KernelOp>(call.getKernel());
  }
  static DotGeneralOp joinable(KernelOp kernel) {
    if (Segments::of(kernel).count > 1)
      return nullptr;
    return findContraction(kernel);
  }

  void joinGroup(ArrayRef<CallOp> group) {
    SmallVector<CallOp> calls(group);
    while (calls.size() > 1) {
      SmallVector<CallOp> joined{calls.front()}, left;
      for (CallOp call : ArrayRef(calls).drop_front()) {
        joined.push_back(call);
        if (mayJoin(joined))
          continue;
        joined.pop_back();
        left.push_back(call);
      }
      if (joined.size() > 1)
        join(joined);
      calls = left;
    }
  }

  /// Whether the last of the calls may join the others.
  bool mayJoin(ArrayRef<CallOp> calls) {
    RunTogether together(calls);
    if (!together.isPossible())
      return false;
    if (together.peak() <= RunTogether(calls.front()).peak())
      return true;
    refuse(kernelOf(calls.back()), calls.back());
    return false;
  }

  static void refuse(KernelOp kernel, CallOp call) {
    SmallVector<Attribute> texts;
    if (auto refusals = kernel->getAttrOfType<ArrayAttr>(refusalsAttr))
      llvm::append_range(texts, refusals);
    Builder builder(kernel.getContext());
    Attribute text = builder.getStringAttr(
        Explanation{call, Refusal::MoreMemory}.text());
    if (llvm::is_contained(texts, text))
      return;
    texts.push_back(text);
    kernel->setAttr(refusalsAttr, builder.getArrayAttr(texts));
  }

  void join(ArrayRef<CallOp> calls) {
    RunTogether(calls).apply();
    CallOp first = calls.front();
    Shared shared;
    for (unsigned i = 0; i < first->getNumOperands(); ++i)
      shared.push_back(llvm::all_of(calls, [&](CallOp call) {
        return call.getOperand(i) == first.getOperand(i);
      }));
    KernelOp kernel = kernelOf(first), joined = joinedKernel(calls, shared);

    SmallVector<Value> operands;
    SmallVector<Attribute> reasons;
    OpBuilder builder(calls.back());
    auto take = [&](CallOp call, bool isShared) {
      SmallVector<StringRef> why = reasonsOf(call);
      for (auto [i, operand] : llvm::enumerate(call->getOperands()))
        if (shared[i] == isShared) {
          operands.push_back(operand);
          if (getProducer(operand))
            reasons.push_back(builder.getStringAttr(why[i]));
        }
    };
    for (CallOp call : calls)
      take(call, /*isShared=*/false);
    take(first, /*isShared=*/true);
    auto call = CallOp::create(
        builder, first.getLoc(), joined.getResultTypes(),
        FlatSymbolRefAttr::get(joined.getSymNameAttr()), operands);
    if (!reasons.empty())
      call->setAttr(boundariesAttr, builder.getArrayAttr(reasons));
    auto results = call->getResults();
    for (CallOp old : calls) {
      old->replaceAllUsesWith(results.take_front(old->getNumResults()));
      results = results.drop_front(old->getNumResults());
      old.erase();
    }
    if (SymbolTable::symbolKnownUseEmpty(kernel, module))
      symbols.erase(kernel);
  }

  /// The kernel of so many segments, in front of the one that they are of.
  KernelOp joinedKernel(ArrayRef<CallOp> calls, const Shared &shared) {
    KernelOp kernel = kernelOf(calls.front());
    KernelOp &joined =
        kernels[{kernel.getOperation(), {calls.size(), shared}}];
    if (joined)
      return joined;
    Segments segments{static_cast<int64_t>(calls.size()),
                      llvm::count(shared, false),
                      static_cast<int64_t>(kernel.getResultTypes().size())};
    SmallVector<Type> inputs, outputs;
    for (size_t s = 0; s < calls.size(); ++s) {
      for (auto [type, isShared] :
           llvm::zip_equal(kernel.getArgumentTypes(), shared))
        if (!isShared)
          inputs.push_back(type);
      llvm::append_range(outputs, kernel.getResultTypes());
    }
    for (auto [type, isShared] :
         llvm::zip_equal(kernel.getArgumentTypes(), shared))
      if (isShared)
        inputs.push_back(type);

    OpBuilder builder(kernel);
    NamedAttrList schedule(kernel.getScheduleAttr());
    segments.addTo(schedule, builder.getContext());
    joined = KernelOp::create(
        builder, kernel.getLoc(), kernel.getSymNameAttr(),
        TypeAttr::get(builder.getFunctionType(inputs, outputs)),
        /*arg_attrs=*/nullptr, /*res_attrs=*/nullptr,
        schedule.getDictionary(builder.getContext()), /*overwrites=*/nullptr);
    if (Attribute refusals = kernel->getAttr(refusalsAttr))
      joined->setAttr(refusalsAttr, refusals);
    fill(joined, kernel, segments, calls, shared);
    EntryOp entry = calls.front()->getParentOfType<EntryOp>();
    std::string name = nameOf(joined, entry.getSymName());
    if (name == kernel.getSymName())
      name += "_x" + std::to_string(calls.size());
    joined.setSymName(name);
    symbols.insert(joined);
    return joined;
  }

  /// The body: the kernel's for each call.
  static void fill(KernelOp joined, KernelOp kernel, const Segments &segments,
                   ArrayRef<CallOp> calls, const Shared &shared) {
    Block &body = joined.getBody().emplaceBlock();
    for (Type type : joined.getArgumentTypes())
      body.addArgument(type, joined.getLoc());
    auto builder = OpBuilder::atBlockBegin(&body);
    SmallVector<Value> results;
    for (auto [s, caller] : llvm::enumerate(calls)) {
      CallOp call = caller;
      IRMapping mapping;
      int64_t own = 0, common = segments.count * segments.arguments;
      for (auto [argument, isShared] :
           llvm::zip_equal(kernel.getArguments(), shared)) {
        BlockArgument mine = body.getArgument(
            isShared ? common++ : s * segments.arguments + own++);
        mine.setLoc(argument.getLoc());
        mapping.map(argument, mine);
      }
      Block &from = kernel.getBody().front();
      for (Operation &op : from.without_terminator()) {
        Operation *copy = builder.clone(op, mapping);
        // The kernel stands for all of its calls, and speaks of the first.
        if (s > 0)
          copy->setLoc(call.getLoc());
      }
      for (Value result : from.getTerminator()->getOperands())
        results.push_back(mapping.lookup(result));
    }
    ReturnOp::create(builder, kernel.getLoc(), results);
  }

  ModuleOp module;
  SymbolTable &symbols;
  std::map<std::pair<Operation *, std::pair<size_t, Shared>>, KernelOp> kernels;
};

struct JoinContractions
    : passes::impl::JoinContractionsBase<JoinContractions> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (Options::of(module).optLevel == 0)
      return;
    SymbolTable symbols(module);
    Joiner joiner(module, symbols);
    for (auto entry : module.getOps<EntryOp>())
      joiner.joinIn(entry.getBody().front());
  }
};
} // namespace

std::unique_ptr<Pass> passes::createJoinContractionsPass() {
  return std::make_unique<JoinContractions>();
}
