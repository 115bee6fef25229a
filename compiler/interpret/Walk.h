//===- Walk.h - index spaces in row-major order -----------------*- C++ -*-===//
//
// Every op but the pointwise ones is a walk over an index space with one or two
// strided views moving along: element i of a view is at start + Σ i_d·stride_d.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INTERPRET_WALK_H
#define SINTER_COMPILER_INTERPRET_WALK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <numeric>

namespace sinter::interpret {

using Strides = llvm::SmallVector<int64_t>;

/// The strides of a dense row-major array.
inline Strides rowMajor(llvm::ArrayRef<int64_t> shape) {
  Strides strides(shape.size(), 1);
  for (int64_t d = static_cast<int64_t>(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

/// Calls visit(a, b) for each index of `shape`, the last dimension fastest,
/// with the places of two views.
template <typename Visit>
void walk(llvm::ArrayRef<int64_t> shape, int64_t a,
          llvm::ArrayRef<int64_t> aStrides, int64_t b,
          llvm::ArrayRef<int64_t> bStrides, Visit visit) {
  if (llvm::is_contained(shape, 0))
    return;
  if (shape.empty())
    return visit(a, b);
  size_t last = shape.size() - 1;
  llvm::SmallVector<int64_t> index(last, 0);
  while (true) {
    for (int64_t i = 0, n = shape[last]; i < n; ++i)
      visit(a + i * aStrides[last], b + i * bStrides[last]);
    // Carry into the next dimension, as an odometer does.
    size_t d = last;
    while (true) {
      if (d == 0)
        return;
      --d;
      a += aStrides[d];
      b += bStrides[d];
      if (++index[d] < shape[d])
        break;
      a -= shape[d] * aStrides[d];
      b -= shape[d] * bStrides[d];
      index[d] = 0;
    }
  }
}

/// The same with one view.
template <typename Visit>
void walk(llvm::ArrayRef<int64_t> shape, int64_t a,
          llvm::ArrayRef<int64_t> strides, Visit visit) {
  walk(shape, a, strides, 0, Strides(shape.size(), 0),
       [&](int64_t place, int64_t) { visit(place); });
}

/// Picks the entries of the named dimensions.
inline llvm::SmallVector<int64_t> pick(llvm::ArrayRef<int64_t> from,
                                       llvm::ArrayRef<int64_t> dimensions) {
  llvm::SmallVector<int64_t> result;
  for (int64_t d : dimensions)
    result.push_back(from[d]);
  return result;
}

inline int64_t product(llvm::ArrayRef<int64_t> extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t{1},
                         std::multiplies<>());
}

} // namespace sinter::interpret

#endif // SINTER_COMPILER_INTERPRET_WALK_H
