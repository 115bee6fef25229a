//===- Types.cpp - element types and shapes, in C++, MLIR and words -------===//

#include "frontend/Graph.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Regex.h"

using namespace mlir;

namespace sinter {

const char *to_string(DType dtype) {
  switch (dtype) {
  case DType::f64:
    return "f64";
  case DType::f32:
    return "f32";
  case DType::bf16:
    return "bf16";
  case DType::i64:
    return "i64";
  case DType::i32:
    return "i32";
  case DType::i8:
    return "i8";
  case DType::u8:
    return "u8";
  case DType::i1:
    return "i1";
  }
  return "?";
}

bool is_float(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f64 || dtype == DType::bf16;
}

std::vector<int64_t> Shape::sizes() const {
  std::vector<int64_t> result;
  for (Extent extent : extents_)
    result.push_back(extent.size);
  return result;
}

namespace detail {

Type elementType(MLIRContext *context, DType dtype) {
  switch (dtype) {
  case DType::f64:
    return Float64Type::get(context);
  case DType::f32:
    return Float32Type::get(context);
  case DType::bf16:
    return BFloat16Type::get(context);
  case DType::i64:
    return IntegerType::get(context, 64);
  case DType::i32:
    return IntegerType::get(context, 32);
  case DType::i8:
    return IntegerType::get(context, 8);
  case DType::u8:
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  case DType::i1:
    return IntegerType::get(context, 1);
  }
  return {};
}

DType dtypeOf(Type type) {
  if (type.isF64())
    return DType::f64;
  if (type.isF32())
    return DType::f32;
  if (type.isBF16())
    return DType::bf16;
  switch (type.getIntOrFloatBitWidth()) {
  case 64:
    return DType::i64;
  case 32:
    return DType::i32;
  case 8:
    return type.isUnsignedInteger() ? DType::u8 : DType::i8;
  default:
    return DType::i1;
  }
}

DType computeType(DType dtype) {
  return dtype == DType::bf16 ? DType::f32 : dtype;
}

std::string describe(DType dtype, ArrayRef<int64_t> shape) {
  std::string result = to_string(dtype);
  llvm::raw_string_ostream os(result);
  os << '[';
  llvm::interleaveComma(shape, os);
  os << ']';
  return result;
}

std::string describe(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return describe(dtypeOf(tensor.getElementType()), tensor.getShape());
}

std::string shown(double number) {
  llvm::SmallString<24> text;
  llvm::raw_svector_ostream(text) << llvm::format("%g", number);
  return std::string(text);
}

/// tensor<32x784xf32> as f32[32, 784].
static std::string withTypesReworded(std::string message) {
  llvm::Regex pattern("'?tensor<(([0-9]+x)*)([a-z]+[0-9]+)>'?");
  llvm::SmallVector<StringRef> match;
  while (pattern.match(message, &match)) {
    std::string type = match[3] == "ui8" ? "u8" : match[3].str();
    llvm::SmallVector<StringRef> extents;
    match[1].split(extents, 'x', -1, /*KeepEmpty=*/false);
    type += "[" + llvm::join(extents, ", ") + "]";
    message.replace(match[0].data() - message.data(), match[0].size(), type);
  }
  return message;
}

std::string reworded(StringRef what, std::string message) {
  // "'sinter.exp' op …" and "exp: …" both become "what: …".
  llvm::SmallVector<StringRef> match;
  llvm::Regex prefix("^('sinter\\.[a-z_0-9]+' op |[a-z_0-9]+: )");
  if (prefix.match(message, &match))
    message.erase(0, match[0].size());
  message = withTypesReworded(std::move(message));
  llvm::Regex operand("^operand #([0-9]+) must be (variadic of )?statically "
                      "shaped tensor of (.*) values, but got (.*)$");
  if (operand.match(message, &match))
    message = ("takes " + match[3] + ", not " + match[4] +
               ": use cast to change the element type")
                  .str();
  return (what + ": " + message).str();
}

RankedTensorType tensorType(MLIRContext *context, DType dtype,
                            ArrayRef<int64_t> shape, std::string &reason) {
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 0) {
      reason = "the extent " + std::to_string(extent) + " of " +
               describe(dtype, shape) + " is negative";
      return {};
    }
    // 0 extents count as 1, so that the other ones stay within bounds too.
    if (extent > 0 && elements > mostElements / extent) {
      reason = describe(dtype, shape) + " is too large: a tensor may have 2^40 "
                                        "elements";
      return {};
    }
    elements *= std::max<int64_t>(extent, 1);
  }
  return RankedTensorType::get(shape, elementType(context, dtype));
}

} // namespace detail
} // namespace sinter
