//===- Freeze.cpp - state becomes constants -------------------------------===//
//
// Comes in: a model as it was written, and a file of its state.  Goes out: a
// model for inference: the entries that learn nothing, in which each read of a
// variable is a constant with the variable's value from the file.  What no
// entry asks for any more is gone, so its state is empty, except for the key of
// the random numbers, which entries that draw some go on counting.
//
// The file is read by the runtime, which holds names, dtypes and shapes to what
// the model says, as executables do for --load.  Only variables that are read
// need be there: no slots of an optimizer.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Freeze.h"

#include "compiler/driver/CompileOptions.h"
#include "compiler/ir/ModelDescription.h"
#include "compiler/ir/Sinter.h"
#include "mlir/IR/AsmState.h"
#include "passes/simplify/Stage.h"
#include "sinter_runtime.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

/// The frontend's own variable: the key of the random numbers.
static constexpr StringLiteral randomKey = "rng";

/// The first variable that the entry writes and whose value is learnt.
static WriteOp findWrite(EntryOp entry) {
  for (auto write : entry.getBody().getOps<WriteOp>())
    if (write.getVariable() != randomKey)
      return write;
  return nullptr;
}

static std::string listNames(ArrayRef<EntryOp> entries) {
  std::string names;
  for (EntryOp entry : entries)
    names += (names.empty() ? "'" : ", '") + entry.getSymName().str() + "'";
  return names;
}

/// Erases all entries but `init` and those that are wanted.
static LogicalResult keepEntries(ModuleOp module, ArrayRef<std::string> wanted,
                                 raw_ostream &reports) {
  SmallVector<EntryOp> reading, writing;
  for (auto entry : module.getOps<EntryOp>())
    if (entry.getSymName() != "init")
      (findWrite(entry) ? writing : reading).push_back(entry);
  for (const std::string &name : wanted) {
    auto isNamed = [&](EntryOp entry) { return entry.getSymName() == name; };
    if (auto *entry = llvm::find_if(writing, isNamed); entry != writing.end())
      return entry->emitError("entry '")
             << name << "' writes the state ('"
             << findWrite(*entry).getVariable()
             << "'), which is constant in a frozen model"
             << (reading.empty()
                     ? ""
                     : ": entries that only read it are " + listNames(reading));
    if (llvm::none_of(reading, isNamed))
      return module.emitError("the model has no entry '")
             << name << "': there are " << listNames(reading)
             << (writing.empty() ? "" : " and, which write the state, ")
             << listNames(writing);
  }
  if (reading.empty())
    return module.emitError("every entry of the model writes the state, so "
                            "that there is nothing to freeze: ")
           << listNames(writing);
  if (wanted.empty() && !writing.empty())
    reports << "note: left out of the frozen model, as "
            << (writing.size() == 1 ? "it writes" : "they write")
            << " the state: " << listNames(writing) << '\n';
  for (EntryOp entry : writing)
    entry.erase();
  for (EntryOp entry : reading)
    if (!wanted.empty() && !llvm::is_contained(wanted, entry.getSymName()))
      entry.erase();
  return success();
}

namespace {
/// A variable's value in the file.
struct Frozen {
  RankedTensorType type;
  TensorDescription description;
  std::vector<char> bytes;
};
} // namespace

/// Reads the variables' values; an error at the module.
static LogicalResult readFile(ModuleOp module, const std::string &path,
                              llvm::MapVector<StringAttr, Frozen> &values) {
  std::vector<sinter_tensor> variables;
  uint64_t stateBytes = 0;
  for (auto &[name, value] : values) {
    const TensorDescription &d = value.description;
    sinter_tensor &variable = variables.emplace_back();
    variable = {};
    variable.name = d.name.c_str();
    variable.shape = d.shape.data();
    variable.rank = static_cast<int32_t>(d.shape.size());
    variable.dtype = getDtypeNumber(d.dtype);
    variable.batch_axis = -1;
    variable.bytes = static_cast<uint64_t>(d.bytes);
    variable.offset = stateBytes;
    stateBytes += variable.bytes;
  }
  std::string modelName = module.getSymName().value_or("model").str();
  sinter_model model = {};
  model.struct_size = sizeof(sinter_model);
  model.abi_version = SINTER_ABI_VERSION;
  model.tensor_size = sizeof(sinter_tensor);
  model.entry_size = sizeof(sinter_entry);
  model.name = modelName.c_str();
  model.variables = variables.data();
  model.num_variables = static_cast<int32_t>(variables.size());
  model.state_bytes = stateBytes;

  std::vector<char> state(stateBytes + 1); // never null
  char error[1024];
  if (sinter_state_load(&model, state.data(), path.c_str(), error,
                        sizeof error))
    return module.emitError("cannot freeze the model: ") << error;
  const char *from = state.data();
  for (auto &[name, value] : values) {
    value.bytes.assign(from, from + value.description.bytes);
    from += value.description.bytes;
  }
  return success();
}

