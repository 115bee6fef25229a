//===- PlannedResults.h - what planning must not change ---------*- C++ -*-===//

#ifndef SINTER_TESTS_PASSES_PLANNEDRESULTS_H
#define SINTER_TESTS_PASSES_PLANNEDRESULTS_H

#include <cstdint>
#include <string>

namespace sinter::test {

/// Plans the module and runs its entry @e on bytes, against the interpreter on
/// values before planning: several calls on one state, with random whole
/// numbers.
void expectSameResults(const std::string &text, uint32_t seed);

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_PLANNEDRESULTS_H
