//===- State.cpp - variables, entries, kernels' signatures ----------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace sinter::ir;

//===----------------------------------------------------------------------===//
// Entry and kernel
//===----------------------------------------------------------------------===//

template <typename Op>
static ParseResult parseFunction(OpAsmParser &parser, OperationState &state) {
  SMLoc loc = parser.getCurrentLocation();
  if (function_interface_impl::parseFunctionOp(
          parser, state, /*allowVariadic=*/false,
          Op::getFunctionTypeAttrName(state.name),
          [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
             function_interface_impl::VariadicFlag, std::string &) {
            return builder.getFunctionType(inputs, results);
          },
          Op::getArgAttrsAttrName(state.name),
          Op::getResAttrsAttrName(state.name)))
    return failure();
  // As generated parsers do: a value of the wrong type is not just lost.
  return state.name.verifyInherentAttrs(state.attributes, [&] {
    return parser.emitError(loc) << "'" << state.name.getStringRef() << "' op ";
  });
}

template <typename Op> static void printFunction(OpAsmPrinter &printer, Op op) {
  function_interface_impl::printFunctionOp(
      printer, op, /*isVariadic=*/false, op.getFunctionTypeAttrName(),
      op.getArgAttrsAttrName(), op.getResAttrsAttrName());
}

ParseResult EntryOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseFunction<EntryOp>(parser, state);
}
void EntryOp::print(OpAsmPrinter &printer) { printFunction(printer, *this); }
ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseFunction<KernelOp>(parser, state);
}
void KernelOp::print(OpAsmPrinter &printer) { printFunction(printer, *this); }

static LogicalResult verifyReturn(Operation *function, TypeRange want) {
  Block &block = function->getRegion(0).front();
  auto end = block.empty() ? ReturnOp() : dyn_cast<ReturnOp>(block.back());
  if (!end)
    return function->emitOpError("must end with sinter.return");
  if (end.getValues().getTypes() != want)
    return end.emitOpError("returns (")
           << end.getValues().getTypes() << "), but the signature says ("
           << want << ")";
  return success();
}

/// Whether a signature is made of values only.
static LogicalResult verifyTypes(Operation *function, TypeRange types) {
  for (Type type : types)
    if (!isTensorValue(type))
      return function->emitOpError("takes and returns tensors of static shape "
                                   "of f64, f32, i64, i32, i8, u8 or i1, not ")
             << type;
  return success();
}

static LogicalResult verifyBatchAxes(EntryOp entry) {
  auto check = [&](Type type, Attribute axis) -> LogicalResult {
    auto number = dyn_cast_or_null<IntegerAttr>(axis);
    if (!axis || (number && number.getValue().isNonNegative() &&
                  number.getValue().slt(cast<ShapedType>(type).getRank())))
      return success();
    return entry.emitOpError("has batch axis ")
           << axis << " for a tensor of type " << type;
  };
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes()))
    if (failed(check(type, entry.getArgAttr(i, batchAxisAttr))))
      return failure();
  for (auto [i, type] : llvm::enumerate(entry.getResultTypes()))
    if (failed(check(type, entry.getResultAttr(i, batchAxisAttr))))
      return failure();
  return success();
}

LogicalResult EntryOp::verify() {
  if (failed(verifyTypes(*this, getArgumentTypes())) ||
      failed(verifyTypes(*this, getResultTypes())) ||
      failed(verifyBatchAxes(*this)))
    return failure();
  if (getSymName() == "init") {
    Builder builder(getContext());
    auto seed = RankedTensorType::get({}, builder.getI64Type());
    auto wanted = builder.getFunctionType(seed, {});
    if (getFunctionType() != wanted)
      return emitOpError("'init' takes the seed and returns nothing: its type "
                         "must be ")
             << wanted << ", not " << getFunctionType();
  }
  llvm::SmallDenseSet<StringRef> written;
  for (auto write : getBody().getOps<WriteOp>())
    if (!written.insert(write.getVariable()).second)
      return write.emitOpError("is the second of variable @")
             << write.getVariable() << " in this entry";
  // A planned entry returns nothing: its outputs are buffers.
  if ((*this)->hasAttr("workspace_bytes"))
    return verifyReturn(*this, {});
  return verifyReturn(*this, getResultTypes());
}

/// Whether some value of the kernel is that many ops away from what it is
/// computed from.
static bool isDeeperThan(KernelOp kernel, int64_t most) {
  llvm::DenseMap<Value, int64_t> depths;
  for (Operation &op : kernel.getBody().front()) {
    int64_t depth = 0;
    for (Value operand : op.getOperands())
      depth = std::max(depth, depths.lookup(operand));
    if (++depth > most)
      return true;
    for (Value result : op.getResults())
      depths[result] = depth;
  }
  return false;
}

LogicalResult KernelOp::verify() {
  if (failed(verifyTypes(*this, getArgumentTypes())) ||
      failed(verifyTypes(*this, getResultTypes())))
    return failure();
  // Kernels are emitted by recursion from their results.  Fusion makes none
  // half as deep.
  constexpr int64_t deepest = 1500;
  if (isDeeperThan(*this, deepest))
    return emitOpError("computes a value by more than ")
           << deepest << " ops, one after the other: make it several kernels";
  if (std::optional<ArrayRef<int64_t>> overwrites = getOverwrites()) {
    if (overwrites->size() != getResultTypes().size())
      return emitOpError("needs one `overwrites` entry for each result");
    for (int64_t i : *overwrites)
      if (i < -1 || i >= static_cast<int64_t>(getArgumentTypes().size()))
        return emitOpError("`overwrites` names argument ") << i;
  }
  return verifyReturn(*this, getResultTypes());
}

//===----------------------------------------------------------------------===//
// Read and write
//===----------------------------------------------------------------------===//

static LogicalResult verifyVariable(Operation *op, FlatSymbolRefAttr name,
                                    Type type, SymbolTableCollection &table) {
  auto variable = table.lookupNearestSymbolFrom<VariableOp>(op, name);
  if (!variable)
    return op->emitOpError("names no variable: ") << name;
  if (variable.getType() != type)
    return op->emitOpError("has type ")
           << type << ", but the variable is " << variable.getType();
  return success();
}
LogicalResult ReadOp::verifySymbolUses(SymbolTableCollection &table) {
  return verifyVariable(*this, getVariableAttr(), getType(), table);
}
LogicalResult WriteOp::verifySymbolUses(SymbolTableCollection &table) {
  return verifyVariable(*this, getVariableAttr(), getValue().getType(), table);
}
