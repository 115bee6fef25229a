//===- OpCases.h - every op that has derivatives, once or more --*- C++ -*-===//

#ifndef SINTER_TESTS_RULES_OPCASES_H
#define SINTER_TESTS_RULES_OPCASES_H

#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

/// Where an op's operands lie.
enum Domain { real, positive, withinOne, aboveOne };
/// The op on operands %a, %b, %c, in f64.
struct OpCase {
  std::string op;
  /// Types of %a, %b, %c; a type of integers is filled with `indices`.
  std::vector<std::string> operands;
  std::string result;
  Domain domain = real;
  std::vector<int64_t> indices = {};
};

extern const std::vector<OpCase> opCases;

} // namespace sinter

#endif // SINTER_TESTS_RULES_OPCASES_H
