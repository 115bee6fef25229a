//===- LibraryPrimitive.cpp - descriptors as attributes and words ---------===//

#include "compiler/ir/LibraryPrimitive.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

static constexpr StringLiteral forms[] = {"matmul", "convolution",
                                          "backward_data", "backward_weights"};
static constexpr StringLiteral postOps[] = {
    "bias",     "add",      "sub", "mul", "div",  "linear", "tanh",
    "logistic", "gelu_erf", "exp", "abs", "sqrt", "square"};

static bool hasOperand(int64_t postOp) { return postOp < SINTER_ONEDNN_LINEAR; }

//===----------------------------------------------------------------------===//
// To an attribute
//===----------------------------------------------------------------------===//

static void addTensor(const sinter_onednn_tensor &tensor, Builder &b,
                      NamedAttrList &to) {
  auto prefix = [&](const int64_t *from) {
    return b.getDenseI64ArrayAttr(ArrayRef(from, tensor.rank));
  };
  to.set("value", b.getI64IntegerAttr(tensor.buffer));
  to.set("offset", b.getI64IntegerAttr(tensor.offset));
  to.set("split", b.getI64IntegerAttr(tensor.split));
  to.set("dims", prefix(tensor.dims));
  to.set("strides", prefix(tensor.strides));
}

DictionaryAttr sinter::ir::toAttr(const sinter_onednn_call &call,
                                  MLIRContext *context) {
  Builder b(context);
  NamedAttrList entries;
  auto tensor = [&](StringRef name, const sinter_onednn_tensor &from) {
    NamedAttrList list;
    addTensor(from, b, list);
    entries.set(name, list.getDictionary(context));
  };
  entries.set("form", b.getStringAttr(forms[call.form]));
  entries.set("tasks", b.getI64IntegerAttr(call.tasks));
  entries.set("scratch_bytes", b.getI64IntegerAttr(call.scratch_bytes));
  tensor("lhs", call.lhs);
  tensor("rhs", call.rhs);
  tensor("result", call.result);
  if (call.form != SINTER_ONEDNN_MATMUL) {
    auto space = [&](StringRef name, const int64_t *from) {
      entries.set(name, b.getDenseI64ArrayAttr(ArrayRef(from, call.space)));
    };
    space("strides", call.strides);
    space("dilations", call.dilations);
    space("low", call.low);
    space("high", call.high);
  }
  SmallVector<Attribute> steps;
  for (int64_t i = 0; i < call.num_post_ops; ++i) {
    const sinter_onednn_post_op &step = call.post_ops[i];
    NamedAttrList list;
    list.set("op", b.getStringAttr(postOps[step.kind]));
    if (hasOperand(step.kind))
      addTensor(step.operand, b, list);
    auto number = [&](int64_t bits) {
      return b.getF32FloatAttr(llvm::bit_cast<float>(uint32_t(bits)));
    };
    if (step.kind == SINTER_ONEDNN_LINEAR) {
      list.set("alpha", number(step.alpha));
      list.set("beta", number(step.beta));
    }
    steps.push_back(list.getDictionary(context));
  }
  entries.set("post_ops", b.getArrayAttr(steps));
  return entries.getDictionary(context);
}

//===----------------------------------------------------------------------===//
// And back
//===----------------------------------------------------------------------===//

namespace {
class Reader {
public:
  Reader(TypeRange buffers, llvm::function_ref<InFlightDiagnostic()> emitError)
      : buffers(buffers), emitError(emitError) {}

  FailureOr<sinter_onednn_call> read(DictionaryAttr from);

private:
  InFlightDiagnostic error() { return emitError() << "has a primitive "; }
  LogicalResult number(DictionaryAttr from, StringRef name, int64_t least,
                       int64_t most, int64_t &to);
  LogicalResult numbers(DictionaryAttr from, StringRef name, int64_t count,
                        int64_t least, int64_t *to);
  LogicalResult word(DictionaryAttr from, StringRef name,
                     ArrayRef<StringLiteral> known, int64_t &to);
  LogicalResult tensor(DictionaryAttr from, sinter_onednn_tensor &to);

