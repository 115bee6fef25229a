//===- PlannedResultsTest.cpp - planning changes no result ----------------===//
//
// Random entries run on bytes after planning, against the interpreter on values
// before it.  They must hold loops of every form, or the test shows little.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/PlannedResults.h"
#include "tests/passes/Planned.h"
#include "tests/passes/RandomPrograms.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::test;

TEST(PlannedResults, RandomProgramsGiveWhatTheInterpreterGives) {
  for (uint32_t seed = 0; seed != 1200; ++seed) {
    expectSameResults(makeRandomProgram(seed), seed);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "seed " << seed;
      return;
    }
  }
}

TEST(PlannedResults, RandomProgramsHaveLoopsOfEveryForm) {
  int alternating = 0, stacked = 0, inPlace = 0;
  for (uint32_t seed = 0; seed != 600; ++seed) {
    Session session;
    auto module = session.plan(makeRandomProgram(seed));
    for (LoopOp loop : getOps<LoopOp>(getEntry(*module, "e"))) {
      // A turn touches as many slices of a storage as it has steps; of a
      // carry's stack, one more.
      bool two = false, stack = false, copies = false;
      llvm::DenseMap<Attribute, llvm::DenseSet<int64_t>> slices;
      for (Operation &op : loop.getBody().front()) {
        copies |= isa<CopyOp>(op);
        auto buffer = dyn_cast<BufferOp>(op);
        Attribute storage =
            buffer ? buffer->getAttr("sinter.storage") : nullptr;
        if (!storage || buffer.getIndices().size() != 1)
          continue;
        int64_t bytes = 8 * cast<MemRefType>(buffer.getType()).getNumElements();
        int64_t steps = buffer.getStrides()[0] / bytes;
        two |= steps == 2;
        slices[storage].insert(buffer.getOffset());
        stack |= slices[storage].size() > static_cast<size_t>(steps);
      }
      alternating += two;
      stacked += stack;
      inPlace += !copies;
    }
  }
  EXPECT_GT(alternating, 5);
  EXPECT_GT(stacked, 5);
  EXPECT_GT(inPlace, 50);
}
