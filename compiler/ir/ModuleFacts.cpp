//===- ModuleFacts.cpp - target and options as attributes -----------------===//
//
// The dictionaries' keys are spelled here alone.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace sinter::ir;

static DictionaryAttr moduleFacts(Operation *op, StringRef name) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  return module ? module->getAttrOfType<DictionaryAttr>(name)
                : DictionaryAttr();
}

static void read(DictionaryAttr from, StringRef key, int64_t &value) {
  if (auto attr = from.getAs<IntegerAttr>(key))
    value = attr.getInt();
}
static void read(DictionaryAttr from, StringRef key, bool &value) {
  if (auto attr = from.getAs<BoolAttr>(key))
    value = attr.getValue();
}
static void read(DictionaryAttr from, StringRef key, std::string &value) {
  if (auto attr = from.getAs<StringAttr>(key))
    value = attr.str();
}

TargetFacts TargetFacts::of(Operation *op) {
  TargetFacts facts;
  if (DictionaryAttr from = moduleFacts(op, targetAttrName)) {
    read(from, "cpu", facts.cpu);
    read(from, "features", facts.features);
    read(from, "vector_bits", facts.vectorBits);
    read(from, "fma", facts.fma);
    read(from, "l1_bytes", facts.l1Bytes);
    read(from, "l2_bytes", facts.l2Bytes);
    read(from, "l3_bytes", facts.l3Bytes);
  }
  return facts;
}

DictionaryAttr TargetFacts::toAttr(MLIRContext *context) const {
  Builder b(context);
  return b.getDictionaryAttr(
      {b.getNamedAttr("cpu", b.getStringAttr(cpu)),
       b.getNamedAttr("features", b.getStringAttr(features)),
       b.getNamedAttr("vector_bits", b.getI64IntegerAttr(vectorBits)),
       b.getNamedAttr("fma", b.getBoolAttr(fma)),
       b.getNamedAttr("l1_bytes", b.getI64IntegerAttr(l1Bytes)),
       b.getNamedAttr("l2_bytes", b.getI64IntegerAttr(l2Bytes)),
       b.getNamedAttr("l3_bytes", b.getI64IntegerAttr(l3Bytes))});
}

Options Options::of(Operation *op) {
  Options options;
  if (DictionaryAttr from = moduleFacts(op, optionsAttrName)) {
    read(from, "opt_level", options.optLevel);
    read(from, "trap_out_of_range", options.trapOutOfRange);
    read(from, "debug_info", options.debugInfo);
  }
  return options;
}

DictionaryAttr Options::toAttr(MLIRContext *context) const {
  Builder b(context);
  return b.getDictionaryAttr(
      {b.getNamedAttr("opt_level", b.getI64IntegerAttr(optLevel)),
       b.getNamedAttr("trap_out_of_range", b.getBoolAttr(trapOutOfRange)),
       b.getNamedAttr("debug_info", b.getBoolAttr(debugInfo))});
}
