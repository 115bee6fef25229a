//===- ScanOp.cpp - scan: assembly, verifier, accessors -------------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

Value ScanOp::getIndexArg() { return getBody().getArgument(0); }
Block::BlockArgListType ScanOp::getCarryArgs() {
  return getBody().getArguments().slice(1, getInit().size());
}
Block::BlockArgListType ScanOp::getXArgs() {
  return getBody().getArguments().slice(1 + getInit().size(), getXs().size());
}
Block::BlockArgListType ScanOp::getInvariantArgs() {
  return getBody().getArguments().drop_front(1 + getInit().size() +
                                             getXs().size());
}
ResultRange ScanOp::getCarryResults() {
  return getResults().take_front(getInit().size());
}
ResultRange ScanOp::getYResults() {
  return getResults().drop_front(getInit().size());
}
OperandRange ScanOp::getNextCarry() {
  return getBody().front().getTerminator()->getOperands().take_front(
      getInit().size());
}
OperandRange ScanOp::getStepOutputs() {
  return getBody().front().getTerminator()->getOperands().drop_front(
      getInit().size());
}

static void printGroup(OpAsmPrinter &printer, StringRef keyword,
                       Block::BlockArgListType arguments, ValueRange values) {
  if (values.empty())
    return;
  printer << ' ' << keyword << '(';
  llvm::interleaveComma(llvm::zip(arguments, values), printer, [&](auto pair) {
    printer << std::get<0>(pair) << " = " << std::get<1>(pair) << " : "
            << std::get<1>(pair).getType();
  });
  printer << ')';
}

/// In the order in which they are written.
static constexpr StringLiteral flags[] = {"reverse", "checkpoint", "apart"};

void ScanOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getTripCount();
  for (StringRef flag : flags)
    if ((*this)->hasAttr(flag))
      printer << ' ' << flag;
  printGroup(printer, "carry", getCarryArgs(), getInit());
  printGroup(printer, "each", getXArgs(), getXs());
  printGroup(printer, "with", getInvariantArgs(), getInvariants());
  printer << " index(" << getIndexArg() << ") -> (" << getResultTypes() << ") ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  printer.printOptionalAttrDict(
      (*this)->getAttrs(),
      {"trip_count", "operandSegmentSizes", flags[0], flags[1], flags[2]});
}

/// The type of one step's slice; null if there is no leading dimension.
static Type sliceType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() == 0)
    return {};
  return tensor.clone(tensor.getShape().drop_front());
}

ParseResult ScanOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  int64_t tripCount;
  if (parser.parseInteger(tripCount))
    return failure();
  state.addAttribute("trip_count", builder.getI64IntegerAttr(tripCount));
  for (StringRef flag : flags)
    if (succeeded(parser.parseOptionalKeyword(flag)))
      state.addAttribute(flag, builder.getUnitAttr());

  SmallVector<OpAsmParser::Argument> arguments(1);
  SmallVector<int32_t> sizes;
  auto parseGroup = [&](StringRef keyword, bool slices) -> ParseResult {
    int32_t &size = sizes.emplace_back(0);
    if (failed(parser.parseOptionalKeyword(keyword)))
      return success();
    return parser.parseCommaSeparatedList(
        AsmParser::Delimiter::Paren, [&]() -> ParseResult {
          OpAsmParser::Argument &argument = arguments.emplace_back();
          OpAsmParser::UnresolvedOperand operand;
          Type type;
          SMLoc loc;
          ++size;
          if (parser.parseArgument(argument) || parser.parseEqual() ||
              parser.parseOperand(operand) || parser.parseColon() ||
              parser.getCurrentLocation(&loc) || parser.parseType(type) ||
              parser.resolveOperand(operand, type, state.operands))
            return failure();
          argument.type = slices ? sliceType(type) : type;
          if (!argument.type)
            return parser.emitError(loc, "has no dimension to step along");
          return success();
        });
  };
  if (parseGroup("carry", false) || parseGroup("each", true) ||
      parseGroup("with", false) || parser.parseKeyword("index") ||
      parser.parseLParen() || parser.parseArgument(arguments[0]) ||
      parser.parseRParen() || parser.parseArrow() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
        return parser.parseType(state.types.emplace_back());
      }))
    return failure();
  arguments[0].type = RankedTensorType::get({}, builder.getI64Type());
  state.addAttribute("operandSegmentSizes",
                     builder.getDenseI32ArrayAttr(sizes));
  return failure(parser.parseRegion(*state.addRegion(), arguments) ||
                 parser.parseOptionalAttrDict(state.attributes));
}

LogicalResult ScanOp::verify() {
  if (getNumResults() < getInit().size())
    return emitOpError("has ") << getNumResults() << " results for "
                               << getInit().size() << " carries";
  Block &block = getBody().front();
  size_t want = 1 + getNumOperands();
  if (block.getNumArguments() != want)
    return emitOpError("body takes ")
           << block.getNumArguments() << " arguments, not " << want;
  if (static_cast<int64_t>(getTripCount()) < 0)
    return emitOpError("cannot run a negative number of steps");
  auto indexType =
      RankedTensorType::get({}, IntegerType::get(getContext(), 64));
  if (getIndexArg().getType() != indexType)
    return emitOpError("index argument must be tensor<i64>");
  for (auto [argument, init] : llvm::zip(getCarryArgs(), getInit()))
    if (argument.getType() != init.getType())
      return emitOpError("carry is ") << init.getType() << " outside and "
                                      << argument.getType() << " inside";
  for (auto [argument, x] : llvm::zip(getXArgs(), getXs())) {
    auto type = cast<RankedTensorType>(x.getType());
    if (type.getRank() == 0 ||
        type.getDimSize(0) != static_cast<int64_t>(getTripCount()))
      return emitOpError("steps ") << getTripCount() << " times along " << type;
    if (argument.getType() != sliceType(type))
      return emitOpError("body takes ") << argument.getType() << " of " << type;
  }
  for (auto [argument, value] : llvm::zip(getInvariantArgs(), getInvariants()))
    if (argument.getType() != value.getType())
      return emitOpError("invariant is ") << value.getType() << " outside and "
                                          << argument.getType() << " inside";
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    return emitOpError("body must end with sinter.yield");
  if (yield.getNumOperands() != getNumResults())
    return emitOpError("yields ") << yield.getNumOperands() << " values for "
                                  << getNumResults() << " results";
  for (auto [next, result] : llvm::zip(getNextCarry(), getCarryResults()))
    if (next.getType() != result.getType())
      return emitOpError("carry ends as ")
             << next.getType() << " and results in " << result.getType();
  for (auto [init, result] : llvm::zip(getInit(), getCarryResults()))
    if (init.getType() != result.getType())
      return emitOpError("carry starts as ")
             << init.getType() << " and results in " << result.getType();
  for (auto [step, result] : llvm::zip(getStepOutputs(), getYResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    if (sliceType(type) != step.getType() ||
        type.getDimSize(0) != static_cast<int64_t>(getTripCount()))
      return emitOpError("stacks ")
             << getTripCount() << " × " << step.getType() << " into " << type;
  }
  return success();
}
