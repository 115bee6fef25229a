//===- NameKernels.cpp - readable symbols ---------------------------------===//
//
// A kernel is named after the entry that calls it first, the names that the
// user gave to its ops, and what they do: `train_hidden1_matmul_bias_relu`. The
// name becomes the symbol of its code, so it is what a profiler shows.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/NameKernels.h"
#include "compiler/ir/Segments.h"
#include "passes/fuse/OpKinds.h"

#include "llvm/ADT/StringSet.h"

namespace sinter::passes {
#define GEN_PASS_DEF_NAMEKERNELS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static bool isZero(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                        : DenseElementsAttr();
  if (!dense || !dense.isSplat())
    return false;
  Attribute splat = dense.getSplatValue<Attribute>();
  if (auto number = dyn_cast<FloatAttr>(splat))
    return number.getValue().isZero();
  return cast<IntegerAttr>(splat).getValue().isZero();
}

/// What a reader would call the op; empty for plumbing.
static StringRef wordOf(Operation *op) {
  if (isa<DotGeneralOp>(op))
    return "matmul";
  if (auto max = dyn_cast<MaxOp>(op))
    return isZero(max.getLhs()) || isZero(max.getRhs()) ? "relu" : "max";
  if (auto add = dyn_cast<AddOp>(op)) {
    for (Value operand : op->getOperands())
      if (auto broadcast = operand.getDefiningOp<BroadcastOp>())
        if (shapeOf(broadcast.getOperand()).size() == 1)
          return "bias";
    return {};
  }
  switch (kindOf(op)) {
  case OpKind::Reduction:
  case OpKind::Gather:
  case OpKind::Window:
  case OpKind::Scatter:
  case OpKind::Sequence:
  case OpKind::Concatenate:
  case OpKind::Random:
    return op->getName().stripDialect();
  case OpKind::Pointwise:
    return costOf(op) >= tooExpensive ? op->getName().stripDialect()
                                      : StringRef();
  default:
    return {};
  }
}

/// Only what a symbol may hold.
static std::string sanitized(StringRef text) {
  std::string result;
  for (char c : text)
    result += llvm::isAlnum(c) ? llvm::toLower(c) : '_';
  return result;
}

std::string passes::nameOf(KernelOp kernel, StringRef entry) {
  // A name is to be read: this many words say enough.
  constexpr size_t maxWords = 8;
  llvm::SmallSetVector<StringRef, 8> words;
  auto take = [&](StringRef word) {
    if (!word.empty() && words.size() < maxWords)
      words.insert(word);
  };
  Block &body = kernel.getBody().front();
  for (Operation &op : body.without_terminator()) {
    SmallVector<StringRef> parts;
    getGivenName(op.getLoc()).split(parts, '.', -1, /*KeepEmpty=*/false);
    if (parts.empty())
      take(wordOf(&op));
    else if (kindOf(&op) != OpKind::Constant)
      for (StringRef part : parts)
        take(part);
  }
  if (words.empty()) // Plumbing only: say what kind, last first.
    for (Operation &op : llvm::reverse(body.without_terminator()))
      if (words.empty())
        take(kindOf(&op) == OpKind::Constant ? "fill"
                                             : op.getName().stripDialect());
  std::string name = sanitized(entry);
  for (StringRef word : words)
    name += "_" + sanitized(word);
  bool isContraction = llvm::any_of(
      body, [](Operation &op) { return kindOf(&op) == OpKind::Contraction; });
  if (Segments::of(kernel).count > 1 && !isContraction)
    name += "_update";
  return name;
}

namespace {
struct NameKernels : passes::impl::NameKernelsBase<NameKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::DenseMap<StringAttr, EntryOp> callers;
    for (auto entry : module.getOps<EntryOp>())
      entry.walk([&](CallOp call) {
        callers.try_emplace(call.getKernelAttr().getAttr(), entry);
      });

    llvm::StringSet<> taken;
    for (Operation &op : module.getOps())
      if (auto name = SymbolTable::getSymbolName(&op);
          name && !isa<KernelOp>(op))
        taken.insert(name);
    llvm::DenseMap<StringAttr, StringAttr> names;
    for (auto kernel : module.getOps<KernelOp>()) {
      EntryOp entry = callers.lookup(kernel.getSymNameAttr());
      std::string base = nameOf(kernel, entry ? entry.getSymName() : "");
      std::string name = base;
      for (int count = 2; !taken.insert(name).second; ++count)
        name = base + "_" + std::to_string(count);
      auto attr = StringAttr::get(&getContext(), name);
      names[kernel.getSymNameAttr()] = attr;
      kernel.setSymNameAttr(attr);
    }
    module.walk([&](CallOp call) {
      call.setKernel(names.lookup(call.getKernelAttr().getAttr()));
    });
  }
};
} // namespace

std::unique_ptr<Pass> passes::createNameKernelsPass() {
  return std::make_unique<NameKernels>();
}
