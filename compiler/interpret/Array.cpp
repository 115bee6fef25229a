//===- Array.cpp - conversions between arrays, bytes and constants --------===//

#include "compiler/interpret/Array.h"

#include "compiler/interpret/Walk.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace sinter::interpret;

int64_t sinter::interpret::wrap(int64_t value, Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  auto bits = static_cast<uint64_t>(value);
  if (width == 1)
    return static_cast<int64_t>(bits & 1);
  if (elementType.isUnsignedInteger())
    return static_cast<int64_t>(bits & (~uint64_t{0} >> (64 - width)));
  return llvm::SignExtend64(bits, width);
}

int64_t sinter::interpret::minimum(Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  return width == 1 || elementType.isUnsignedInteger() ? 0
                                                       : llvm::minIntN(width);
}
int64_t sinter::interpret::maximum(Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  if (width == 1)
    return 1;
  return elementType.isUnsignedInteger()
             ? static_cast<int64_t>(llvm::maxUIntN(width))
             : llvm::maxIntN(width);
}

//===----------------------------------------------------------------------===//
// f32 and bf16 <-> double without touching nans: a conversion instruction would
// set the quiet bit of a signalling one.
//===----------------------------------------------------------------------===//

static double widen(float value) {
  if (!std::isnan(value))
    return value;
  uint64_t bits = llvm::bit_cast<uint32_t>(value);
  uint64_t sign = bits >> 31, payload = bits & 0x7fffff;
  return llvm::bit_cast<double>((sign << 63) | (uint64_t{0x7ff} << 52) |
                                (payload << 29));
}

static float narrow(double value) {
  if (!std::isnan(value))
    return static_cast<float>(value);
  uint64_t bits = llvm::bit_cast<uint64_t>(value);
  uint32_t sign = static_cast<uint32_t>(bits >> 63);
  uint32_t payload = static_cast<uint32_t>(bits >> 29) & 0x7fffff;
  // A payload in the low bits only must not turn into infinity.
  if (payload == 0)
    payload = 0x400000;
  return llvm::bit_cast<float>((sign << 31) | (0xffu << 23) | payload);
}

double sinter::interpret::nearestBf16(double value) {
  if (!std::isfinite(value) || value == 0)
    return value;
  // Eight significant bits, but nothing below the least denormal.
  constexpr int precision = 8, leastExponent = -133, beyondExponent = 128;
  int exponent;
  std::frexp(value, &exponent);
  int unit = std::max(exponent - precision, leastExponent);
  double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  if (std::fabs(rounded) < std::ldexp(1.0, beyondExponent))
    return rounded;
  return std::copysign(std::numeric_limits<double>::infinity(), value);
}

/// A bf16 is the upper half of an f32.
static double widenBf16(uint16_t bits) {
  return widen(llvm::bit_cast<float>(uint32_t{bits} << 16));
}

