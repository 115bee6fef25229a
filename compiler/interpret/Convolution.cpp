//===- Convolution.cpp - conv and fold_windows ----------------------------===//
//
// conv pads its input, zeros and all, and then sums from 0 over the kernel's
// positions and, within one, its channels, the last fastest; in native f32 each
// product and each partial sum is rounded.  fold_windows adds up what covers an
// element in row-major order of the window's positions.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

/// The input with zeros between its elements and around them, or cut.
static Array padInput(ConvOp op, const Array &input) {
  SmallVector<int64_t> shape(input.shape), box(input.shape);
  Strides from = rowMajor(input.shape), steps(input.shape.size(), 1);
  int64_t source = 0;
  SmallVector<int64_t> first(shape.size(), 0);
  for (int64_t i = 0; i < op.getSpatialRank(); ++i) {
    int64_t d = i + 1, extent = input.shape[d];
    int64_t dilation = op.getInputDilation()[i], low = op.getLow()[i];
    int64_t span = extent == 0 ? 0 : (extent - 1) * dilation + 1;
    shape[d] = span + low + op.getHigh()[i];
    // Elements [begin, end) lie within what is left.
    int64_t begin = low < 0 ? llvm::divideCeil(-low, dilation) : 0;
    int64_t end = shape[d] <= low ? 0 : (shape[d] - 1 - low) / dilation + 1;
    end = std::min(end, extent);
    box[d] = std::max<int64_t>(end - begin, 0);
    source += begin * from[d];
    first[d] = low + begin * dilation;
    steps[d] = dilation;
  }
  Array padded = Array::zeros(RankedTensorType::get(shape, input.elementType));
  Strides to = rowMajor(shape);
  int64_t target = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    target += first[d] * to[d];
    to[d] *= steps[d];
  }
  walk(box, source, from, target, to, [&](int64_t x, int64_t y) {
    if (padded.isFloat())
      padded.floats[y] = input.floats[x];
    else
      padded.ints[y] = input.ints[x];
  });
  return padded;
}

Array sinter::interpret::evaluateConvolution(ConvOp op, Operands operands,
                                             Precision precision) {
  Array input = padInput(op, *operands[0]);
  const Array &kernel = *operands[1];
  Array result = Array::zeros(op.getType());
  Type type = result.elementType;
  int64_t spatial = op.getSpatialRank(), groups = op.getGroups();
  int64_t channels = kernel.shape[spatial];
  int64_t features = kernel.shape[spatial + 1] / groups;
  Strides x = rowMajor(input.shape), w = rowMajor(kernel.shape);

  // How both operands move along [N, O…, g, F/g] and along [K…, C/g].
  SmallVector<int64_t> outer(ArrayRef(result.shape).drop_back());
  outer.append({groups, features});
  Strides xOuter{x[0]}, wOuter(spatial + 1, 0), xInner, wInner;
  for (int64_t d = 0; d < spatial; ++d) {
    xOuter.push_back(x[d + 1] * op.getStrides()[d]);
    xInner.push_back(x[d + 1] * op.getKernelDilation()[d]);
    wInner.push_back(w[d]);
  }
  xOuter.append({channels, 0});
  wOuter.append({features, 1});
  xInner.push_back(1);
  wInner.push_back(w[spatial]);
  SmallVector<int64_t> inner(ArrayRef(kernel.shape).drop_back());

  int64_t i = 0;
  walk(outer, 0, xOuter, 0, wOuter, [&](int64_t a, int64_t b) {
    double sum = 0;
    uint64_t whole = 0;
    walk(inner, a, xInner, b, wInner, [&](int64_t p, int64_t q) {
      if (result.isFloat()) {
        double term =
            roundTo(input.floats[p] * kernel.floats[q], type, precision);
        sum = roundTo(sum + term, type, precision);
      } else {
        whole += static_cast<uint64_t>(input.ints[p]) *
                 static_cast<uint64_t>(kernel.ints[q]);
      }
    });
    if (result.isFloat())
      result.floats[i++] = sum;
    else
      result.ints[i++] = wrap(static_cast<int64_t>(whole), type);
  });
  return result;
}

Array sinter::interpret::evaluateFoldWindows(FoldWindowsOp op,
                                             Operands operands,
                                             Precision precision) {
  const Array &windows = *operands[0];
  Array result = Array::zeros(op.getType());
  Type type = result.elementType;
  // A sum begins with its first term.
  std::vector<bool> covered(result.size(), false);
  Strides from = rowMajor(windows.shape), to = rowMajor(result.shape);
  int64_t behind = op.getWindowed().back() + 1;
  int64_t count = op.getWindowed().size();

  // For each position in the window, all windows at once.
  SmallVector<int64_t> places(windows.shape);
  places.erase(places.begin() + behind, places.begin() + behind + count);
  Strides fromPlaces(from), fromPosition, toPlaces(to), toPosition;
  for (int64_t i = 0; i < count; ++i) {
    int64_t d = op.getWindowed()[i];
    fromPosition.push_back(from[behind + i]);
    toPosition.push_back(to[d] * op.getDilations()[i]);
    toPlaces[d] *= op.getStrides()[i];
  }
  fromPlaces.erase(fromPlaces.begin() + behind,
                   fromPlaces.begin() + behind + count);
  walk(op.getSizes(), 0, fromPosition, 0, toPosition,
       [&](int64_t a, int64_t b) {
         walk(places, a, fromPlaces, b, toPlaces, [&](int64_t x, int64_t y) {
           if (result.isFloat())
             result.floats[y] =
                 covered[y] ? roundTo(result.floats[y] + windows.floats[x],
                                      type, precision)
                            : windows.floats[x];
           else
             result.ints[y] = wrap(
                 static_cast<int64_t>(static_cast<uint64_t>(result.ints[y]) +
                                      static_cast<uint64_t>(windows.ints[x])),
                 type);
           covered[y] = true;
         });
       });
  return result;
}
