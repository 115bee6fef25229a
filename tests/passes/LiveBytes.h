//===- LiveBytes.h - the memory of a planned entry, counted again -*- C++
//-*-===//
//
// What the memory report claims, from the ops of a planned entry alone: which
// bytes each op touches, in which order, loops run step by step.  Shares
// nothing with the planner but the ops.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_LIVEBYTES_H
#define SINTER_TESTS_PASSES_LIVEBYTES_H

#include "compiler/ir/Sinter.h"

namespace sinter::test {

/// A buffer of the workspace: its bytes in whole cache lines, and the first and
/// the last op that must find it there.
struct BufferLife {
  int64_t bytes, first, last;
};
std::vector<BufferLife> getLives(ir::EntryOp entry);

/// The most bytes alive at one op.
int64_t getMostAlive(const std::vector<BufferLife> &lives);

/// The smallest arena, by trying all orders of placement; for a few buffers.
int64_t getSmallestArena(const std::vector<BufferLife> &lives);

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_LIVEBYTES_H
