//===- FusionReport.cpp - what fusion made of a model ---------------------===//

#include "compiler/inspect/FusionReport.h"
#include "compiler/ir/Sinter.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {

struct KernelFacts {
  int64_t ops = 0, flops = 0, bytesRead = 0, bytesWritten = 0;
};

} // namespace

static int64_t elementsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// Arithmetic operations; a function of the mathematics library counts as one,
/// comparisons, choices and conversions as none.
static int64_t flopsOf(Operation *op) {
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    auto lhs = cast<RankedTensorType>(dot.getLhs().getType());
    int64_t depth = 1;
    for (int64_t dim : dot.getLhsContracting())
      depth *= lhs.getDimSize(dim);
    return 2 * depth * elementsOf(dot.getResult());
  }
  if (auto conv = dyn_cast<ConvOp>(op)) {
    auto kernel = cast<RankedTensorType>(conv.getKernel().getType());
    int64_t features = std::max<int64_t>(kernel.getShape().back(), 1);
    return 2 * kernel.getNumElements() / features * elementsOf(conv.getResult());
  }
  if (auto fold = dyn_cast<FoldWindowsOp>(op))
    return elementsOf(fold.getOperand());
  if (auto scatter = dyn_cast<ScatterAddOp>(op))
    return elementsOf(scatter.getUpdates());
  if (op->hasTrait<ir::Reduction>())
    return elementsOf(op->getOperand(0));
  if (op->hasTrait<ir::Pointwise>() && !isa<CastOp, SelectOp, CompareOp>(op))
    return elementsOf(op->getResult(0));
  return 0;
}

static KernelFacts factsOf(KernelOp kernel) {
  KernelFacts facts;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (!isa<ConstantOp>(op))
      ++facts.ops;
    facts.flops += flopsOf(&op);
  }
  for (Type type : kernel.getArgumentTypes())
    facts.bytesRead += getByteSize(type);
  for (Type type : kernel.getResultTypes())
    facts.bytesWritten += getByteSize(type);
  return facts;
}

/// How often each kernel runs in `block`, which itself runs `times` times.
static void countRuns(Block &block, int64_t times,
                      llvm::MapVector<StringAttr, int64_t> &runs) {
  for (Operation &op : block) {
    if (auto call = dyn_cast<CallOp>(op))
      runs[call.getKernelAttr().getAttr()] += times;
    if (auto scan = dyn_cast<ScanOp>(op))
      countRuns(scan.getBody().front(),
                times * static_cast<int64_t>(scan.getTripCount()), runs);
  }
}

static void printKernel(KernelOp kernel, int64_t runs,
                        llvm::raw_ostream &stream) {
  KernelFacts facts = factsOf(kernel);
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto kind = schedule ? schedule.getAs<StringAttr>("kind") : StringAttr();
  stream << "  " << llvm::left_justify(kernel.getSymName(), 44) << ' '
         << llvm::left_justify(kind ? kind.getValue() : "?", 11)
         << llvm::format("%4lld ops %12lld flop %10lld B in %10lld B out",
                         static_cast<long long>(facts.ops),
                         static_cast<long long>(facts.flops),
                         static_cast<long long>(facts.bytesRead),
                         static_cast<long long>(facts.bytesWritten));
  if (runs != 1)
    stream << "  × " << runs;
  stream << '\n';
}

void inspect::printFusionReport(ModuleOp module, llvm::raw_ostream &stream) {
  SymbolTable symbols(module);
  for (auto entry : module.getOps<EntryOp>()) {
    llvm::MapVector<StringAttr, int64_t> runs;
    countRuns(entry.getBody().front(), 1, runs);
    int64_t total = 0;
    for (auto &[name, count] : runs)
      total += count;
    stream << "entry " << entry.getSymName() << ": " << runs.size()
           << " kernels, " << total << " calls\n";
    for (auto &[name, count] : runs)
      if (auto kernel = symbols.lookup<KernelOp>(name))
        printKernel(kernel, count, stream);
  }

  bool any = false;
  for (auto kernel : module.getOps<KernelOp>()) {
    auto refusals = kernel->getAttrOfType<ArrayAttr>(refusalsAttr);
    if (!refusals)
      continue;
    if (!any)
      stream << "not fused\n";
    any = true;
    stream << "  " << kernel.getSymName() << '\n';
    for (Attribute refusal : refusals)
      if (auto text = dyn_cast<StringAttr>(refusal))
        stream << "    " << text.getValue() << '\n';
  }
}

void inspect::printScalarKernels(ModuleOp module, llvm::raw_ostream &stream) {
  bool any = false;
  for (Operation &function : module.getOps()) {
    auto schedule = function.getAttrOfType<DictionaryAttr>("schedule");
    auto reason =
        schedule ? schedule.getAs<StringAttr>("scalar_reason") : StringAttr();
    if (!reason)
      continue;
    if (!any)
      stream << "not vectorized\n";
    any = true;
    stream << "  " << SymbolTable::getSymbolName(&function).getValue()
           << "\n    " << reason.getValue() << '\n';
  }
}
