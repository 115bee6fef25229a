//===- DescribeModel.cpp - what hosts are told about the model ------------===//
//
// Comes in: a planned module.  Goes out: its attribute `sinter.model`, from
// which alone headers and metadata are made (compiler/ir/ModelDescription.h).
//
//===----------------------------------------------------------------------===//

#include "passes/plan/DescribeModel.h"

#include "compiler/ir/LibraryPrimitive.h"
#include "passes/plan/Stage.h"

#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;

namespace sinter::passes {
#define GEN_PASS_DEF_DESCRIBEMODEL
#include "passes/plan/Passes.h.inc"
} // namespace sinter::passes

static TensorDescription describe(Type type, StringAttr name,
                                  IntegerAttr batchAxis) {
  TensorDescription tensor;
  tensor.name = name ? name.str() : "";
  tensor.setType(cast<RankedTensorType>(type));
  if (batchAxis)
    tensor.batchAxis = batchAxis.getInt();
  return tensor;
}

/// What an entry writes to the state: whether anything, and whether anything
/// but the key of the random numbers, which is the frontend's own variable.
static void describeWrites(EntryOp entry, EntryDescription &description) {
  auto key = SymbolTable::lookupNearestSymbolFrom<VariableOp>(
      entry, StringAttr::get(entry.getContext(), "rng"));
  std::optional<int64_t> keyOffset;
  if (key)
    keyOffset = key.getOffset().value_or(0);
  bool others = false;
  auto note = [&](Value target) {
    auto buffer = target.getDefiningOp<BufferOp>();
    if (!buffer || buffer.getSpace() != BufferSpace::State)
      return;
    description.writesState = true;
    others |= keyOffset != static_cast<int64_t>(buffer.getOffset());
  };
  entry.walk([&](Operation *op) {
    if (auto launch = dyn_cast<LaunchOp>(op))
      llvm::for_each(launch.getOuts_(), note);
    else if (auto copy = dyn_cast<CopyOp>(op))
      note(copy.getTarget());
    else if (auto store = dyn_cast<StoreIndexOp>(op))
      note(store.getTarget());
  });
  description.onlyDraws = description.writesState && !others;
}

static EntryDescription describe(EntryOp entry) {
  EntryDescription description;
  description.name = entry.getSymName().str();
  for (auto [number, type] : llvm::enumerate(entry.getArgumentTypes()))
    description.inputs.push_back(
        describe(type, entry.getArgAttrOfType<StringAttr>(number, nameAttr),
                 entry.getArgAttrOfType<IntegerAttr>(number, batchAxisAttr)));
  for (auto [number, type] : llvm::enumerate(entry.getResultTypes())) {
    if (entry.getResultAttr(number, faultAttrName)) {
      description.traps = true;
      continue;
    }
    description.outputs.push_back(describe(
        type, entry.getResultAttrOfType<StringAttr>(number, nameAttr),
        entry.getResultAttrOfType<IntegerAttr>(number, batchAxisAttr)));
  }
  auto bytes = entry->getAttrOfType<IntegerAttr>("workspace_bytes");
  description.workspaceBytes = bytes ? bytes.getInt() : 0;
  describeWrites(entry, description);
  return description;
}

ModelDescription sinter::passes::describeModel(ModuleOp module) {
  ModelDescription model;
  model.name = module.getSymName().value_or("model").str();
  if (auto bytes = module->getAttrOfType<IntegerAttr>("sinter.state_bytes"))
    model.stateBytes = bytes.getInt();
  for (auto variable : module.getOps<VariableOp>()) {
    TensorDescription tensor =
        describe(variable.getType(), variable.getSymNameAttr(), {});
    tensor.offset = variable.getOffset().value_or(0);
    tensor.trainable = variable.getTrainable();
    model.variables.push_back(tensor);
  }
  for (auto entry : module.getOps<EntryOp>())
    model.entries.push_back(describe(entry));
  bool calls = llvm::any_of(module.getOps<KernelOp>(), [](KernelOp kernel) {
    return bool(findLibraryCall(kernel));
  });
  if (calls)
    model.library = onednnName.str();
  return model;
}

namespace {
class DescribeModel
    : public sinter::passes::impl::DescribeModelBase<DescribeModel> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    module->setAttr(modelAttrName, sinter::passes::describeModel(module).toAttr(
                                       &getContext()));
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createDescribeModelPass() {
  return std::make_unique<DescribeModel>();
}
