//===- EntryToFunction.cpp - planned entries become functions -------------===//
//
// `sinter-entry-to-function`: an entry's body is buffers, launches, loops and
// copies; its function views the state, the inputs, the outputs and the
// workspace at their offsets and calls the kernels' functions.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Stage.h"

#include "compiler/ir/Sinter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::passes {
#define GEN_PASS_DEF_ENTRYTOFUNCTION
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

namespace {
/// Rewrites the ops of one entry.
class EntryBody {
public:
  EntryBody(EntryOp entry, Block *arguments)
      : inputs(entry.getArgumentTypes().size()), arguments(arguments) {}

  LogicalResult convert(Block &block);

private:
  Value source(BufferOp op);
  LogicalResult convert(Operation *op, OpBuilder &builder);
  void convertBuffer(BufferOp op, OpBuilder &builder);
  LogicalResult convertLaunch(LaunchOp op, OpBuilder &builder);
  LogicalResult convertLoop(LoopOp op, OpBuilder &builder);

  unsigned inputs;
  Block *arguments;
};
} // namespace

Value EntryBody::source(BufferOp op) {
  switch (op.getSpace()) {
  case BufferSpace::State:
    return arguments->getArgument(0);
  case BufferSpace::Workspace:
    return arguments->getArguments().back();
  case BufferSpace::Input:
    return arguments->getArgument(1 + op.getNumber());
  case BufferSpace::Output:
    return arguments->getArgument(1 + inputs + op.getNumber());
  }
  llvm_unreachable("four spaces");
}

void EntryBody::convertBuffer(BufferOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value).getResult();
  };
  Value offset = index(op.getOffset());
  for (auto [number, stride] :
       llvm::zip_equal(op.getIndices(), op.getStrides())) {
    Value part = arith::MulIOp::create(builder, loc, number, index(stride));
    offset = arith::AddIOp::create(builder, loc, offset, part);
  }
  Value view =
      memref::ViewOp::create(builder, loc, cast<MemRefType>(op.getType()),
                             source(op), offset, ValueRange());
  op.replaceAllUsesWith(view);
}

LogicalResult EntryBody::convertLaunch(LaunchOp op, OpBuilder &builder) {
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getKernelAttr());
  if (!function)
    return op.emitOpError("names no function: ") << op.getKernelAttr();
  SmallVector<Value> operands(op.getIns_());
  llvm::append_range(operands, op.getOuts_());
  ArrayRef<Type> wanted = function.getArgumentTypes();
  if (op.getScratch() && wanted.size() == operands.size() + 1) {
    // The plan may round the scratch up.
    Value scratch = op.getScratch();
    if (scratch.getType() != wanted.back())
      scratch = memref::ReinterpretCastOp::create(
          builder, op.getLoc(), cast<MemRefType>(wanted.back()), scratch,
          /*offset=*/0, cast<MemRefType>(wanted.back()).getShape(),
          ArrayRef<int64_t>{1});
    operands.push_back(scratch);
  }
  if (TypeRange(ValueRange(operands)) != TypeRange(wanted))
    return op.emitOpError("does not fit the function's type ")
           << function.getFunctionType();
  func::CallOp::create(builder, op.getLoc(), function, operands);
  return success();
}

LogicalResult EntryBody::convertLoop(LoopOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value).getResult();
  };
  int64_t count = op.getTripCount();
  auto loop =
      scf::ForOp::create(builder, loc, index(0), index(count), index(1));
  OpBuilder inside = OpBuilder::atBlockBegin(loop.getBody());
  Value number = loop.getInductionVar();
  if (op.getReverse())
    number = arith::SubIOp::create(
        inside, loc,
        arith::ConstantIndexOp::create(inside, loc, count - 1).getResult(),
        number);
  Block &body = op.getBody().front();
  body.getTerminator()->erase();
  Operation *yield = loop.getBody()->getTerminator();
  loop.getBody()->getOperations().splice(yield->getIterator(),
                                         body.getOperations());
  body.getArgument(0).replaceAllUsesWith(number);
  return convert(*loop.getBody());
}

