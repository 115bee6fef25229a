//===- Interpreter.cpp - entries, kernels and scans -----------------------===//
//
// A frame maps the values of a block to arrays and executes its ops in order.
// Arrays are shared, not copied, where a value is only passed on.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Interpreter.h"

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;
using llvm::Error;
using llvm::Expected;

using Shared = std::shared_ptr<const Array>;
using SharedList = std::vector<Shared>;

static Shared share(Array array) {
  return std::make_shared<const Array>(std::move(array));
}

/// "model.cpp:12:3: sinter.gradient: message".
static Error errorAt(Operation *op, const llvm::Twine &message) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
    stream << place.getFilename().getValue() << ':' << place.getLine() << ':'
           << place.getColumn() << ": ";
  stream << op->getName() << ": " << message;
  return llvm::createStringError(text);
}

//===----------------------------------------------------------------------===//
// One op
//===----------------------------------------------------------------------===//

/// Every op on bf16 computed in f32: its results are rounded here.
static Array roundResult(Array result, Precision precision) {
  if (precision == Precision::Native && result.elementType.isBF16())
    for (double &element : result.floats)
      element = nearestBf16(element);
  return result;
}

static Expected<Array> evaluateFamily(Operation *op, Operands operands,
                                      Precision precision) {
  return llvm::TypeSwitch<Operation *, Expected<Array>>(op)
      .Case<ConstantOp>([&](ConstantOp constant) -> Expected<Array> {
        Expected<Array> value = Array::fromElements(constant.getValue());
        if (!value)
          return errorAt(op, llvm::toString(value.takeError()));
        return value;
      })
      .Case<IotaOp>([&](IotaOp o) { return evaluateIota(o, precision); })
      .Case<GatherOp>([&](GatherOp o) { return evaluateGather(o, operands); })
      .Case<ScatterAddOp>([&](ScatterAddOp o) {
        return evaluateScatterAdd(o, operands, precision);
      })
      .Case<DotGeneralOp>([&](DotGeneralOp o) {
        return evaluateContraction(o, operands, precision);
      })
      .Case<ConvOp>(
          [&](ConvOp o) { return evaluateConvolution(o, operands, precision); })
      .Case<FoldWindowsOp>([&](FoldWindowsOp o) {
        return evaluateFoldWindows(o, operands, precision);
      })
      .Case<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp>(
          [&](auto) { return evaluateReduction(op, operands, precision); })
      .Case<ArgMaxOp, ArgMinOp>(
          [&](auto) { return evaluateArgReduction(op, operands); })
      .Case<CumulativeSumOp>([&](CumulativeSumOp o) {
        return evaluateCumulativeSum(o, operands, precision);
      })
      .Case<ArgSortOp>(
          [&](ArgSortOp o) { return evaluateArgSort(o, operands); })
      .Case<RandomUniformOp, RandomNormalOp, RandomBernoulliOp>(
          [&](auto) { return evaluateRandom(op, operands, precision); })
      .Default([&](Operation *) -> Expected<Array> {
        if (op->hasTrait<Movement>())
          return evaluateMovement(op, operands);
        if (op->hasTrait<Pointwise>())
          return evaluatePointwise(op, operands, precision);
        if (isa<GradientOp, VjpOp, JvpOp>(op))
          return errorAt(op, "cannot be interpreted: expand derivative "
                             "requests first (the gradient stage does)");
        return errorAt(op, "cannot be interpreted: only ops on tensors can");
      });
}

static Expected<Array> evaluateOp(Operation *op, Operands operands,
                                  Precision precision) {
  Expected<Array> result = evaluateFamily(op, operands, precision);
  if (!result)
    return result.takeError();
  return roundResult(std::move(*result), precision);
}

