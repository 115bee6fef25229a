//===- Requests.cpp - derivative requests: assembly and verifiers ---------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

static LogicalResult verifyTypes(Operation *op, TypeRange have, TypeRange want,
                                 StringRef what, StringRef of) {
  if (have.size() != want.size())
    return op->emitOpError("has ")
           << have.size() << " " << what << " for " << want.size() << " " << of;
  for (auto [i, pair] : llvm::enumerate(llvm::zip(have, want)))
    if (std::get<0>(pair) != std::get<1>(pair))
      return op->emitOpError("has ")
             << what << " " << i << " of type " << std::get<0>(pair)
             << ", but that of " << of << " is " << std::get<1>(pair);
  return success();
}

LogicalResult GradientOp::verify() {
  if (cast<RankedTensorType>(getOf().getType()).getRank() != 0)
    return emitOpError("needs a scalar, not ")
           << getOf().getType() << ": reduce it first, or use vjp";
  return verifyTypes(*this, getResultTypes(), getWrt().getTypes(), "results",
                     "xs");
}
LogicalResult VjpOp::verify() {
  if (failed(verifyTypes(*this, getCotangents().getTypes(), getOf().getTypes(),
                         "cotangents", "ys")))
    return failure();
  return verifyTypes(*this, getResultTypes(), getWrt().getTypes(), "results",
                     "xs");
}
LogicalResult JvpOp::verify() {
  if (failed(verifyTypes(*this, getTangents().getTypes(), getWrt().getTypes(),
                         "tangents", "xs")))
    return failure();
  return verifyTypes(*this, getResultTypes(), getOf().getTypes(), "results",
                     "ys");
}

//===----------------------------------------------------------------------===//
// gradient %loss wrt %a, %b : tensor<f32> wrt tensor<..>, tensor<..>
//===----------------------------------------------------------------------===//

void GradientOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getOf() << " wrt " << getWrt();
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " : " << getOf().getType() << " wrt " << getWrt().getTypes();
}

ParseResult GradientOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand of;
  SmallVector<OpAsmParser::UnresolvedOperand> wrt;
  Type ofType;
  SmallVector<Type> wrtTypes;
  if (parser.parseOperand(of) || parser.parseKeyword("wrt"))
    return failure();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(wrt) ||
      parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseColonType(ofType) || parser.parseKeyword("wrt"))
    return failure();
  if (!wrt.empty() && parser.parseTypeList(wrtTypes))
    return failure();
  state.addTypes(wrtTypes);
  return failure(parser.resolveOperand(of, ofType, state.operands) ||
                 parser.resolveOperands(wrt, wrtTypes, loc, state.operands));
}

//===----------------------------------------------------------------------===//
// vjp (%ys) wrt (%xs) cotangents (%dys) : (ys' types) wrt (xs' types)
//===----------------------------------------------------------------------===//

static void printRequest(OpAsmPrinter &printer, Operation *op, ValueRange of,
                         ValueRange wrt, StringRef keyword, ValueRange given) {
  printer << " (" << of << ") wrt (" << wrt << ") " << keyword << " (" << given
          << ")";
  printer.printOptionalAttrDict(op->getAttrs(), {"operandSegmentSizes"});
  printer << " : (" << of.getTypes() << ") wrt (" << wrt.getTypes() << ")";
}

static ParseResult parseRequest(OpAsmParser &parser, OperationState &state,
                                StringRef keyword, bool forward) {
  SmallVector<OpAsmParser::UnresolvedOperand> of, wrt, given;
  SmallVector<Type> ofTypes, wrtTypes;
  auto parseTypes = [&](SmallVector<Type> &types) -> ParseResult {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
      return parser.parseType(types.emplace_back());
    });
  };
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(of, AsmParser::Delimiter::Paren) ||
      parser.parseKeyword("wrt") ||
      parser.parseOperandList(wrt, AsmParser::Delimiter::Paren) ||
      parser.parseKeyword(keyword) ||
      parser.parseOperandList(given, AsmParser::Delimiter::Paren) ||
      parser.parseOptionalAttrDict(state.attributes) || parser.parseColon() ||
      parseTypes(ofTypes) || parser.parseKeyword("wrt") ||
      parseTypes(wrtTypes) ||
      parser.resolveOperands(of, ofTypes, loc, state.operands) ||
      parser.resolveOperands(wrt, wrtTypes, loc, state.operands) ||
      parser.resolveOperands(given, forward ? wrtTypes : ofTypes, loc,
                             state.operands))
    return failure();
  state.addTypes(forward ? ofTypes : wrtTypes);
  state.addAttribute(
      "operandSegmentSizes",
      parser.getBuilder().getDenseI32ArrayAttr(
          {static_cast<int32_t>(of.size()), static_cast<int32_t>(wrt.size()),
           static_cast<int32_t>(given.size())}));
  return success();
}

void VjpOp::print(OpAsmPrinter &printer) {
  printRequest(printer, *this, getOf(), getWrt(), "cotangents",
               getCotangents());
}
ParseResult VjpOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseRequest(parser, state, "cotangents", /*forward=*/false);
}
void JvpOp::print(OpAsmPrinter &printer) {
  printRequest(printer, *this, getOf(), getWrt(), "tangents", getTangents());
}
ParseResult JvpOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseRequest(parser, state, "tangents", /*forward=*/true);
}
