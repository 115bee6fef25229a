//===- PointwiseOps.cpp - pointwise ops: folders, assembly, rules ---------===//
//
// The folders here are exact on every bit pattern: x + 0 is not folded, for
// −0 + 0 is 0.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/MathFunctions.h"
#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace sinter::ir;

/// Whether `attribute` is a splat of the number `value`.
static bool isSplat(Attribute attribute, double value) {
  auto elements = dyn_cast_or_null<SplatElementsAttr>(attribute);
  if (!elements)
    return false;
  if (isa<FloatType>(elements.getElementType())) {
    APFloat f = elements.getSplatValue<APFloat>();
    return f.convertToDouble() == value && !(f.isNegative() && f.isZero());
  }
  APInt i = elements.getSplatValue<APInt>();
  return i.getSExtValue() == static_cast<int64_t>(value);
}

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value));
}

OpFoldResult NegOp::fold(FoldAdaptor) {
  if (auto inner = getOperand().getDefiningOp<NegOp>())
    return inner.getOperand();
  return {};
}

OpFoldResult NotOp::fold(FoldAdaptor) {
  if (auto inner = getOperand().getDefiningOp<NotOp>())
    return inner.getOperand();
  return {};
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (!isFloat(getLhs()) && isSplat(adaptor.getRhs(), 0))
    return getLhs();
  return {};
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 0))
    return getLhs();
  return {};
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 1))
    return getLhs();
  if (isSplat(adaptor.getLhs(), 1))
    return getRhs();
  return {};
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 1))
    return getLhs();
  return {};
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return {};
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getCondition()))
    return splat.getSplatValue<bool>() ? getOnTrue() : getOnFalse();
  return {};
}

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location>,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getLhs().getType());
  types.push_back(type.clone(IntegerType::get(context, 1)));
  return success();
}

LogicalResult PolygammaOp::verify() {
  auto order = static_cast<int64_t>(getOrder());
  if (order < 0 || order > highestPolygamma)
    return emitOpError("order ")
           << order << " is not from 0 to " << highestPolygamma;
  return success();
}

void SelectOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getOperands();
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " : " << getType();
}

ParseResult SelectOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  RankedTensorType type;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(operands, 3) ||
      parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseColonType(type))
    return failure();
  Type condition = type.clone(parser.getBuilder().getI1Type());
  state.addTypes(type);
  return parser.resolveOperands(operands, {condition, type, type}, loc,
                                state.operands);
}

FailureOr<Values> SelectOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents,
                                ArrayRef<bool> wanted) {
  Values result(3);
  if (!cotangents[0] || !isDifferentiableType(getType()))
    return result;
  Expr dy(builder, getLoc(), cotangents[0]);
  Expr condition(builder, getLoc(), getCondition());
  if (wanted[1])
    result[1] = where(condition, dy, dy.constant(0));
  if (wanted[2])
    result[2] = where(condition, dy.constant(0), dy);
  return result;
}

FailureOr<Values> SelectOp::jvp(OpBuilder &builder, ArrayRef<Value> tangents) {
  if (!isDifferentiableType(getType()) || (!tangents[1] && !tangents[2]))
    return Values(1);
  Expr condition(builder, getLoc(), getCondition());
  Expr some(builder, getLoc(), tangents[1] ? tangents[1] : tangents[2]);
  auto orZero = [&](Value tangent) {
    return tangent ? Expr(builder, getLoc(), tangent) : some.constant(0);
  };
  return Values{where(condition, orZero(tangents[1]), orZero(tangents[2]))};
}

Value CastOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  return CastOp::create(builder, getLoc(), getOperand().getType(), cotangent);
}