Expected<Array> sinter::interpret::evaluate(Operation *op,
                                            ArrayRef<Array> operands,
                                            Precision precision) {
  if (op->getNumOperands() != operands.size())
    return errorAt(op, "takes " + llvm::Twine(op->getNumOperands()) +
                           " operands, not " + llvm::Twine(operands.size()));
  SmallVector<const Array *> pointers;
  for (auto [operand, array] : llvm::zip(op->getOperands(), operands)) {
    if (array.type() != operand.getType())
      return errorAt(op, "is given an operand of another type");
    pointers.push_back(&array);
  }
  return evaluateOp(op, pointers, precision);
}

Array sinter::interpret::evaluateElement(Operation *op,
                                         ArrayRef<Array> elements,
                                         Precision precision) {
  SmallVector<const Array *> pointers;
  for (const Array &element : elements)
    pointers.push_back(&element);
  return roundResult(evaluatePointwise(op, pointers, precision), precision);
}

bool sinter::interpret::canEvaluate(StringRef opName) {
  static const llvm::StringSet<> otherwise = {
      "sinter.gradient", "sinter.vjp",      "sinter.jvp",
      "sinter.buffer",   "sinter.launch",   "sinter.copy",
      "sinter.loop",     "sinter.variable", "sinter.store_index"};
  return opName.starts_with("sinter.") && !otherwise.contains(opName);
}

//===----------------------------------------------------------------------===//
// Frames
//===----------------------------------------------------------------------===//

namespace {
/// What a run shares between its frames.
struct Run {
  SymbolTable &symbols;
  const State &snapshot;
  Precision precision;
  std::vector<std::pair<std::string, Shared>> writes;

  Expected<SharedList> block(Block &block, SharedList arguments);
  Expected<SharedList> scan(ScanOp op, const SharedList &operands);
  Expected<SharedList> step(Operation *op, const SharedList &operands);
};
} // namespace

/// Step t of a stacked array.
static Array sliceAt(const Array &stacked, int64_t t) {
  Array result;
  result.shape.assign(stacked.shape.begin() + 1, stacked.shape.end());
  result.elementType = stacked.elementType;
  int64_t n = product(result.shape);
  if (stacked.isFloat())
    result.floats.assign(stacked.floats.begin() + t * n,
                         stacked.floats.begin() + (t + 1) * n);
  else
    result.ints.assign(stacked.ints.begin() + t * n,
                       stacked.ints.begin() + (t + 1) * n);
  return result;
}

static void setSlice(Array &stacked, int64_t t, const Array &slice) {
  llvm::copy(slice.floats, stacked.floats.begin() + t * slice.size());
  llvm::copy(slice.ints, stacked.ints.begin() + t * slice.size());
}

Expected<SharedList> Run::scan(ScanOp op, const SharedList &operands) {
  int64_t n = op.getTripCount();
  size_t carried = op.getInit().size(), sliced = op.getXs().size();
  SharedList carry(operands.begin(), operands.begin() + carried);
  std::vector<Array> stacked;
  for (Value result : op.getYResults())
    stacked.push_back(Array::zeros(result.getType()));
  for (int64_t i = 0; i < n; ++i) {
    int64_t t = op.getReverse() ? n - 1 - i : i;
    SharedList arguments = {
        share(Array::ofInts(op.getIndexArg().getType(), {t}))};
    llvm::append_range(arguments, carry);
    for (size_t x = carried; x < carried + sliced; ++x)
      arguments.push_back(share(sliceAt(*operands[x], t)));
    for (size_t v = carried + sliced; v < operands.size(); ++v)
      arguments.push_back(operands[v]);
    Expected<SharedList> yielded =
        block(op.getBody().front(), std::move(arguments));
    if (!yielded)
      return yielded.takeError();
    carry.assign(yielded->begin(), yielded->begin() + carried);
    for (size_t y = 0; y < stacked.size(); ++y)
      setSlice(stacked[y], t, *(*yielded)[carried + y]);
  }
  for (Array &array : stacked)
    carry.push_back(share(std::move(array)));
  return carry;
}

