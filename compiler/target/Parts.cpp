//===- Parts.cpp - a model's code in parts --------------------------------===//
//
// Kernels and tasks are gathered in the module's order until a part is worth
// its own context and code generator.  What may be inlined into them, and small
// constants that they may be folded with, is copied into every part that names
// it; so code is the same as if all were in one module.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Parts.h"

#include "compiler/target/NativeModule.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Threading.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

#include <numeric>

using namespace mlir;
using namespace sinter;
using target::Part;
using target::Parts;

/// Ops that are worth a part: they take some 30 ms, beside which its context
/// and its code generator are little.
static constexpr int64_t leastCost = 1500;

/// Constants up to here are copied into the parts that name them.
static constexpr int64_t mostCopiedBytes = 4096;

static bool isLocal(Operation *op) {
  auto is = [](LLVM::Linkage linkage) {
    return linkage == LLVM::Linkage::Internal ||
           linkage == LLVM::Linkage::Private;
  };
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
    return !function.isExternal() && is(function.getLinkage());
  auto global = dyn_cast<LLVM::GlobalOp>(op);
  return global && is(global.getLinkage());
}

/// A kernel or a task.
static bool standsAlone(Operation *op) {
  auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
  return function && isLocal(op) && function.getNoInline();
}

static bool isCopied(Operation *op, const DataLayout &layout) {
  if (!isLocal(op))
    return false;
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
    return !function.getNoInline();
  auto global = cast<LLVM::GlobalOp>(op);
  return global.getConstant() &&
         layout.getTypeSize(global.getGlobalType()) <= mostCopiedBytes;
}

static bool isDeclaration(Operation *op) {
  auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
  return function && function.isExternal();
}

namespace {
/// Who names whom among a module's symbols.
struct Names {
  DataLayout layout;
  llvm::DenseMap<Operation *, SmallVector<Operation *, 0>> named;
  llvm::DenseMap<Operation *, int64_t> numOps, position;

  explicit Names(ModuleOp module) : layout(module) {
    llvm::DenseMap<StringAttr, Operation *> symbols;
    for (Operation &op : module.getOps()) {
      if (auto symbol = dyn_cast<SymbolOpInterface>(op))
        symbols[symbol.getNameAttr()] = &op;
      position[&op] = position.size();
    }
    for (Operation &op : module.getOps()) {
      llvm::SetVector<Operation *> found;
      AttrTypeWalker walker;
      walker.addWalk([&](SymbolRefAttr name) {
        if (Operation *other = symbols.lookup(name.getRootReference()))
          found.insert(other);
      });
      int64_t count = 0;
      op.walk([&](Operation *inner) {
        ++count;
        for (NamedAttribute attr : inner->getAttrs())
          if (isa<SymbolRefAttr, ArrayAttr>(attr.getValue()))
            walker.walk(attr.getValue());
      });
      found.remove(&op);
      named[&op] = found.takeVector();
      numOps[&op] = count;
    }
  }

  /// Adds what a part's ops name.
  void close(Part &part) const {
    llvm::SetVector<Operation *> defined(part.defined.begin(),
                                         part.defined.end());
    llvm::SetVector<Operation *> declared;
    for (size_t k = 0; k != defined.size(); ++k)
      for (Operation *other : named.find(defined[k])->second)
        if (isCopied(other, layout))
          defined.insert(other);
        else
          declared.insert(other);
    declared.set_subtract(defined);
    part.defined = defined.takeVector();
    part.declared = declared.takeVector();
    for (SmallVector<Operation *, 0> *ops : {&part.defined, &part.declared})
      llvm::sort(*ops, [&](Operation *a, Operation *b) {
        return position.lookup(a) < position.lookup(b);
      });
  }
};
} // namespace

Parts::Parts(ModuleOp module) : module(module) {
  Names names(module);
  Part next, rest;
  parts.emplace_back();
  for (Operation &op : module.getOps()) {
    if (isDeclaration(&op) || isCopied(&op, names.layout))
      continue;
    Part &part = standsAlone(&op) ? next : rest;
    part.defined.push_back(&op);
    part.cost += names.numOps.lookup(&op);
    if (next.cost >= leastCost)
      parts.push_back(std::exchange(next, Part()));
  }
  // What is not worth a part stays with the C interface.
  rest.defined.insert(rest.defined.end(), next.defined.begin(),
                      next.defined.end());
  rest.cost += next.cost;
  parts.front() = std::move(rest);
  for (Part &part : parts) {
    names.close(part);
    for (Operation *op : part.declared)
      if (isLocal(op))
        shared.insert(op);
  }
}

/// Visible to the other parts.
template <typename Symbol> static void share(Symbol symbol) {
  symbol.setLinkage(LLVM::Linkage::External);
  symbol.setVisibility_(LLVM::Visibility::Hidden);
  symbol.setDsoLocal(true);
}

OwningOpRef<ModuleOp> Parts::make(size_t number) const {
  ModuleOp whole = module;
  OwningOpRef<ModuleOp> part(cast<ModuleOp>(whole->cloneWithoutRegions()));
  Block &body = part->getBodyRegion().emplaceBlock();
  for (Operation *op : parts[number].declared) {
    auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
    auto global = dyn_cast<LLVM::GlobalOp>(op);
    Operation *copy =
        function || global ? op->cloneWithoutRegions() : op->clone();
    body.push_back(copy);
    if (function) {
      cast<LLVM::LLVMFuncOp>(copy).setLinkage(
          isDeclaration(op) ? function.getLinkage() : LLVM::Linkage::External);
      copy->setLoc(whole.getLoc()); // line tables are the definition's
    }
    if (global) {
      cast<LLVM::GlobalOp>(copy).removeValueAttr();
      cast<LLVM::GlobalOp>(copy).setLinkage(LLVM::Linkage::External);
    }
  }
  for (Operation *op : parts[number].defined)
    body.push_back(op->clone());
  llvm::StringSet<> names;
  for (Operation *op : shared)
    names.insert(SymbolTable::getSymbolName(op));
  for (Operation &op : body) {
    auto symbol = dyn_cast<SymbolOpInterface>(op);
    if (!symbol || !names.contains(symbol.getName()))
      continue;
    if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
      share(function);
    else
      share(cast<LLVM::GlobalOp>(op));
  }
  return part;
}

FailureOr<std::vector<std::string>> target::makeObjects(ModuleOp module,
                                                        TimingScope &timing) {
  FailureOr<ir::ModelDescription> model = ir::ModelDescription::of(module);
  if (failed(model))
    return failure();
  Parts parts(module);
  // The longest go first, so that no thread is left with one at the end.
  std::vector<size_t> order(parts.parts.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    return parts.parts[a].cost > parts.parts[b].cost;
  });
  std::vector<std::string> objects(order.size());
  LogicalResult made = failableParallelForEach(
      module.getContext(), order, [&](size_t number) -> LogicalResult {
        TimingScope scope = timing.nest("translate");
        OwningOpRef<ModuleOp> part = parts.make(number);
        FailureOr<NativeModule> native = NativeModule::translate(
            *part, model->name, number == 0 ? &*model : nullptr);
        part = nullptr;
        if (failed(native))
          return failure();
        scope = timing.nest("optimize");
        native->optimize();
        scope = timing.nest("generate");
        FailureOr<std::string> object = std::move(*native).takeObject();
        if (failed(object))
          return failure();
        objects[number] = std::move(*object);
        return success();
      });
  if (failed(made))
    return failure();
  return objects;
}