/// Small ones as elements, which may be folded; large ones as a resource.
static ElementsAttr makeConstant(StringAttr name, const Frozen &value) {
  RankedTensorType type = value.type;
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> truths(value.bytes.begin(), value.bytes.end());
    return DenseElementsAttr::get(type, truths);
  }
  if (value.bytes.empty())
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  size_t one = static_cast<size_t>(value.description.elementBytes());
  ArrayRef<char> bytes = value.bytes;
  // Periodic by one element: all are equal.
  if (bytes.drop_front(one) == bytes.drop_back(one))
    return DenseElementsAttr::getFromRawBuffer(type, bytes.take_front(one));
  if (value.description.bytes <= sinter::passes::largestFoldedBytes)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return DenseResourceElementsAttr::get(
      type, name.getValue(),
      HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, one));
}

/// Erases the writes of what is no state any more, which is all that no entry
/// but `init` reads and all that becomes constant, and what `init` computed for
/// them: only reads that are left make a variable one that is read.
static void dropWrites(ModuleOp module) {
  bool drawsNumbers = false;
  for (auto entry : module.getOps<EntryOp>())
    if (entry.getSymName() != "init")
      entry.walk([&](ReadOp read) {
        drawsNumbers |= read.getVariable() == randomKey;
      });
  for (auto entry : module.getOps<EntryOp>())
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(entry.getBody().front()))) {
      auto write = dyn_cast<WriteOp>(op);
      if (write ? write.getVariable() != randomKey || !drawsNumbers
                : entry.getSymName() == "init" && isOpTriviallyDead(&op))
        op.erase();
    }
}

/// Erases the variables that nothing reads.
static void dropVariables(ModuleOp module) {
  llvm::DenseSet<StringRef> used;
  module.walk([&](ReadOp read) { used.insert(read.getVariable()); });
  for (auto variable : llvm::make_early_inc_range(module.getOps<VariableOp>()))
    if (!used.contains(variable.getSymName()))
      variable.erase();
}

LogicalResult driver::freeze(ModuleOp module, const CompileOptions &options,
                             raw_ostream &reports) {
  if (failed(keepEntries(module, options.entries, reports)))
    return failure();
  dropWrites(module);
  SymbolTable symbols(module);
  SmallVector<ReadOp> reads;
  llvm::MapVector<StringAttr, Frozen> values;
  module.walk([&](ReadOp read) {
    StringAttr name = read.getVariableAttr().getAttr();
    if (name == randomKey)
      return;
    reads.push_back(read);
    auto [at, isNew] = values.try_emplace(name);
    if (!isNew)
      return;
    auto variable = symbols.lookup<VariableOp>(name);
    at->second.type = cast<RankedTensorType>(variable.getType());
    at->second.description.name = name.str();
    at->second.description.setType(at->second.type);
  });
  if (failed(readFile(module, options.freeze, values)))
    return failure();
  llvm::DenseMap<StringAttr, ElementsAttr> constants;
  for (auto &[name, value] : values)
    constants[name] = makeConstant(name, value);
  for (ReadOp read : reads) {
    OpBuilder builder(read);
    Value constant =
        ConstantOp::create(builder, read.getLoc(), read.getType(),
                           constants[read.getVariableAttr().getAttr()]);
    read.replaceAllUsesWith(constant);
    read.erase();
  }
  dropVariables(module);
  return success();
}
