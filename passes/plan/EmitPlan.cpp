//===- EmitPlan.cpp - buffers, launches, copies, loops --------------------===//
//
// Comes in: a program and where its storages are.  Goes out: the entry's new
// body.  Buffers keep the location of the value they hold, so that a dump and
// the memory report can name it; those of the workspace say in `sinter.storage`
// which of them are the same bytes on purpose.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/EmitPlan.h"

#include "compiler/ir/HostNames.h"
#include "passes/plan/packer/Packer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include "llvm/Support/Path.h"

#include <map>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The constant's elements in the type's shape and storage type; null if that
/// cannot be had.
static ElementsAttr getStorageElements(ElementsAttr elements, Type want) {
  auto type = cast<RankedTensorType>(want);
  Type storage = getStorageType(type.getElementType());
  auto storageTensor = RankedTensorType::get(type.getShape(), storage);
  if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
    if (storage == type.getElementType())
      return dense.reshape(storageTensor);
    if (type.getElementType().isBF16())
      return dense.bitcast(storage).reshape(storageTensor);
    SmallVector<APInt> bytes;
    if (dense.isSplat())
      bytes.push_back(dense.getSplatValue<APInt>().zextOrTrunc(8));
    else
      for (const APInt &value : dense.getValues<APInt>())
        bytes.push_back(value.zextOrTrunc(8));
    return DenseElementsAttr::get(storageTensor, bytes);
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(elements);
  if (resource && !type.getElementType().isInteger(1))
    return DenseResourceElementsAttr::get(storageTensor,
                                          resource.getRawHandle());
  return {};
}

LogicalResult ConstantPool::verify(ConstantOp constant) {
  if (getStorageElements(constant.getValue(), constant.getType()))
    return success();
  return constant.emitError(
      "this constant has no form in memory: write it as dense elements");
}

