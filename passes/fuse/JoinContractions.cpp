//===- JoinContractions.cpp - products that share an operand --------------===//
//
// Calls of one contraction kernel that multiply the same matrix (queries, keys
// and values of one input; the gates of a recurrent cell; the gradients of
// their weights) become one call of a kernel with a segment for each
// (compiler/ir/Segments.h): the matrix is near when the next product reads it,
// and threads are woken once.  Weights stay where they are.
//
// Apart stay calls of which one needs another, or has to come before what the
// other replaces, and such that, in the order of the block, would keep more in
// memory at a time than they do one by one: results and operands that wait, and
// what can no more be written over since the others read it as well.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/JoinContractions.h"

#include "compiler/ir/Boundaries.h"
#include "compiler/ir/ContractionForm.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Segments.h"
#include "passes/fuse/ComputeOverwrites.h"
#include "passes/fuse/ExplainBoundaries.h"
#include "passes/fuse/JoinChooser.h"
#include "passes/fuse/NameKernels.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

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

  /// Joins calls of the block and of the scans in it; returns what it then
  /// needs at a time.
  int64_t joinIn(Block &block) {
    llvm::DenseMap<Operation *, int64_t> inside;
    for (auto scan : block.getOps<ScanOp>())
      inside[scan] = joinIn(scan.getBody().front());
    int64_t peak = 0;
    for (Side side : {Side::Left, Side::Right}) {
      JoinChooser chooser(block,
                          [&](ScanOp scan) { return inside.lookup(scan); });
      for (ArrayRef<CallOp> calls : findSharing(block, side))
        chooser.consider(calls);
      apply(block, chooser);
      peak = chooser.getPeak();
    }
    return peak;
  }

  /// Once all calls are what they will be.
  void finish() {
    llvm::DenseMap<StringAttr, SmallVector<CallOp>> calls;
    llvm::SetVector<KernelOp> unused;
    module.walk([&](CallOp call) {
      calls[call.getKernelAttr().getAttr()].push_back(call);
    });
    for (auto &[key, joined] : kernels) {
      computeOverwrites(joined, calls[joined.getSymNameAttr()]);
      auto kernel = cast<KernelOp>(key.first);
      if (!calls.contains(kernel.getSymNameAttr()))
        unused.insert(kernel);
    }
    for (KernelOp kernel : unused)
      symbols.erase(kernel);
  }

