//===- ConvolutionOps.cpp - conv: shape, text and transposes --------------===//

#include "compiler/ir/Windows.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

/// Elements along one dimension after dilation and padding.
static FailureOr<int64_t> paddedExtent(std::optional<Location> loc,
                                       int64_t dimension, int64_t extent,
                                       int64_t dilation, int64_t low,
                                       int64_t high) {
  if (dilation < 1)
    return emitOptionalError(loc, "conv: input dilation ", dilation,
                             " of dimension ", dimension,
                             " must be at least 1");
  int64_t between = 0, padded = 0;
  if (llvm::MulOverflow(std::max<int64_t>(extent - 1, 0), dilation - 1,
                        between) ||
      llvm::AddOverflow(extent, between, padded) ||
      llvm::AddOverflow(padded, low, padded) ||
      llvm::AddOverflow(padded, high, padded))
    return emitOptionalError(loc, "conv: dimension ", dimension,
                             " becomes too large");
  return padded;
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> loc,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType input = tensorType(adaptor.getInput()),
                   kernel = tensorType(adaptor.getKernel());
  if (input.getElementType() != kernel.getElementType())
    return emitOptionalError(loc, "conv: operands are ", input, " and ", kernel,
                             ": cast one to the other's element type");
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3 || kernel.getRank() != input.getRank())
    return emitOptionalError(
        loc,
        "conv: an input [N, spatial…, C] and a kernel [spatial…, C/groups, "
        "F] with 1 to 3 spatial dimensions do not match ",
        input, " and ", kernel);
  for (auto [name, array] : {std::pair("strides", adaptor.getStrides()),
                             {"low", adaptor.getLow()},
                             {"high", adaptor.getHigh()},
                             {"input_dilation", adaptor.getInputDilation()},
                             {"kernel_dilation", adaptor.getKernelDilation()}})
    if (static_cast<int64_t>(array.size()) != spatial)
      return emitOptionalError(loc, "conv: `", name, "` has ", array.size(),
                               " entries for ", spatial, " spatial dimensions");
  int64_t groups = adaptor.getGroups();
  int64_t channels = input.getShape().back();
  int64_t perGroup = kernel.getDimSize(spatial);
  int64_t features = kernel.getShape().back();
  if (groups < 1)
    return emitOptionalError(loc, "conv: needs at least one group, not ",
                             groups);
  if (channels % groups != 0 || channels / groups != perGroup)
    return emitOptionalError(loc, "conv: ", groups, " groups of ", perGroup,
                             " channels, as the kernel has, are not the "
                             "input's ",
                             channels, " channels");
  if (features % groups != 0)
    return emitOptionalError(loc, "conv: ", features,
                             " features do not divide into ", groups,
                             " groups");
  SmallVector<int64_t> shape{input.getDimSize(0)};
  for (int64_t d = 0; d < spatial; ++d) {
    FailureOr<int64_t> padded = paddedExtent(
        loc, d, input.getDimSize(d + 1), adaptor.getInputDilation()[d],
        adaptor.getLow()[d], adaptor.getHigh()[d]);
    if (failed(padded))
      return failure();
    FailureOr<int64_t> count =
        countWindows(loc, "conv", d, *padded,
                     {kernel.getDimSize(d), adaptor.getStrides()[d],
                      adaptor.getKernelDilation()[d]});
    if (failed(count))
      return failure();
    shape.push_back(*count);
  }
  shape.push_back(features);
  types.push_back(input.clone(shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Text: what says nothing is left out
//===----------------------------------------------------------------------===//

namespace {
struct Clause {
  StringLiteral keyword;
  int64_t trivial;
};
} // namespace

/// The attributes with an entry a dimension, in the order of the text.
static constexpr Clause clauses[] = {{"strides", 1},
                                     {"low", 0},
                                     {"high", 0},
                                     {"input_dilation", 1},
                                     {"kernel_dilation", 1}};

ParseResult ConvOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand input, kernel;
  if (parser.parseOperand(input) || parser.parseComma() ||
      parser.parseOperand(kernel))
    return failure();
  for (const Clause &clause : clauses) {
    if (failed(parser.parseOptionalKeyword(clause.keyword)))
      continue;
    Attribute array = DenseI64ArrayAttr::parse(parser, Type());
    if (!array)
      return failure();
    result.addAttribute(clause.keyword, array);
  }
  int64_t groups = 1;
  if (succeeded(parser.parseOptionalKeyword("groups")) &&
      parser.parseInteger(groups))
    return failure();
  Builder &builder = parser.getBuilder();
  result.addAttribute("groups", builder.getI64IntegerAttr(groups));

  SmallVector<Type> types;
  SMLoc place;
  Type inputType, kernelType, type;
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseColon() ||
      parser.getCurrentLocation(&place) || parser.parseType(inputType) ||
      parser.parseComma() || parser.parseType(kernelType) ||
      parser.parseArrow() || parser.parseType(type) ||
      parser.resolveOperand(input, inputType, result.operands) ||
      parser.resolveOperand(kernel, kernelType, result.operands))
    return failure();
  auto ranked = dyn_cast<RankedTensorType>(inputType);
  if (!ranked || ranked.getRank() < 2)
    return parser.emitError(place, "conv: the input must be a tensor [N, "
                                   "spatial…, C]");
  for (const Clause &clause : clauses)
    if (!result.attributes.get(clause.keyword))
      result.addAttribute(clause.keyword,
                          builder.getDenseI64ArrayAttr(SmallVector<int64_t>(
                              ranked.getRank() - 2, clause.trivial)));
  result.addTypes(type);
  return success();
}

void ConvOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getInput() << ", " << getKernel();
  SmallVector<StringRef> elided{"groups"};
  for (const Clause &clause : clauses) {
    elided.push_back(clause.keyword);
    auto array = (*this)->getAttrOfType<DenseI64ArrayAttr>(clause.keyword);
    if (llvm::all_of(array.asArrayRef(),
                     [&](int64_t value) { return value == clause.trivial; }))
      continue;
    printer << ' ' << clause.keyword << " [";
    llvm::interleaveComma(array.asArrayRef(), printer);
    printer << ']';
  }
  if (getGroups() != 1)
    printer << " groups " << getGroups();
  printer.printOptionalAttrDict((*this)->getAttrs(), elided);
  printer << " : " << getInput().getType() << ", " << getKernel().getType()
          << " -> " << getType();
}

//===----------------------------------------------------------------------===//
// Transposes
//===----------------------------------------------------------------------===//

namespace {
/// What both transposes are written with.
class ConvRule {
public:
  ConvRule(ConvOp op, OpBuilder &builder, Value cotangent)
      : op(op), builder(builder), loc(op.getLoc()), cotangent(cotangent),
        input(tensorType(op.getInput())), kernel(tensorType(op.getKernel())),
        spatial(op.getSpatialRank()), groups(op.getGroups()) {}

  Value ofInput();
  Value ofKernel();

private:
  Value reshape(Value value, ArrayRef<int64_t> shape) {
    return ReshapeOp::create(builder, loc, tensorType(value).clone(shape),
                             value);
  }
  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    return TransposeOp::create(builder, loc, value, permutation);
  }
  int64_t reach(int64_t size, int64_t dilation) const {
    return (size - 1) * dilation + 1;
  }
  int64_t outputs(int64_t d) const {
    return tensorType(cotangent).getDimSize(d + 1);
  }

  ConvOp op;
  OpBuilder &builder;
  Location loc;
  Value cotangent;
  RankedTensorType input, kernel;
  int64_t spatial, groups;
};
} // namespace

