//===- Kernel.cpp - calls, buffers, launches, loops -----------------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &table) {
  auto kernel = table.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("names no kernel: ") << getKernelAttr();
  if (TypeRange(getOperandTypes()) != TypeRange(kernel.getArgumentTypes()) ||
      TypeRange(getResultTypes()) != TypeRange(kernel.getResultTypes()))
    return emitOpError("does not fit the kernel's type ")
           << kernel.getFunctionType();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &table) {
  auto kernel = table.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel) {
    // From `loops` on the kernel is a function; that conversion checked it.
    if (table.lookupNearestSymbolFrom(*this, getKernelAttr()))
      return success();
    return emitOpError("names no kernel: ") << getKernelAttr();
  }
  auto fits = [](TypeRange buffers, ArrayRef<Type> tensors) {
    return buffers.size() == tensors.size() &&
           llvm::all_of(llvm::zip(buffers, tensors), [](auto pair) {
             return std::get<0>(pair) == getBufferType(std::get<1>(pair));
           });
  };
  if (!fits(getIns_().getTypes(), kernel.getArgumentTypes()) ||
      !fits(getOuts_().getTypes(), kernel.getResultTypes()))
    return emitOpError("does not fit the kernel's type ")
           << kernel.getFunctionType();
  return success();
}

//===----------------------------------------------------------------------===//
// buffer workspace 4096 [%t * 64, %u * 4] number 1 : memref<4xf32>
//===----------------------------------------------------------------------===//

void BufferOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSpace() << ' ' << getOffset();
  if (!getIndices().empty()) {
    printer << " [";
    llvm::interleaveComma(
        llvm::zip(getIndices(), getStrides()), printer, [&](auto pair) {
          printer << std::get<0>(pair) << " * " << std::get<1>(pair);
        });
    printer << ']';
  }
  if (getNumber() != 0)
    printer << " number " << getNumber();
  printer.printOptionalAttrDict((*this)->getAttrs(),
                                {"space", "offset", "strides", "number"});
  printer << " : " << getType();
}

ParseResult BufferOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  StringRef word;
  int64_t offset, number = 0;
  SmallVector<int64_t> strides;
  SmallVector<OpAsmParser::UnresolvedOperand> indices;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  std::optional<BufferSpace> space = symbolizeBufferSpace(word);
  if (!space)
    return parser.emitError(loc, "expected state, workspace, input or output");
  if (parser.parseInteger(offset))
    return failure();
  if (parser.parseCommaSeparatedList(
          AsmParser::Delimiter::OptionalSquare, [&]() -> ParseResult {
            return failure(parser.parseOperand(indices.emplace_back()) ||
                           parser.parseStar() ||
                           parser.parseInteger(strides.emplace_back()));
          }))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("number")) &&
      parser.parseInteger(number))
    return failure();
  MemRefType type;
  if (parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseColonType(type))
    return failure();
  state.addAttribute("space",
                     BufferSpaceAttr::get(builder.getContext(), *space));
  state.addAttribute("offset", builder.getI64IntegerAttr(offset));
  state.addAttribute("strides", builder.getDenseI64ArrayAttr(strides));
  state.addAttribute("number", builder.getI64IntegerAttr(number));
  state.addTypes(type);
  return parser.resolveOperands(indices, builder.getIndexType(),
                                state.operands);
}

LogicalResult BufferOp::verify() {
  if (getIndices().size() != getStrides().size())
    return emitOpError("needs one stride for each index");
  if (static_cast<int64_t>(getOffset()) < 0)
    return emitOpError("has a negative offset");
  return success();
}

//===----------------------------------------------------------------------===//
// loop 28 reverse index(%t) { … }
//===----------------------------------------------------------------------===//

void LoopOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getTripCount() << (getReverse() ? " reverse" : "")
          << " index(" << getBody().getArgument(0) << ") ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false,
                      /*printBlockTerminators=*/false);
  printer.printOptionalAttrDict((*this)->getAttrs(), {"trip_count", "reverse"});
}

LogicalResult LoopOp::verify() {
  if (static_cast<int64_t>(getTripCount()) < 0)
    return emitOpError("has a negative trip count");
  Block &body = getBody().front();
  if (body.getNumArguments() != 1 || !body.getArgument(0).getType().isIndex())
    return emitOpError("needs one argument of type index, its step");
  return success();
}

ParseResult LoopOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  int64_t tripCount;
  OpAsmParser::Argument index;
  index.type = builder.getIndexType();
  if (parser.parseInteger(tripCount))
    return failure();
  state.addAttribute("trip_count", builder.getI64IntegerAttr(tripCount));
  if (succeeded(parser.parseOptionalKeyword("reverse")))
    state.addAttribute("reverse", builder.getUnitAttr());
  Region *body = state.addRegion();
  if (parser.parseKeyword("index") || parser.parseLParen() ||
      parser.parseArgument(index) || parser.parseRParen() ||
      parser.parseRegion(*body, index))
    return failure();
  LoopOp::ensureTerminator(*body, builder, state.location);
  return parser.parseOptionalAttrDict(state.attributes);
}
