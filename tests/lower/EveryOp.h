//===- EveryOp.h - tables of every op on one element type -------*- C++ -*-===//
//
// What the tables of ops on f64 and on i64 share: a matrix %m with rows of an
// odd width, the ops that only move its elements, and that no op which the
// element type is allowed for has been forgotten.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_EVERYOP_H
#define SINTER_TESTS_LOWER_EVERYOP_H

#include "llvm/ADT/StringRef.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sinter::test {

/// %m is of `rows` x `wide`.
constexpr int64_t wide = 37, rows = 5;

/// An op on %m that puts element `from(i)` of %m at place i; −1 for a zero.
struct Movement {
  std::string op;
  /// Of the result, as in "37x5", and how many elements that is.
  std::string shape;
  int64_t count;
  std::function<int64_t(int64_t)> from;
};
std::vector<Movement> movements();

/// One case for each, where a case is its op's text, the result's type and
/// what is `wanted` for operands with an `m`.
template <typename Case>
void addMovements(std::vector<Case> &cases, const std::string &element) {
  using Values = typename decltype(Case::wanted)::result_type;
  for (const Movement &move : movements()) {
    std::string type = "tensor<" + move.shape + "x" + element + ">";
    cases.push_back({move.op + " : tensor<5x37x" + element + "> -> " + type,
                     type, [move](const auto &operands) {
                       Values y;
                       for (int64_t i = 0; i < move.count; ++i)
                         y.push_back(
                             move.from(i) < 0 ? 0 : operands.m[move.from(i)]);
                       return y;
                     }});
  }
}

/// Fails the test for each op that is allowed on this element type ("i64") and
/// is not among the `covered`, which are names without the dialect's.
void expectEveryOpOn(llvm::StringRef type,
                     const std::set<std::string> &covered);

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_EVERYOP_H
