//===- ModelConstant.cpp - the constant that describes a model ------------===//
//
// A sinter_model with its tables, as the runtime's header lays it out.  Struct
// types here name the same members in the same order; the assertions hold the
// two together.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/ModelConstant.h"

#include "compiler/ir/HostNames.h"

#include "sinter_runtime.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"

#include <cstddef>

using namespace llvm;
using namespace sinter;

static_assert(sizeof(sinter_tensor) == 48 &&
              offsetof(sinter_tensor, bytes) == 32);
static_assert(sizeof(sinter_entry) == 56 && offsetof(sinter_entry, run) == 48);
static_assert(sizeof(sinter_model) == 88 &&
              offsetof(sinter_model, variables) == 40 &&
              offsetof(sinter_model, init) == 80);

namespace {
struct ModelConstantBuilder {
  Module &module;
  const ir::ModelDescription &model;
  LLVMContext &context = module.getContext();
  Type *i32 = Type::getInt32Ty(context);
  Type *i64 = Type::getInt64Ty(context);
  PointerType *pointer = PointerType::get(context, 0);
  StructType *tensorType = StructType::get(
      context, {pointer, pointer, i32, i32, i32, i32, i64, i64});
  StructType *entryType = StructType::get(
      context, {pointer, pointer, pointer, i32, i32, i64, i32, pointer});
  StructType *modelType =
      StructType::get(context, {i32, i32, i32, i32, pointer, pointer, pointer,
                                pointer, pointer, i32, i32, i64, i64, pointer});

  Constant *number32(int64_t value) {
    return ConstantInt::get(i32, value, /*IsSigned=*/true);
  }
  Constant *number64(int64_t value) {
    return ConstantInt::get(i64, value, /*IsSigned=*/true);
  }

  Constant *data(Constant *value, const Twine &name) {
    auto *global =
        new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                           GlobalValue::PrivateLinkage, value, name);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }
  Constant *text(StringRef value) {
    return data(ConstantDataArray::getString(context, value), ".name");
  }
  Constant *array(StructType *type, ArrayRef<Constant *> elements,
                  const Twine &name) {
    if (elements.empty())
      return ConstantPointerNull::get(pointer);
    return data(
        ConstantArray::get(ArrayType::get(type, elements.size()), elements),
        name);
  }

  Constant *tensor(const ir::TensorDescription &t) {
    Constant *shape = ConstantPointerNull::get(pointer);
    if (!t.shape.empty()) {
      SmallVector<uint64_t> extents(t.shape.begin(), t.shape.end());
      shape = data(ConstantDataArray::get(context, extents), ".shape");
    }
    return ConstantStruct::get(tensorType,
                               {text(t.name), shape, number32(t.shape.size()),
                                number32(ir::getDtypeNumber(t.dtype)),
                                number32(t.batchAxis),
                                number32(t.trainable ? SINTER_TRAINABLE : 0),
                                number64(t.bytes), number64(t.offset)});
  }
  Constant *tensors(ArrayRef<ir::TensorDescription> list, const Twine &name) {
    SmallVector<Constant *> elements;
    for (const ir::TensorDescription &t : list)
      elements.push_back(tensor(t));
    return array(tensorType, elements, name);
  }
  Constant *function(StringRef entry) {
    Function *found = module.getFunction(ir::getEntrySymbol(model.name, entry));
    return found ? static_cast<Constant *>(found)
                 : ConstantPointerNull::get(pointer);
  }
  Constant *entry(const ir::EntryDescription &e) {
    return ConstantStruct::get(
        entryType, {text(e.name), tensors(e.inputs, ".inputs"),
                    tensors(e.outputs, ".outputs"), number32(e.inputs.size()),
                    number32(e.outputs.size()), number64(e.workspaceBytes),
                    number32((e.writesState ? SINTER_WRITES_STATE : 0) |
                             (e.onlyDraws ? SINTER_ONLY_DRAWS : 0)),
                    function(e.name)});
  }

  void build(StringRef cpu) {
    SmallVector<Constant *> entries;
    int64_t initWorkspaceBytes = 0;
    for (const ir::EntryDescription &e : model.entries) {
      if (e.name == "init")
        initWorkspaceBytes = e.workspaceBytes;
      else
        entries.push_back(entry(e));
    }
    Constant *value = ConstantStruct::get(
        modelType,
        {number32(sizeof(sinter_model)), number32(SINTER_ABI_VERSION),
         number32(sizeof(sinter_tensor)), number32(sizeof(sinter_entry)),
         text(model.name), text(cpu), text("sinter " SINTER_VERSION),
         tensors(model.variables, ".variables"),
         array(entryType, entries, ".entries"),
         number32(model.variables.size()), number32(entries.size()),
         number64(model.stateBytes), number64(initWorkspaceBytes),
         function("init")});
    new GlobalVariable(module, modelType, /*isConstant=*/true,
                       GlobalValue::ExternalLinkage, value,
                       ir::getModelSymbol(model.name));
  }
};
} // namespace

void target::addModelConstant(Module &module, const ir::ModelDescription &model,
                              StringRef cpu) {
  ModelConstantBuilder{module, model}.build(cpu);
}
