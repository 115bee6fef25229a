//===- PlannedExecutor.cpp - planned entries run on bytes -----------------===//

#include "tests/passes/PlannedExecutor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cstring>
#include <deque>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;
using namespace sinter::test;

void sinter::test::poison(char *data, int64_t bytes) {
  std::fill_n(data, bytes, static_cast<char>(0xCD));
}

namespace {

class Executor {
public:
  Executor(ModuleOp module, EntryOp entry, ArrayRef<Bytes> inputs, Bytes &state)
      : module(module), entry(entry), kernels(module),
        inputs(inputs.begin(), inputs.end()), state(state) {
    workspace.resize(
        entry->getAttrOfType<IntegerAttr>("workspace_bytes").getInt());
    poison(workspace.data(), workspace.size());
    for (Type type : entry.getResultTypes()) {
      outputs.emplace_back(getByteSize(type));
      poison(outputs.back().data(), outputs.back().size());
    }
  }

  llvm::Expected<std::vector<Bytes>> run() {
    std::vector<Bytes> before = inputs;
    if (llvm::Error error = run(entry.getBody().front()))
      return error;
    if (inputs != before)
      return llvm::createStringError("an input was written");
    return outputs;
  }

private:
  llvm::Expected<char *> getData(Value value) {
    if (auto get = value.getDefiningOp<memref::GetGlobalOp>()) {
      auto global = module.lookupSymbol<memref::GlobalOp>(get.getName());
      auto elements = cast<ElementsAttr>(*global.getInitialValue());
      llvm::Expected<Array> array = Array::fromElements(elements);
      if (!array)
        return array.takeError();
      constants.push_back(array->toBytes());
      return constants.back().data();
    }
    auto buffer = value.getDefiningOp<BufferOp>();
    Bytes *space = &workspace;
    if (buffer.getSpace() == BufferSpace::State)
      space = &state;
    else if (buffer.getSpace() == BufferSpace::Input)
      space = &inputs[buffer.getNumber()];
    else if (buffer.getSpace() == BufferSpace::Output)
      space = &outputs[buffer.getNumber()];
    int64_t at = buffer.getOffset();
    for (auto [index, stride] :
         llvm::zip(buffer.getIndices(), buffer.getStrides()))
      at += indices.lookup(index) * stride;
    if (at < 0 || at + getBytes(value) > static_cast<int64_t>(space->size()))
      return llvm::createStringError("a buffer lies outside its space");
    return space->data() + at;
  }

  static int64_t getBytes(Value value) {
    auto type = cast<MemRefType>(value.getType());
    return type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }

  llvm::Error launch(LaunchOp op) {
    auto kernel = module.lookupSymbol<KernelOp>(op.getKernel());
    if (op.getScratch()) {
      llvm::Expected<char *> data = getData(op.getScratch());
      if (!data)
        return data.takeError();
      poison(*data, getBytes(op.getScratch()));
    }
    std::vector<Array> arguments;
    for (auto [in, type] : llvm::zip(op.getIns_(), kernel.getArgumentTypes())) {
      llvm::Expected<char *> data = getData(in);
      if (!data)
        return data.takeError();
      llvm::Expected<Array> array =
          Array::fromBytes(type, ArrayRef(*data, getBytes(in)));
      if (!array)
        return array.takeError();
      arguments.push_back(std::move(*array));
    }
    llvm::Expected<std::vector<Array>> results =
        kernels.run(op.getKernel(), arguments);
    if (!results)
      return results.takeError();
    for (auto [out, array] : llvm::zip(op.getOuts_(), *results)) {
      llvm::Expected<char *> data = getData(out);
      if (!data)
        return data.takeError();
      Bytes bytes = array.toBytes();
      std::memcpy(*data, bytes.data(), bytes.size());
    }
    if (op.getScratch())
      poison(*getData(op.getScratch()), getBytes(op.getScratch()));
    return llvm::Error::success();
  }

  llvm::Error run(Block &block) {
    for (Operation &op : block) {
      if (auto call = dyn_cast<LaunchOp>(op)) {
        if (llvm::Error error = launch(call))
          return error;
      } else if (auto copy = dyn_cast<CopyOp>(op)) {
        llvm::Expected<char *> source = getData(copy.getSource());
        if (!source)
          return source.takeError();
        llvm::Expected<char *> target = getData(copy.getTarget());
        if (!target)
          return target.takeError();
        std::memcpy(*target, *source, getBytes(copy.getSource()));
      } else if (auto store = dyn_cast<StoreIndexOp>(op)) {
        llvm::Expected<char *> target = getData(store.getTarget());
        if (!target)
          return target.takeError();
        int64_t index = indices.lookup(store.getIndex());
        std::memcpy(*target, &index, sizeof index);
      } else if (auto loop = dyn_cast<LoopOp>(op)) {
        int64_t n = loop.getTripCount();
        for (int64_t i = 0; i != n; ++i) {
          indices[loop.getBody().getArgument(0)] =
              loop.getReverse() ? n - 1 - i : i;
          if (llvm::Error error = run(loop.getBody().front()))
            return error;
        }
      } else if (auto constant = dyn_cast<arith::ConstantIndexOp>(op)) {
        indices[constant] = constant.value();
      } else if (isa<arith::MulIOp, arith::AddIOp>(op)) {
        int64_t a = indices.lookup(op.getOperand(0));
        int64_t b = indices.lookup(op.getOperand(1));
        indices[op.getResult(0)] = isa<arith::MulIOp>(op) ? a * b : a + b;
      } else if (!isa<BufferOp, memref::GetGlobalOp, YieldOp, ReturnOp>(op)) {
        return llvm::createStringError("an op that no planned entry holds");
      }
    }
    return llvm::Error::success();
  }

  ModuleOp module;
  EntryOp entry;
  Interpreter kernels;
  std::vector<Bytes> inputs, outputs;
  std::deque<Bytes> constants;
  Bytes &state;
  Bytes workspace;
  DenseMap<Value, int64_t> indices;
};

} // namespace

llvm::Expected<std::vector<Bytes>>
sinter::test::runPlanned(ModuleOp module, StringRef entry,
                         ArrayRef<Bytes> inputs, Bytes &state) {
  return Executor(module, module.lookupSymbol<EntryOp>(entry), inputs, state)
      .run();
}