static uint16_t narrowBf16(double value) {
  auto bits = llvm::bit_cast<uint32_t>(narrow(nearestBf16(value)));
  auto half = static_cast<uint16_t>(bits >> 16);
  // As above: the lower half of a nan's payload is lost, but not the nan.
  return std::isnan(value) && !(half & 0x7f) ? half | 0x40 : half;
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

static Array shaped(Type tensorType) {
  auto type = cast<RankedTensorType>(tensorType);
  Array result;
  result.shape = SmallVector<int64_t>(type.getShape());
  result.elementType = type.getElementType();
  return result;
}

Array Array::zeros(Type tensorType) {
  Array result = shaped(tensorType);
  if (result.isFloat())
    result.floats.assign(product(result.shape), 0.0);
  else
    result.ints.assign(product(result.shape), 0);
  return result;
}

Array Array::of(Type tensorType, ArrayRef<double> numbers) {
  Array result = shaped(tensorType);
  assert(product(result.shape) == static_cast<int64_t>(numbers.size()));
  for (double x : numbers) {
    if (!result.isFloat())
      result.ints.push_back(wrap(static_cast<int64_t>(x), result.elementType));
    else if (result.elementType.isF32())
      result.floats.push_back(widen(narrow(x)));
    else if (result.elementType.isBF16())
      result.floats.push_back(nearestBf16(x));
    else
      result.floats.push_back(x);
  }
  return result;
}

Array Array::ofInts(Type tensorType, ArrayRef<int64_t> numbers) {
  Array result = shaped(tensorType);
  assert(product(result.shape) == static_cast<int64_t>(numbers.size()));
  for (int64_t x : numbers) {
    if (!result.isFloat())
      result.ints.push_back(wrap(x, result.elementType));
    else if (result.elementType.isF32())
      result.floats.push_back(static_cast<double>(static_cast<float>(x)));
    else if (result.elementType.isBF16())
      result.floats.push_back(nearestBf16(static_cast<double>(x)));
    else
      result.floats.push_back(static_cast<double>(x));
  }
  return result;
}

RankedTensorType Array::type() const {
  return RankedTensorType::get(shape, elementType);
}

//===----------------------------------------------------------------------===//
// Bytes and constants
//===----------------------------------------------------------------------===//

/// Bytes of one element in memory: i1 takes one.
static int64_t byteWidth(Type elementType) {
  return std::max<int64_t>(1, elementType.getIntOrFloatBitWidth() / 8);
}

template <typename T> static T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T> static void store(char *to, T value) {
  std::memcpy(to, &value, sizeof value);
}

llvm::Expected<Array> Array::fromBytes(Type tensorType, ArrayRef<char> bytes) {
  Array result = zeros(tensorType);
  int64_t width = byteWidth(result.elementType), n = result.size();
  if (static_cast<int64_t>(bytes.size()) != n * width)
    return llvm::createStringError("%lld bytes cannot fill %lld elements of "
                                   "%lld bytes",
                                   static_cast<long long>(bytes.size()),
                                   static_cast<long long>(n),
                                   static_cast<long long>(width));
  for (int64_t i = 0; i < n; ++i) {
    const char *from = bytes.data() + i * width;
    if (result.elementType.isF32())
      result.floats[i] = widen(load<float>(from));
    else if (result.elementType.isBF16())
      result.floats[i] = widenBf16(load<uint16_t>(from));
    else if (result.isFloat())
      result.floats[i] = load<double>(from);
    else if (width == 8)
      result.ints[i] = load<int64_t>(from);
    else if (width == 4)
      result.ints[i] = load<int32_t>(from);
    else
      result.ints[i] = wrap(load<int8_t>(from), result.elementType);
  }
  return result;
}

std::vector<char> Array::toBytes() const {
  int64_t width = byteWidth(elementType);
  std::vector<char> bytes(size() * width);
  for (int64_t i = 0; i < size(); ++i) {
    char *to = bytes.data() + i * width;
    if (elementType.isF32())
      store(to, narrow(floats[i]));
    else if (elementType.isBF16())
      store(to, narrowBf16(floats[i]));
    else if (isFloat())
      store(to, floats[i]);
    else if (width == 8)
      store(to, ints[i]);
    else if (width == 4)
      store(to, static_cast<int32_t>(ints[i]));
    else
      store(to, static_cast<int8_t>(ints[i]));
  }
  return bytes;
}

llvm::Expected<Array> Array::fromElements(ElementsAttr elements) {
  Type type = elements.getType();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return llvm::createStringError("the constant's resource has no data");
    return fromBytes(type, blob->getData());
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return llvm::createStringError("constants must be dense");
  Array result = zeros(type);
  // i1 is packed in attributes, so it is read element by element.
  if (result.elementType.isInteger(1)) {
    for (auto [i, value] : llvm::enumerate(dense.getValues<bool>()))
      result.ints[i] = value;
    return result;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return fromBytes(type, raw);
  auto one = fromBytes(cast<RankedTensorType>(type).clone(ArrayRef<int64_t>{1}),
                       raw.take_front(byteWidth(result.elementType)));
  if (!one)
    return one.takeError();
  if (result.isFloat())
    result.floats.assign(result.size(), one->floats[0]);
  else
    result.ints.assign(result.size(), one->ints[0]);
  return result;
}

DenseElementsAttr Array::toElements() const {
  if (elementType.isInteger(1)) {
    SmallVector<bool> values(ints.begin(), ints.end());
    return DenseElementsAttr::get(type(), values);
  }
  std::vector<char> bytes = toBytes();
  // Equal elements become a splat, which folders recognize.
  int64_t width = byteWidth(elementType);
  bool splat = size() > 0;
  for (int64_t i = 1; splat && i < size(); ++i)
    splat = std::memcmp(bytes.data(), bytes.data() + i * width, width) == 0;
  ArrayRef<char> raw(bytes);
  return DenseElementsAttr::getFromRawBuffer(
      type(), splat ? raw.take_front(width) : raw);
}

bool sinter::interpret::identical(const Array &a, const Array &b) {
  if (a.shape != b.shape || a.elementType != b.elementType)
    return false;
  auto same = [](double x, double y) {
    return (std::isnan(x) && std::isnan(y)) ||
           llvm::bit_cast<uint64_t>(x) == llvm::bit_cast<uint64_t>(y);
  };
  return a.ints == b.ints && llvm::equal(a.floats, b.floats, same);
}