  TypeRange buffers;
  llvm::function_ref<InFlightDiagnostic()> emitError;
};
} // namespace

/// Beyond any tensor's elements, and so small that products of two fit.
static constexpr int64_t mostElements = int64_t(1) << 40;

LogicalResult Reader::number(DictionaryAttr from, StringRef name, int64_t least,
                             int64_t most, int64_t &to) {
  auto attr = from.getAs<IntegerAttr>(name);
  if (!attr || !attr.getType().isInteger(64) || attr.getInt() < least ||
      attr.getInt() > most)
    return error() << "whose '" << name << "' is not an i64 from " << least
                   << " to " << most;
  to = attr.getInt();
  return success();
}

LogicalResult Reader::numbers(DictionaryAttr from, StringRef name,
                              int64_t count, int64_t least, int64_t *to) {
  auto attr = from.getAs<DenseI64ArrayAttr>(name);
  if (!attr || attr.size() != count ||
      llvm::any_of(attr.asArrayRef(),
                   [&](int64_t n) { return n < least || n > mostElements; }))
    return error() << "whose '" << name << "' are not " << count
                   << " numbers of at least " << least;
  llvm::copy(attr.asArrayRef(), to);
  return success();
}

LogicalResult Reader::word(DictionaryAttr from, StringRef name,
                           ArrayRef<StringLiteral> known, int64_t &to) {
  auto attr = from.getAs<StringAttr>(name);
  auto *found = attr ? llvm::find(known, attr.getValue()) : known.end();
  if (found == known.end())
    return error() << "whose '" << name << "' is none that the library knows";
  to = found - known.begin();
  return success();
}

LogicalResult Reader::tensor(DictionaryAttr from, sinter_onednn_tensor &to) {
  if (!from)
    return error() << "that lacks a tensor";
  auto dims = from.getAs<DenseI64ArrayAttr>("dims");
  to.rank = dims ? dims.size() : 0;
  if (to.rank < 1 || to.rank > SINTER_ONEDNN_RANK)
    return error() << "whose tensors need 1 to " << int(SINTER_ONEDNN_RANK)
                   << " dimensions";
  if (failed(
          number(from, "value", 0, int64_t(buffers.size()) - 1, to.buffer)) ||
      failed(number(from, "offset", 0, mostElements, to.offset)) ||
      failed(number(from, "split", -1, to.rank - 1, to.split)) ||
      failed(numbers(from, "dims", to.rank, 1, to.dims)) ||
      failed(numbers(from, "strides", to.rank, 0, to.strides)))
    return failure();
  auto type = cast<RankedTensorType>(buffers[to.buffer]);
  double last = to.offset;
  for (int64_t i = 0; i < to.rank; ++i)
    last += double(to.dims[i] - 1) * double(to.strides[i]);
  if (!type.getElementType().isF32() || last >= double(type.getNumElements()))
    return error() << "that reaches beyond a buffer of type " << type;
  return success();
}

