//===- RandomGraph.h - models that nobody would write -----------*- C++ -*-===//
//
// A module of one entry with random ops on random small shapes (1 and 0 among
// them), values used many times or once, written, returned, fed to scans.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_RANDOMGRAPH_H
#define SINTER_TESTS_PASSES_RANDOMGRAPH_H

#include <cstdint>
#include <string>

namespace sinter::tests {

/// The same text for the same seed.
std::string randomGraph(uint32_t seed, int ops);

} // namespace sinter::tests

#endif // SINTER_TESTS_PASSES_RANDOMGRAPH_H