Expected<SharedList> Run::step(Operation *op, const SharedList &operands) {
  if (auto scanOp = dyn_cast<ScanOp>(op))
    return scan(scanOp, operands);
  if (auto call = dyn_cast<CallOp>(op)) {
    auto kernel = symbols.lookup<KernelOp>(call.getKernel());
    if (!kernel)
      return errorAt(op, "names no kernel: @" + call.getKernel());
    return block(kernel.getBody().front(), operands);
  }
  // What the library stands in for.
  if (auto call = dyn_cast<LibraryCallOp>(op))
    return block(call.getBody().front(), operands);
  if (auto read = dyn_cast<ReadOp>(op)) {
    auto variable = snapshot.find(read.getVariable().str());
    if (variable == snapshot.end())
      return errorAt(op, "names no variable: @" + read.getVariable());
    return SharedList{share(variable->second)};
  }
  if (auto write = dyn_cast<WriteOp>(op)) {
    writes.emplace_back(write.getVariable().str(), operands[0]);
    return SharedList();
  }
  SmallVector<const Array *> pointers;
  for (const Shared &operand : operands)
    pointers.push_back(operand.get());
  Expected<Array> value = evaluateOp(op, pointers, precision);
  if (!value)
    return value.takeError();
  return SharedList{share(std::move(*value))};
}

Expected<SharedList> Run::block(Block &block, SharedList arguments) {
  llvm::DenseMap<Value, Shared> values;
  // A value is dropped after its last reader, so a run needs about as much
  // memory as is live.
  llvm::DenseMap<Value, int64_t> readers;
  for (auto [argument, array] : llvm::zip(block.getArguments(), arguments))
    values[argument] = array;
  arguments.clear();
  auto operandsOf = [&](Operation &op) {
    SharedList operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    return operands;
  };
  for (Operation &op : block.without_terminator()) {
    Expected<SharedList> results = step(&op, operandsOf(op));
    if (!results)
      return results.takeError();
    for (auto [result, array] : llvm::zip(op.getResults(), *results)) {
      values[result] = array;
      readers[result] = std::distance(result.use_begin(), result.use_end());
    }
    for (Value operand : op.getOperands())
      if (auto reader = readers.find(operand);
          reader != readers.end() && --reader->second == 0)
        values.erase(operand);
  }
  return operandsOf(*block.getTerminator());
}

//===----------------------------------------------------------------------===//
// Interpreter
//===----------------------------------------------------------------------===//

Interpreter::Interpreter(ModuleOp module, Precision precision)
    : module(module), precision(precision) {
  for (auto variable : module.getOps<VariableOp>())
    variables[variable.getSymName().str()] = Array::zeros(variable.getType());
}

Expected<std::vector<Array>> Interpreter::run(StringRef name,
                                              ArrayRef<Array> inputs) {
  SymbolTable symbols(module);
  auto function = symbols.lookup<FunctionOpInterface>(name);
  if (!function || !isa<EntryOp, KernelOp>(function))
    return llvm::createStringError("the module has no entry or kernel @" +
                                   name.str());
  if (function->hasAttr("workspace_bytes"))
    return errorAt(function, "is planned: interpret an earlier stage");
  if (inputs.size() != function.getNumArguments())
    return errorAt(function, "@" + name + " takes " +
                                 llvm::Twine(function.getNumArguments()) +
                                 " inputs, not " + llvm::Twine(inputs.size()));
  SharedList arguments;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (input.type() != function.getArgumentTypes()[i]) {
      std::string text;
      llvm::raw_string_ostream(text)
          << "input " << i << " of @" << name << " is "
          << function.getArgumentTypes()[i] << ", not " << input.type();
      return errorAt(function, text);
    }
    arguments.push_back(share(input));
  }
  Run run{symbols, variables, precision, {}};
  Expected<SharedList> returned =
      run.block(function.getFunctionBody().front(), std::move(arguments));
  if (!returned)
    return returned.takeError();
  for (auto &[variable, value] : run.writes)
    variables[variable] = *value;
  std::vector<Array> outputs;
  for (const Shared &array : *returned)
    outputs.push_back(*array);
  return outputs;
}