FailureOr<sinter_onednn_call> Reader::read(DictionaryAttr from) {
  sinter_onednn_call call = {};
  if (failed(word(from, "form", forms, call.form)) ||
      failed(number(from, "tasks", 1, 64, call.tasks)) ||
      failed(
          number(from, "scratch_bytes", 0, mostElements, call.scratch_bytes)) ||
      failed(tensor(from.getAs<DictionaryAttr>("lhs"), call.lhs)) ||
      failed(tensor(from.getAs<DictionaryAttr>("rhs"), call.rhs)) ||
      failed(tensor(from.getAs<DictionaryAttr>("result"), call.result)))
    return failure();
  if (call.result.buffer != int64_t(buffers.size()) - 1)
    return error() << "whose result is an operand";
  if (call.form != SINTER_ONEDNN_MATMUL) {
    call.space = call.lhs.rank - 2;
    if (call.space < 1 || call.space > SINTER_ONEDNN_SPACE)
      return error() << "of 1 to 3 spatial dimensions";
    if (failed(numbers(from, "strides", call.space, 1, call.strides)) ||
        failed(numbers(from, "dilations", call.space, 1, call.dilations)) ||
        failed(numbers(from, "low", call.space, 0, call.low)) ||
        failed(numbers(from, "high", call.space, -mostElements, call.high)))
      return failure();
  }
  auto steps = from.getAs<ArrayAttr>("post_ops");
  if (!steps || steps.size() > SINTER_ONEDNN_POST_OPS)
    return error() << "that needs 'post_ops', at most "
                   << int(SINTER_ONEDNN_POST_OPS);
  for (Attribute attr : steps) {
    auto step = dyn_cast<DictionaryAttr>(attr);
    sinter_onednn_post_op &to = call.post_ops[call.num_post_ops++];
    if (!step || failed(word(step, "op", postOps, to.kind)))
      return failure();
    if (hasOperand(to.kind) && failed(tensor(step, to.operand)))
      return failure();
    auto bits = [&](StringRef name) -> int64_t {
      auto number = step.getAs<FloatAttr>(name);
      return number ? llvm::bit_cast<uint32_t>(float(number.getValueAsDouble()))
                    : 0;
    };
    to.alpha = bits("alpha");
    to.beta = bits("beta");
  }
  return call;
}

FailureOr<sinter_onednn_call>
sinter::ir::fromAttr(DictionaryAttr attr, TypeRange buffers,
                     llvm::function_ref<InFlightDiagnostic()> emitError) {
  return Reader(buffers, emitError).read(attr);
}

//===----------------------------------------------------------------------===//
// Words, and the op
//===----------------------------------------------------------------------===//

SmallVector<int64_t> sinter::ir::toWords(sinter_onednn_call call) {
  static_assert(sizeof(call) % sizeof(int64_t) == 0);
  constexpr size_t count = sizeof(call) / sizeof(int64_t);
  SmallVector<int64_t> words(count);
  call.hash = 0;
  std::memcpy(words.data(), &call, sizeof(call));
  // FNV-1a over words: the same for every compiler and every run.
  uint64_t hash = 14695981039346656037u;
  for (int64_t word : words)
    hash = (hash ^ uint64_t(word)) * 1099511628211u;
  words[0] = int64_t(hash);
  return words;
}

LibraryCallOp sinter::ir::findLibraryCall(KernelOp kernel) {
  auto calls = kernel.getBody().front().getOps<LibraryCallOp>();
  return calls.empty() ? LibraryCallOp() : *calls.begin();
}

int64_t sinter::ir::getScratchBytes(LibraryCallOp op) {
  auto bytes = op.getPrimitive().getAs<IntegerAttr>("scratch_bytes");
  return bytes ? bytes.getInt() : 0;
}

LogicalResult LibraryCallOp::verify() {
  if (getLibrary() != onednnName)
    return emitOpError("names the library '")
           << getLibrary() << "': there is 'onednn'";
  SmallVector<Type> buffers(getOperandTypes());
  buffers.push_back(getType());
  if (buffers.size() > SINTER_ONEDNN_BUFFERS)
    return emitOpError("takes at most ")
           << SINTER_ONEDNN_BUFFERS - 1 << " operands";
  Block &body = getBody().front();
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (TypeRange(body.getArgumentTypes()) != TypeRange(getOperandTypes()) ||
      !yield || TypeRange(yield.getOperandTypes()) != TypeRange(getType()))
    return emitOpError("needs a body from its operands to its result");
  return fromAttr(getPrimitive(), buffers, [&] { return emitOpError(); });
}