private:
  enum class Side { Left, Right };

  void apply(Block &block, const JoinChooser &chooser) {
    SmallVector<Operation *> order = chooser.getOrder();
    // What stands for each call.
    llvm::DenseMap<Operation *, Operation *> places;
    for (ArrayRef<CallOp> calls : chooser.getChosen()) {
      Operation *last = CallOp(calls.back());
      for (CallOp call : calls)
        places[call] = nullptr;
      places[last] = join(calls);
    }
    for (CallOp call : chooser.getRefused())
      refuse(kernelOf(call), call);
    if (places.empty())
      return;
    for (Operation *&op : order)
      if (auto at = places.find(op); at != places.end())
        op = at->second;
    layOut(block, order);
  }

  /// Brings the block's ops into the order of these: what costs nothing goes
  /// before its first user, or else behind.
  static void layOut(Block &block, ArrayRef<Operation *> order) {
    Operation *end = block.getTerminator();
    SmallVector<Operation *> all;
    for (Operation &op : block.without_terminator())
      all.push_back(&op);
    llvm::SmallPtrSet<Operation *, 32> done;
    auto place = [&](auto &&place, Operation *op) -> void {
      if (!op || op->getBlock() != end->getBlock() || !done.insert(op).second)
        return;
      for (Value operand : op->getOperands())
        place(place, operand.getDefiningOp());
      op->moveBefore(end);
    };
    for (Operation *op : all)
      if (op->getNumOperands() == 0 && !isa<CallOp, ScanOp>(op))
        place(place, op);
    for (Operation *op : order)
      place(place, op);
    for (Operation *op : all)
      place(place, op);
  }

  /// The calls that have this operand in common.
  SmallVector<SmallVector<CallOp>> findSharing(Block &block, Side side) {
    // The kernel, and what the operand is computed from.
    using Key = std::vector<const void *>;
    std::map<Key, size_t> numbers;
    SmallVector<SmallVector<CallOp>> groups;
    for (auto call : block.getOps<CallOp>()) {
      KernelOp kernel = kernelOf(call);
      DotGeneralOp dot = contractionOf(kernel);
      if (!dot)
        continue;
      SmallVector<unsigned> arguments =
          argumentsOf(side == Side::Left ? dot.getLhs() : dot.getRhs());
      if (arguments.empty())
        continue;
      Key key{kernel.getAsOpaquePointer()};
      for (unsigned number : arguments)
        key.push_back(call.getOperand(number).getAsOpaquePointer());
      size_t number = numbers.try_emplace(key, groups.size()).first->second;
      if (number == groups.size())
        groups.emplace_back();
      groups[number].push_back(call);
    }
    return groups;
  }

  KernelOp kernelOf(CallOp call) {
    return symbols.lookup<KernelOp>(call.getKernel());
  }
  /// Null for kernels that are joined already.
  DotGeneralOp contractionOf(KernelOp kernel) {
    auto [known, isNew] = contractions.try_emplace(kernel);
    if (isNew && Segments::of(kernel).count == 1)
      known->second = findContraction(kernel);
    return known->second;
  }

  static void refuse(KernelOp kernel, CallOp call) {
    SmallVector<Attribute> texts;
    if (auto refusals = kernel->getAttrOfType<ArrayAttr>(refusalsAttr))
      llvm::append_range(texts, refusals);
    Builder builder(kernel.getContext());
    Attribute text =
        builder.getStringAttr(Explanation{call, Refusal::MoreMemory}.text());
    if (llvm::is_contained(texts, text))
      return;
    texts.push_back(text);
    kernel->setAttr(refusalsAttr, builder.getArrayAttr(texts));
  }

  CallOp join(ArrayRef<CallOp> calls) {
    CallOp first = calls.front();
    Shared shared;
    for (unsigned i = 0; i < first->getNumOperands(); ++i)
      shared.push_back(llvm::all_of(calls, [&](CallOp call) {
        return call.getOperand(i) == first.getOperand(i);
      }));
    KernelOp joined = joinedKernel(calls, shared);

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
    auto call = CallOp::create(builder, first.getLoc(), joined.getResultTypes(),
                               FlatSymbolRefAttr::get(joined.getSymNameAttr()),
                               operands);
    if (!reasons.empty())
      call->setAttr(boundariesAttr, builder.getArrayAttr(reasons));
    auto results = call->getResults();
    for (CallOp old : calls) {
      old->replaceAllUsesWith(results.take_front(old->getNumResults()));
      results = results.drop_front(old->getNumResults());
      old.erase();
    }
    return call;
  }

  /// The kernel of so many segments, in front of the one that they are of.
  KernelOp joinedKernel(ArrayRef<CallOp> calls, const Shared &shared) {
    KernelOp kernel = kernelOf(calls.front());
    KernelOp &joined = kernels[{kernel.getOperation(), {calls.size(), shared}}];
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
    if (name == nameOf(kernel, entry.getSymName()))
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
  llvm::DenseMap<KernelOp, DotGeneralOp> contractions;
};

struct JoinContractions : passes::impl::JoinContractionsBase<JoinContractions> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (Options::of(module).optLevel == 0)
      return;
    SymbolTable symbols(module);
    Joiner joiner(module, symbols);
    for (auto entry : module.getOps<EntryOp>())
      joiner.joinIn(entry.getBody().front());
    joiner.finish();
  }
};
} // namespace

std::unique_ptr<Pass> passes::createJoinContractionsPass() {
  return std::make_unique<JoinContractions>();
}
