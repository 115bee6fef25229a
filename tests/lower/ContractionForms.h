//===- ContractionForms.h - what a dot_general can look like ----*- C++ -*-===//

#ifndef SINTER_TESTS_LOWER_CONTRACTIONFORMS_H
#define SINTER_TESTS_LOWER_CONTRACTIONFORMS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <random>
#include <string>
#include <vector>

namespace sinter::test {

/// "tensor<2x3xf32>"
std::string tensor(llvm::ArrayRef<int64_t> shape, llvm::StringRef element);
/// "[2, 3]"
std::string list(llvm::ArrayRef<int64_t> numbers);

/// One contraction: which dimensions of each operand are what.
struct Form {
  std::vector<int64_t> lhs, rhs; // shapes
  std::vector<int64_t> lhsK, rhsK, lhsB, rhsB;
  std::vector<int64_t> result;

  /// The op, whose result is %y.
  std::string op(llvm::StringRef element, llvm::StringRef a = "%a",
                 llvm::StringRef b = "%b") const;
};

/// M×K times K×N, either operand stored transposed.
Form matrix(int64_t m, int64_t n, int64_t k, bool lhsTransposed,
            bool rhsTransposed);
/// Any number of batch, free and contracting dimensions in any order.
Form randomForm(std::mt19937 &random);

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_CONTRACTIONFORMS_H
