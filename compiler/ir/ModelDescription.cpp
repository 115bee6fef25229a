//===- ModelDescription.cpp - the attribute `sinter.model` ----------------===//
//
// A dump may have been edited, so reading checks everything and says what is
// wrong.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModelDescription.h"

#include "compiler/ir/HostNames.h"
#include "compiler/ir/LibraryPrimitive.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

namespace {
struct Dtype {
  StringLiteral name;
  int64_t bytes;
};
} // namespace

// In the order of sinter_dtype.
static constexpr Dtype dtypes[] = {
    {"f64", 8}, {"f32", 4}, {"bf16", 2}, {"f16", 2}, {"i64", 8},
    {"i32", 4}, {"i16", 2}, {"i8", 1},   {"u8", 1},  {"i1", 1}};

int32_t sinter::ir::getDtypeNumber(StringRef name) {
  for (auto [number, dtype] : llvm::enumerate(dtypes))
    if (dtype.name == name)
      return number;
  return -1;
}

StringRef sinter::ir::getDtypeName(Type type) {
  if (type.isF64())
    return "f64";
  if (type.isF32())
    return "f32";
  if (type.isBF16())
    return "bf16";
  if (type.isF16())
    return "f16";
  if (type.isUnsignedInteger(8))
    return "u8";
  if (type.isSignlessInteger())
    switch (type.getIntOrFloatBitWidth()) {
    case 64:
      return "i64";
    case 32:
      return "i32";
    case 16:
      return "i16";
    case 8:
      return "i8";
    case 1:
      return "i1";
    }
  return {};
}

int64_t TensorDescription::elementBytes() const {
  int32_t number = getDtypeNumber(dtype);
  return number < 0 ? 0 : dtypes[number].bytes;
}

void TensorDescription::setType(RankedTensorType type) {
  dtype = getDtypeName(type.getElementType()).str();
  shape = type.getShape().vec();
  bytes = type.getNumElements() * elementBytes();
}

const EntryDescription *ModelDescription::find(StringRef entry) const {
  auto found = llvm::find_if(
      entries, [&](const EntryDescription &e) { return e.name == entry; });
  return found == entries.end() ? nullptr : &*found;
}

namespace {
/// Reads values by key and reports what is missing, at the module.
struct Reader {
  ModuleOp module;

  LogicalResult fail(const Twine &what) {
    return module.emitError("malformed attribute 'sinter.model': ") << what;
  }
  LogicalResult integer(DictionaryAttr from, StringRef key, int64_t &value) {
    auto attr = from.getAs<IntegerAttr>(key);
    if (!attr)
      return fail("'" + key + "' must be an integer");
    value = attr.getInt();
    if (value < 0 && key != "batch_axis")
      return fail("'" + key + "' is negative");
    return success();
  }
  LogicalResult string(DictionaryAttr from, StringRef key, std::string &value) {
    auto attr = from.getAs<StringAttr>(key);
    if (!attr)
      return fail("'" + key + "' must be a string");
    value = attr.str();
    return success();
  }
  LogicalResult tensor(DictionaryAttr from, TensorDescription &tensor) {
    if (failed(string(from, "name", tensor.name)) ||
        failed(string(from, "dtype", tensor.dtype)))
      return failure();
    if (getDtypeNumber(tensor.dtype) < 0)
      return fail("unknown dtype '" + tensor.dtype + "'");
    auto shape = from.getAs<DenseI64ArrayAttr>("shape");
    if (!shape)
      return fail("'shape' must be an array<i64: …>");
    tensor.shape = shape.asArrayRef().vec();
    tensor.bytes = tensor.elementBytes();
    for (int64_t extent : tensor.shape)
      if (extent < 0 || llvm::MulOverflow(tensor.bytes, extent, tensor.bytes))
        return fail("'shape' of '" + tensor.name + "' is out of range");
    if (from.get("offset") && failed(integer(from, "offset", tensor.offset)))
      return failure();
    if (from.get("batch_axis") &&
        failed(integer(from, "batch_axis", tensor.batchAxis)))
      return failure();
    if (tensor.batchAxis >= int64_t(tensor.shape.size()))
      return fail("'batch_axis' of '" + tensor.name + "' is out of range");
    tensor.trainable = bool(from.get("trainable"));
    return success();
  }
  LogicalResult tensors(DictionaryAttr from, StringRef key,
                        std::vector<TensorDescription> &list) {
    auto array = from.getAs<ArrayAttr>(key);
    if (!array)
      return fail("'" + key + "' must be an array");
    for (Attribute element : array) {
      auto dictionary = dyn_cast<DictionaryAttr>(element);
      if (!dictionary)
        return fail("'" + key + "' must hold dictionaries");
      if (failed(tensor(dictionary, list.emplace_back())))
        return failure();
    }
    return success();
  }
  LogicalResult entry(DictionaryAttr from, EntryDescription &entry) {
    if (failed(string(from, "name", entry.name)) ||
        failed(tensors(from, "inputs", entry.inputs)) ||
        failed(tensors(from, "outputs", entry.outputs)) ||
        failed(integer(from, "workspace_bytes", entry.workspaceBytes)))
      return failure();
    entry.writesState = bool(from.get("writes_state"));
    entry.onlyDraws = bool(from.get("only_draws"));
    entry.traps = bool(from.get("traps"));
    return success();
  }
};
} // namespace