Value ConvRule::ofInput() {
  int64_t perGroup = kernel.getDimSize(spatial);
  int64_t features = kernel.getShape().back();
  auto along = llvm::to_vector(llvm::seq<int64_t>(0, spatial));
  Value turned = ReverseOp::create(builder, loc, op.getKernel(), along);
  // [K…, C/g, g, F/g] to [K…, F/g, g, C/g]: each group by itself.
  SmallVector<int64_t> shape(kernel.getShape().take_front(spatial)), order;
  llvm::append_range(order, along);
  if (groups == 1) {
    order.append({spatial + 1, spatial});
    turned = transpose(turned, order);
  } else {
    SmallVector<int64_t> split(shape);
    split.append({perGroup, groups, features / groups});
    order.append({spatial + 2, spatial + 1, spatial});
    turned = transpose(reshape(turned, split), order);
    shape.append({features / groups, groups * perGroup});
    turned = reshape(turned, shape);
  }
  SmallVector<int64_t> low, high;
  for (int64_t d = 0; d < spatial; ++d) {
    int64_t window = reach(kernel.getDimSize(d), op.getKernelDilation()[d]);
    int64_t given = reach(outputs(d), op.getStrides()[d]);
    int64_t wanted =
        reach(input.getDimSize(d + 1), op.getInputDilation()[d]) + window - 1;
    low.push_back(window - 1 - op.getLow()[d]);
    high.push_back(wanted - given - low.back());
  }
  return ConvOp::create(builder, loc, cotangent, turned, op.getInputDilation(),
                        low, high, op.getStrides(), op.getKernelDilation(),
                        groups);
}

Value ConvRule::ofKernel() {
  int64_t samples = input.getDimSize(0);
  int64_t perGroup = kernel.getDimSize(spatial);
  // Input: [N, S…, g, C/g] to [C/g, S…, g, N]; samples are its channels.
  Value images = op.getInput();
  SmallVector<int64_t> order;
  if (groups == 1) {
    order.push_back(spatial + 1);
    llvm::append_range(order, llvm::seq<int64_t>(1, spatial + 1));
    order.push_back(0);
    images = transpose(images, order);
  } else {
    SmallVector<int64_t> shape(input.getShape().drop_back());
    shape.append({groups, perGroup});
    order.push_back(spatial + 2);
    llvm::append_range(order, llvm::seq<int64_t>(1, spatial + 2));
    order.push_back(0);
    images = transpose(reshape(images, shape), order);
    shape.assign({perGroup});
    llvm::append_range(shape, input.getShape().slice(1, spatial));
    shape.push_back(groups * samples);
    images = reshape(images, shape);
  }
  // Cotangent: [N, O…, F] to [O…, N, F], a kernel over samples.
  auto window = llvm::to_vector(llvm::seq<int64_t>(1, spatial + 1));
  window.append({0, spatial + 1});
  SmallVector<int64_t> high;
  for (int64_t d = 0; d < spatial; ++d) {
    // Rows that no window reached are left out here as well.
    int64_t wanted = reach(outputs(d), op.getStrides()[d]) +
                     reach(kernel.getDimSize(d), op.getKernelDilation()[d]) - 1;
    int64_t given = reach(input.getDimSize(d + 1), op.getInputDilation()[d]);
    high.push_back(wanted - given - op.getLow()[d]);
  }
  Value result =
      ConvOp::create(builder, loc, images, transpose(cotangent, window),
                     op.getKernelDilation(), op.getLow(), high,
                     op.getInputDilation(), op.getStrides(), groups);
  // [C/g, K…, F] to [K…, C/g, F].
  auto back = llvm::to_vector(llvm::seq<int64_t>(1, spatial + 1));
  back.append({0, spatial + 1});
  return transpose(result, back);
}

Value ConvOp::transposed(OpBuilder &builder, Value cotangent, unsigned i) {
  // Without input there is nothing to be differentiated.
  RankedTensorType input = tensorType(getInput());
  if (llvm::is_contained(input.getShape().slice(1, getSpatialRank()), 0))
    return {};
  ConvRule rule(*this, builder, cotangent);
  return i == 0 ? rule.ofInput() : rule.ofKernel();
}
