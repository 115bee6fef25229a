//===- RandomGraphTest.cpp - the stage keeps every bit of random graphs ---===//

#include "tests/passes/simplify/RandomGraph.h"
#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;

namespace {
class RandomGraphTest : public Simplify,
                        public ::testing::WithParamInterface<bool> {};

TEST_P(RandomGraphTest, TheStageKeepsEveryBit) {
  int before = 0, after = 0;
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::string entry = randomEntry(context, seed, GetParam());
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + entry);
    stage(entry.substr(entry.find("@f") + 2));
    before += llvm::StringRef(entry).count("sinter.");
    after += llvm::StringRef(text()).count("sinter.");
    if (HasFailure())
      return;
  }
  // The stage does something to them.
  EXPECT_LT(after, before);
}
INSTANTIATE_TEST_SUITE_P(Entries, RandomGraphTest, ::testing::Bool(),
                         [](const auto &info) {
                           return info.param ? "WithScans" : "Plain";
                         });
} // namespace
