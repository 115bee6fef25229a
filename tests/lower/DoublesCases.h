//===- DoublesCases.h - every op on f64, with what it gives -----*- C++ -*-===//
//
// What each op's result is, in long double (64 bits of mantissa).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_DOUBLESCASES_H
#define SINTER_TESTS_LOWER_DOUBLESCASES_H

#include "tests/lower/EveryOp.h"

#include <cmath>
#include <functional>

namespace sinter::test::doubles {
using Real = long double;

/// A result and the size that its error is measured by.
struct Wanted {
  Wanted(Real value) : value(value), size(std::fabs(value)) {}
  Wanted(Real value, Real size) : value(value), size(size) {}
  Real value, size;
};
using Reals = std::vector<Wanted>;
using Numbers = std::vector<double>;

inline const std::string V = "tensor<37xf64>", M = "tensor<5x37xf64>";

/// Tensors: a, b of 37, p of 37 positive, d of 37 within ±1, h of 37 above 1, m
/// of 5x37, flags of 37 i1, n of 37
/// i64, places of 5 i64, key of 2 i64; images and kernels are m in other
/// shapes.
struct Operands {
  Numbers a, b, p, m, d, h;
  std::vector<int64_t> flags, n, places, key;
};
struct Case {
  /// The op behind its result's name, and its result's type.
  std::string op, type;
  std::function<Reals(const Operands &)> wanted;
};

std::vector<Case> allCases();

} // namespace sinter::test::doubles

#endif // SINTER_TESTS_LOWER_DOUBLESCASES_H
