//===- Refusals.h - what the verifiers refuse ------------------*- C++ -*-===//
//
// One case for each thing a verifier refuses, with the words a user sees.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_IR_REFUSALS_H
#define SINTER_TESTS_IR_REFUSALS_H

#include "tests/ir/Parse.h"

namespace sinter::ir {

struct Refusal {
  /// Ops in a kernel with arguments %a: [2,3] f32, %b: [3,2] f32, %i: [2] i32,
  /// %k: a key, %s: f32 scalar, %c: [2,3] i1, %e: [0,3] f32; or, beginning with
  /// '@', a whole module.
  const char *name, *body, *message;
};
inline std::ostream &operator<<(std::ostream &out, const Refusal &refusal) {
  return out << refusal.name;
}

class VerifierTest : public Parse,
                     public ::testing::WithParamInterface<Refusal> {};

} // namespace sinter::ir

#define REFUSED(name, body, message)                                           \
  Refusal { #name, body, message }

/// A test suite of a table.
#define SINTER_REFUSALS(Family, table)                                         \
  INSTANTIATE_TEST_SUITE_P(Family, VerifierTest, ::testing::ValuesIn(table),   \
                           [](const auto &info) { return info.param.name; });

#endif // SINTER_TESTS_IR_REFUSALS_H