/// What a dump's editor may have broken beyond single values.
static LogicalResult checkWhole(Reader &reader, const ModelDescription &model) {
  if (!isIdentifier(model.name))
    return reader.fail("the name '" + model.name + "' is no C identifier");
  HostNames names(model.name);
  for (const EntryDescription &entry : model.entries) {
    if (!isIdentifier(entry.name))
      return reader.fail("the entry's name '" + entry.name +
                         "' is no C identifier");
    if (std::string why = names.addEntry(entry.name); !why.empty())
      return reader.fail("the entry '" + entry.name + "' " + why);
  }
  for (const TensorDescription &variable : model.variables)
    if (variable.offset > model.stateBytes - variable.bytes)
      return reader.fail("the variable '" + variable.name +
                         "' lies outside of the state");
  return success();
}

FailureOr<ModelDescription> ModelDescription::of(ModuleOp module) {
  auto from = module->getAttrOfType<DictionaryAttr>(modelAttrName);
  if (!from)
    return module.emitError("the module has no attribute 'sinter.model': it "
                            "is made by the 'planned' stage");
  Reader reader{module};
  ModelDescription model;
  if (failed(reader.string(from, "name", model.name)) ||
      failed(reader.integer(from, "state_bytes", model.stateBytes)) ||
      failed(reader.tensors(from, "variables", model.variables)))
    return failure();
  if (from.contains("library") &&
      (failed(reader.string(from, "library", model.library)) ||
       model.library != onednnName))
    return reader.fail("'library' must be \"onednn\"");
  auto entries = from.getAs<ArrayAttr>("entries");
  if (!entries)
    return reader.fail("'entries' must be an array");
  for (Attribute element : entries) {
    auto dictionary = dyn_cast<DictionaryAttr>(element);
    if (!dictionary)
      return reader.fail("'entries' must hold dictionaries");
    if (failed(reader.entry(dictionary, model.entries.emplace_back())))
      return failure();
  }
  if (failed(checkWhole(reader, model)))
    return failure();
  return model;
}

static DictionaryAttr toAttr(Builder &b, const TensorDescription &tensor,
                             bool isVariable) {
  SmallVector<NamedAttribute> list = {
      b.getNamedAttr("name", b.getStringAttr(tensor.name)),
      b.getNamedAttr("dtype", b.getStringAttr(tensor.dtype)),
      b.getNamedAttr("shape", b.getDenseI64ArrayAttr(tensor.shape))};
  if (isVariable) {
    list.push_back(
        b.getNamedAttr("offset", b.getI64IntegerAttr(tensor.offset)));
    list.push_back(b.getNamedAttr("bytes", b.getI64IntegerAttr(tensor.bytes)));
  }
  if (tensor.batchAxis >= 0)
    list.push_back(
        b.getNamedAttr("batch_axis", b.getI64IntegerAttr(tensor.batchAxis)));
  if (tensor.trainable)
    list.push_back(b.getNamedAttr("trainable", b.getUnitAttr()));
  return b.getDictionaryAttr(list);
}

static ArrayAttr toAttr(Builder &b, ArrayRef<TensorDescription> tensors,
                        bool areVariables) {
  SmallVector<Attribute> list;
  for (const TensorDescription &tensor : tensors)
    list.push_back(::toAttr(b, tensor, areVariables));
  return b.getArrayAttr(list);
}

DictionaryAttr ModelDescription::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<Attribute> list;
  for (const EntryDescription &entry : entries) {
    SmallVector<NamedAttribute> parts = {
        b.getNamedAttr("name", b.getStringAttr(entry.name)),
        b.getNamedAttr("inputs", ::toAttr(b, entry.inputs, false)),
        b.getNamedAttr("outputs", ::toAttr(b, entry.outputs, false)),
        b.getNamedAttr("workspace_bytes",
                       b.getI64IntegerAttr(entry.workspaceBytes))};
    if (entry.writesState)
      parts.push_back(b.getNamedAttr("writes_state", b.getUnitAttr()));
    if (entry.onlyDraws)
      parts.push_back(b.getNamedAttr("only_draws", b.getUnitAttr()));
    if (entry.traps)
      parts.push_back(b.getNamedAttr("traps", b.getUnitAttr()));
    list.push_back(b.getDictionaryAttr(parts));
  }
  SmallVector<NamedAttribute> all = {
      b.getNamedAttr("name", b.getStringAttr(name)),
      b.getNamedAttr("state_bytes", b.getI64IntegerAttr(stateBytes)),
      b.getNamedAttr("variables", ::toAttr(b, variables, true)),
      b.getNamedAttr("entries", b.getArrayAttr(list))};
  if (!library.empty())
    all.push_back(b.getNamedAttr("library", b.getStringAttr(library)));
  return b.getDictionaryAttr(all);
}
