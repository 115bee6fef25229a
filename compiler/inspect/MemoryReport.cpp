//===- MemoryReport.cpp - where the bytes of a plan go --------------------===//

#include "compiler/inspect/MemoryReport.h"
#include "compiler/inspect/FusionReport.h"

#include "compiler/ir/Sinter.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace sinter;

static int64_t number(DictionaryAttr facts, StringRef name) {
  auto value = facts.getAs<IntegerAttr>(name);
  return value ? value.getInt() : 0;
}

static void printEntry(ir::EntryOp entry, DictionaryAttr memory,
                       raw_ostream &stream) {
  int64_t peak = number(memory, "peak");
  int64_t bound = number(memory, "lower_bound");
  stream << "entry " << entry.getSymName() << "\n"
         << "  workspace    " << peak << " bytes\n"
         << "  lower bound  " << bound << " bytes, ratio "
         << llvm::format("%.3f", bound ? double(peak) / double(bound) : 1.0)
         << "\n"
         << "  copied       " << number(memory, "copies_bytes")
         << " bytes, for state " << number(memory, "state_copies_bytes")
         << "\n";
  inspect::printBlockedScores(entry, stream);
  auto live = memory.getAs<ArrayAttr>("live_at_peak");
  if (!live || live.empty())
    return;
  stream << "  live at the peak\n";
  for (auto buffer : live.getAsRange<DictionaryAttr>()) {
    auto name = buffer.getAs<StringAttr>("name");
    auto place = buffer.getAs<StringAttr>("place");
    stream << llvm::format("    %10lld bytes at %-10lld ",
                           static_cast<long long>(number(buffer, "bytes")),
                           static_cast<long long>(number(buffer, "offset")))
           << (name ? name.getValue() : "?");
    if (place && !place.empty())
      stream << "  " << place.getValue();
    stream << "\n";
  }
}

void sinter::inspect::printMemoryReport(ModuleOp module, raw_ostream &stream) {
  if (auto state = module->getAttrOfType<IntegerAttr>("sinter.state_bytes"))
    stream << "state " << state.getInt() << " bytes\n";
  for (auto entry : module.getOps<ir::EntryOp>())
    if (auto memory = entry->getAttrOfType<DictionaryAttr>("sinter.memory"))
      printEntry(entry, memory, stream);
}
