//===- FusionReport.cpp - what fusion made of a model ---------------------===//

#include "compiler/inspect/FusionReport.h"
#include "compiler/inspect/KernelFacts.h"
#include "compiler/ir/BlockedScores.h"
#include "compiler/ir/Boundaries.h"
#include "compiler/ir/ImageLayouts.h"
#include "compiler/ir/LibraryPrimitive.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::inspect;
using namespace sinter::ir;

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

void inspect::printBlockedScores(EntryOp entry, llvm::raw_ostream &stream) {
  if (auto lines = entry->getAttrOfType<ArrayAttr>(blockedScoresAttr))
    for (auto line : lines.getAsRange<StringAttr>())
      stream << "  attention " << line.getValue() << '\n';
}

/// How the entry's images lie, and why.
static void printImageLayouts(EntryOp entry, llvm::raw_ostream &stream) {
  if (auto lines = entry->getAttrOfType<ArrayAttr>(imageLayoutsAttr))
    for (auto line : lines.getAsRange<StringAttr>())
      stream << "  " << line.getValue() << '\n';
}

/// Why each value that goes from kernel to kernel does.
static void printBoundaries(EntryOp entry, llvm::raw_ostream &stream) {
  // Calls of one pair for one reason are said once.
  llvm::MapVector<std::pair<StringRef, StringRef>, llvm::SetVector<StringRef>>
      reasons;
  entry.walk([&](CallOp call) {
    for (Boundary boundary : boundariesOf(call))
      reasons[{boundary.producer.getKernel(), boundary.consumer.getKernel()}]
          .insert(boundary.reason.empty() ? "no reason is recorded"
                                          : boundary.reason);
  });
  if (!reasons.empty())
    stream << "boundaries of " << entry.getSymName() << '\n';
  for (auto &[kernels, texts] : reasons) {
    stream << "  " << kernels.first << " -> " << kernels.second << '\n';
    for (StringRef text : texts)
      stream << "    " << text << '\n';
  }
}

/// Who computes each contraction, where a library was asked.
static void printLibraryChoices(ModuleOp module, llvm::raw_ostream &stream) {
  bool any = false;
  for (auto kernel : module.getOps<KernelOp>()) {
    auto choice = kernel->getAttrOfType<StringAttr>(libraryChoiceAttr);
    if (!choice)
      continue;
    if (!any)
      stream << "library\n";
    any = true;
    stream << "  " << kernel.getSymName() << "\n    " << choice.getValue()
           << '\n';
  }
}

void inspect::printFusionReport(ModuleOp module, llvm::raw_ostream &stream) {
  SymbolTable symbols(module);
  for (auto entry : module.getOps<EntryOp>()) {
    auto runs = countRuns(entry);
    int64_t total = 0;
    for (auto &[name, count] : runs)
      total += count;
    stream << "entry " << entry.getSymName() << ": " << runs.size()
           << " kernels, " << total << " calls\n";
    for (auto &[name, count] : runs)
      if (auto kernel = symbols.lookup<KernelOp>(name))
        printKernel(kernel, count, stream);
    printBlockedScores(entry, stream);
    printImageLayouts(entry, stream);
  }

  for (auto entry : module.getOps<EntryOp>())
    printBoundaries(entry, stream);
  printLibraryChoices(module, stream);
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