memref::GlobalOp ConstantPool::get(ConstantOp constant, Type type) {
  ElementsAttr elements = getStorageElements(constant.getValue(), type);
  memref::GlobalOp &global = globals[elements];
  if (global)
    return global;
  auto builder = OpBuilder::atBlockBegin(module.getBody());
  StringRef given = getGivenName(constant.getLoc());
  global = memref::GlobalOp::create(
      builder, constant.getLoc(),
      given.empty() ? "constant" : "constant_" + toIdentifier(given),
      builder.getStringAttr("private"), getBufferType(type), elements,
      /*constant=*/true, builder.getI64IntegerAttr(sinter::plan::alignment));
  symbols.insert(global);
  return global;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

namespace {

class Emitter {
public:
  Emitter(EntryOp entry, const Program &program, const Sharing &sharing,
          ConstantPool &constants)
      : entry(entry), program(program), sharing(sharing), constants(constants),
        builder(entry.getContext()) {}

  LogicalResult emit();

private:
  Value getBuffer(const Operand &operand);
  Value makeBuffer(const Operand &operand, const View &place);
  SmallVector<Value> getBuffers(ArrayRef<Operand> operands);
  void emitStep(const Step &step);
  DictionaryAttr describeMemory();

  EntryOp entry;
  const Program &program;
  const Sharing &sharing;
  ConstantPool &constants;
  OpBuilder builder;
  DenseMap<int, Value> indices;
  /// Storages of the workspace in the order in which they turn up.
  DenseMap<int, int64_t> numbers;
  /// Buffers made in a block, by what they show; only looked up.
  using Key =
      std::tuple<Block *, int, int64_t, std::vector<int64_t>, const void *>;
  std::map<Key, Value> made;
};

/// The value's buffer, or the one made for it before in this block.
Value Emitter::getBuffer(const Operand &operand) {
  std::vector<int64_t> strides;
  for (auto [loop, stride] : operand.view.strides) {
    strides.push_back(loop);
    strides.push_back(stride);
  }
  Value &value =
      made[{builder.getInsertionBlock(), operand.view.storage,
            operand.view.offset, strides, operand.type.getAsOpaquePointer()}];
  if (!value)
    value = makeBuffer(operand, sharing.resolve(operand.view));
  return value;
}

Value Emitter::makeBuffer(const Operand &operand, const View &place) {
  const Storage &own = program.storages[operand.view.storage];
  const Storage &storage = program.storages[place.storage];
  Location loc = own.space != Space::Workspace || isa<UnknownLoc>(operand.loc)
                     ? own.loc
                     : operand.loc;
  MemRefType type = getBufferType(operand.type);
  if (storage.space == Space::Constant) {
    // Always whole: scans step along copies of constants.
    memref::GlobalOp global =
        constants.get(program.constants[storage.place], operand.type);
    return memref::GetGlobalOp::create(builder, loc, type, global.getSymName());
  }
  BufferSpace space = BufferSpace::Workspace;
  int64_t offset = place.offset, number = 0;
  switch (storage.space) {
  case Space::Workspace:
    offset += sharing.offsets[place.storage];
    break;
  case Space::State:
    space = BufferSpace::State;
    offset += storage.place;
    break;
  case Space::Input:
    space = BufferSpace::Input;
    number = storage.place;
    break;
  default:
    space = BufferSpace::Output;
    number = storage.place;
    break;
  }
  SmallVector<Value> index;
  SmallVector<int64_t> strides;
  for (auto [loop, stride] : place.strides) {
    index.push_back(indices.lookup(loop));
    strides.push_back(stride);
  }
  auto buffer = BufferOp::create(builder, loc, type, space, offset, index,
                                 strides, number);
  if (space == BufferSpace::Workspace) {
    int64_t label = numbers.size();
    label = numbers.try_emplace(place.storage, label).first->second;
    buffer->setAttr("sinter.storage", builder.getI64IntegerAttr(label));
  }
  return buffer;
}

SmallVector<Value> Emitter::getBuffers(ArrayRef<Operand> operands) {
  SmallVector<Value> buffers;
  for (const Operand &operand : operands)
    buffers.push_back(getBuffer(operand));
  return buffers;
}

void Emitter::emitStep(const Step &step) {
  switch (step.kind) {
  case Step::Begin:
    return;
  case Step::Launch: {
    SmallVector<Value> ins = getBuffers(step.reads);
    SmallVector<Value> outs = getBuffers(step.writes);
    Value scratch;
    if (step.scratch >= 0)
      scratch = getBuffer(
          {{step.scratch, 0, {}},
           RankedTensorType::get({program.storages[step.scratch].bytes},
                                 builder.getI8Type()),
           step.loc});
    LaunchOp::create(builder, step.loc, cast<CallOp>(step.op).getKernelAttr(),
                     ins, outs, scratch);
    return;
  }
  case Step::Copy: {
    if (step.reads[0].getBytes() == 0 || isRemoved(step, sharing))
      return;
    Value source = getBuffer(step.reads[0]);
    CopyOp::create(builder, step.loc, source, getBuffer(step.writes[0]));
    return;
  }
  case Step::StoreIndex: {
    Value index = indices.lookup(step.loop);
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(builder, step.loc, value);
    };
    if (step.scale != 1)
      index =
          arith::MulIOp::create(builder, step.loc, index, number(step.scale));
    if (step.shift != 0)
      index =
          arith::AddIOp::create(builder, step.loc, index, number(step.shift));
    StoreIndexOp::create(builder, step.loc, index, getBuffer(step.writes[0]));
    return;
  }
  case Step::LoopBegin: {
    const Loop &loop = program.loops[step.loop];
    auto op = LoopOp::create(builder, step.loc, loop.tripCount, loop.reverse);
    Block &body = op.getBody().emplaceBlock();
    indices[step.loop] = body.addArgument(builder.getIndexType(), step.loc);
    builder.setInsertionPointToStart(&body);
    return;
  }
  case Step::LoopEnd: {
    YieldOp::create(builder, step.loc);
    builder.setInsertionPointAfter(builder.getInsertionBlock()->getParentOp());
    return;
  }
  }
}

/// "hidden1 (scratch)": the name that the user gave to the value, or else the
/// kernel that makes it, and what it is.
static std::string describe(const Storage &storage) {
  StringRef name = getGivenName(storage.loc);
  if (name.empty())
    name = storage.kernel;
  if (name.empty())
    return storage.role.str();
  return storage.role.empty() ? name.str()
                              : (name + " (" + storage.role + ")").str();
}

/// "model.cpp:31": the user's place, empty if there is none.
static std::string getPlace(Location loc) {
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    return (llvm::sys::path::filename(file.getFilename().getValue()) + ":" +
            std::to_string(file.getLine()))
        .str();
  if (auto name = dyn_cast<NameLoc>(loc))
    return getPlace(name.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return getPlace(call.getCaller());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string place = getPlace(part); !place.empty())
        return place;
  return {};
}

/// The dictionary `sinter.memory`, see compiler/inspect/MemoryReport.h.
DictionaryAttr Emitter::describeMemory() {
  CopiedBytes copied = countCopies(program, sharing);
  // The moment at which most is alive.
  SmallVector<int> buffers = sharing.getBuffers(program);
  auto alive = [&](int buffer, int64_t moment) {
    const LiveRange &range = sharing.ranges[buffer];
    return range.front().start <= moment && moment < range.back().end;
  };
  std::vector<std::pair<int64_t, int64_t>> events;
  for (int buffer : buffers) {
    int64_t size = sinter::plan::alignedSize(program.storages[buffer].bytes);
    events.emplace_back(sharing.ranges[buffer].front().start, size);
    events.emplace_back(sharing.ranges[buffer].back().end, -size);
  }
  llvm::sort(events);
  int64_t live = 0, most = 0, peak = 0;
  for (auto [moment, change] : events)
    if ((live += change) > most) {
      most = live;
      peak = moment;
    }
  SmallVector<Attribute> atPeak;
  for (int buffer : buffers) {
    if (!alive(buffer, peak))
      continue;
    const Storage &storage = program.storages[buffer];
    atPeak.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(describe(storage))),
         builder.getNamedAttr("place",
                              builder.getStringAttr(getPlace(storage.loc))),
         builder.getNamedAttr("bytes",
                              builder.getI64IntegerAttr(storage.bytes)),
         builder.getNamedAttr(
             "offset", builder.getI64IntegerAttr(sharing.offsets[buffer]))}));
  }
  auto number = [&](StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  };
  return builder.getDictionaryAttr(
      {number("peak", sharing.workspaceBytes),
       number("lower_bound", getLowerBound(program, sharing)),
       number("copies_bytes", copied.inAll),
       number("state_copies_bytes", copied.forState),
       builder.getNamedAttr("live_at_peak", builder.getArrayAttr(atPeak))});
}

LogicalResult Emitter::emit() {
  for (ConstantOp constant : program.constants)
    if (failed(ConstantPool::verify(constant)))
      return failure();
  Block &block = entry.getBody().front();
  Operation *oldEnd = &block.back();
  Location endLoc = oldEnd->getLoc();
  builder.setInsertionPointToEnd(&block);
  for (const Step &step : program.steps)
    emitStep(step);
  ReturnOp::create(builder, endLoc);
  // The old ops stand before the new ones; users go before what they use.
  for (Operation *op = oldEnd; op;) {
    Operation *previous = op->getPrevNode();
    op->erase();
    op = previous;
  }
  entry->setAttr("workspace_bytes",
                 builder.getI64IntegerAttr(sharing.workspaceBytes));
  entry->setAttr("sinter.memory", describeMemory());
  return success();
}

} // namespace

LogicalResult sinter::passes::plan::emitPlan(EntryOp entry,
                                             const Program &program,
                                             const Sharing &sharing,
                                             ConstantPool &constants) {
  return Emitter(entry, program, sharing, constants).emit();
}
