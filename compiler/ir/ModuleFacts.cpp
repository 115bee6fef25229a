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

/// One key of a dictionary: its type, and a number's limits.
namespace {
struct Key {
  StringLiteral name;
  enum { Text, Flag, Number } type;
  int64_t least = 0, most = 0;

  bool fits(Attribute value) const {
    if (type == Text)
      return isa<StringAttr>(value);
    if (type == Flag)
      return isa<BoolAttr>(value);
    auto number = dyn_cast<IntegerAttr>(value);
    return number && number.getType().isInteger(64) &&
           number.getInt() >= least && number.getInt() <= most;
  }
};
} // namespace

static LogicalResult verify(Operation *module, StringRef name,
                            ArrayRef<Key> keys) {
  Attribute attr = module->getAttr(name);
  if (!attr)
    return success();
  auto dictionary = dyn_cast<DictionaryAttr>(attr);
  if (!dictionary)
    return module->emitError("attribute '") << name << "' must be a dictionary";
  for (NamedAttribute entry : dictionary) {
    const Key *key = llvm::find_if(
        keys, [&](const Key &k) { return k.name == entry.getName(); });
    if (key == keys.end())
      return module->emitError("attribute '")
             << name << "' has the unknown key '" << entry.getName().getValue()
             << "'";
    if (key->fits(entry.getValue()))
      continue;
    InFlightDiagnostic error = module->emitError("attribute '");
    error << name << "': '" << key->name << "' must be ";
    if (key->type == Key::Number)
      error << "an i64 from " << key->least << " to " << key->most;
    else
      error << (key->type == Key::Text ? "a string" : "true or false");
    return error << ", not " << entry.getValue();
  }
  return success();
}

LogicalResult sinter::ir::verifyFacts(Operation *module) {
  constexpr int64_t mostBytes = int64_t(1) << 40;
  const Key target[] = {{"cpu", Key::Text},
                        {"features", Key::Text},
                        {"vector_bits", Key::Number, 128, 512},
                        {"fma", Key::Flag},
                        {"l1_bytes", Key::Number, 1 << 10, mostBytes},
                        {"l2_bytes", Key::Number, 1 << 10, mostBytes},
                        {"l3_bytes", Key::Number, 1 << 10, mostBytes}};
  const Key options[] = {{"opt_level", Key::Number, 0, 3},
                         {"trap_out_of_range", Key::Flag},
                         {"debug_info", Key::Flag},
                         {"task_nanoseconds", Key::Number, 1, mostBytes},
                         {"library", Key::Text}};
  if (failed(verify(module, targetAttrName, target)) ||
      failed(verify(module, optionsAttrName, options)))
    return failure();
  int64_t bits = TargetFacts::of(module).vectorBits;
  if (bits != 128 && bits != 256 && bits != 512)
    return module->emitError("attribute '")
           << targetAttrName << "': 'vector_bits' must be 128, 256 or 512";
  std::string library = Options::of(module).library;
  if (library != "" && library != "onednn" && library != "onednn:all")
    return module->emitError("attribute '")
           << optionsAttrName << "': 'library' must be 'onednn' or "
           << "'onednn:all', not '" << library << "'";
  return success();
}

Options Options::of(Operation *op) {
  Options options;
  if (DictionaryAttr from = moduleFacts(op, optionsAttrName)) {
    read(from, "opt_level", options.optLevel);
    read(from, "trap_out_of_range", options.trapOutOfRange);
    read(from, "debug_info", options.debugInfo);
    read(from, "task_nanoseconds", options.taskNanoseconds);
    read(from, "library", options.library);
  }
  return options;
}

DictionaryAttr Options::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<NamedAttribute> entries = {
      b.getNamedAttr("opt_level", b.getI64IntegerAttr(optLevel)),
      b.getNamedAttr("trap_out_of_range", b.getBoolAttr(trapOutOfRange)),
      b.getNamedAttr("debug_info", b.getBoolAttr(debugInfo)),
      b.getNamedAttr("task_nanoseconds", b.getI64IntegerAttr(taskNanoseconds))};
  if (!library.empty())
    entries.push_back(b.getNamedAttr("library", b.getStringAttr(library)));
  return b.getDictionaryAttr(entries);
}