LogicalResult EntryBody::convert(Operation *op, OpBuilder &builder) {
  Location loc = op->getLoc();
  if (!isa<SinterDialect>(op->getDialect()))
    return success();
  if (auto buffer = dyn_cast<BufferOp>(op)) {
    convertBuffer(buffer, builder);
  } else if (auto launch = dyn_cast<LaunchOp>(op)) {
    if (failed(convertLaunch(launch, builder)))
      return failure();
  } else if (auto loop = dyn_cast<LoopOp>(op)) {
    if (failed(convertLoop(loop, builder)))
      return failure();
  } else if (auto copy = dyn_cast<CopyOp>(op)) {
    memref::CopyOp::create(builder, loc, copy.getSource(), copy.getTarget());
  } else if (auto store = dyn_cast<StoreIndexOp>(op)) {
    Value number = arith::IndexCastOp::create(
        builder, loc, builder.getI64Type(), store.getIndex());
    memref::StoreOp::create(builder, loc, number, store.getTarget(),
                            ValueRange());
  } else if (isa<ReturnOp>(op)) {
    func::ReturnOp::create(builder, loc);
  } else {
    return op->emitOpError("is not an op of a planned entry");
  }
  op->erase();
  return success();
}

LogicalResult EntryBody::convert(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    OpBuilder builder(&op);
    if (failed(convert(&op, builder)))
      return failure();
  }
  return success();
}

/// "train_body", or a name near it if a kernel has that one.
static std::string getBodyName(EntryOp entry) {
  std::string base = (entry.getSymName() + "_body").str(), name = base;
  auto module = entry->getParentOfType<ModuleOp>();
  for (int n = 2; module.lookupSymbol(name); ++n)
    name = base + "_" + std::to_string(n);
  return name;
}

static LogicalResult convertEntry(EntryOp entry, int64_t stateBytes) {
  OpBuilder builder(entry);
  auto bytes = [&](int64_t count) -> Type {
    return MemRefType::get({count}, builder.getI8Type());
  };
  auto workspace = entry->getAttrOfType<IntegerAttr>("workspace_bytes");
  if (!workspace)
    return entry.emitOpError("has no plan: workspace_bytes is missing");
  SmallVector<Type> types{bytes(stateBytes)};
  for (Type type : entry.getArgumentTypes())
    types.push_back(bytes(getByteSize(type)));
  for (Type type : entry.getResultTypes())
    types.push_back(bytes(getByteSize(type)));
  types.push_back(bytes(workspace.getInt()));

  auto function =
      func::FuncOp::create(builder, entry.getLoc(), getBodyName(entry),
                           builder.getFunctionType(types, TypeRange()));
  function->setAttr("sinter.entry", entry.getSymNameAttr());
  for (NamedAttribute attr : entry->getDiscardableAttrs())
    function->setAttr(attr.getName(), attr.getValue());
  Block *body = function.addEntryBlock();
  body->getOperations().splice(body->end(),
                               entry.getBody().front().getOperations());
  if (failed(EntryBody(entry, body).convert(*body)))
    return failure();
  entry.erase();
  return success();
}

namespace {
struct EntryToFunctionPass
    : sinter::passes::impl::EntryToFunctionBase<EntryToFunctionPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto state = module->getAttrOfType<IntegerAttr>("sinter.state_bytes");
    int64_t stateBytes = state ? state.getInt() : 0;
    for (EntryOp entry : llvm::make_early_inc_range(module.getOps<EntryOp>()))
      if (failed(convertEntry(entry, stateBytes)))
        return signalPassFailure();
    for (VariableOp variable :
         llvm::make_early_inc_range(module.getOps<VariableOp>()))
      variable.erase();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createEntryToFunctionPass() {
  return std::make_unique<EntryToFunctionPass>();
}
