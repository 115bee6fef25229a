//===- StreamsTest.cpp - results that no cache will hold ------------------===//
//
// Everything that this folder runs on "native" and "generic" streams, as far as
// its results are aligned (Compiled.cpp).  Here: which kernels do of
// themselves, and that a host's alignment changes nothing.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "gmock/gmock.h"

using namespace sinter::test;
using testing::HasSubstr;
using testing::Not;

namespace {
/// Rows minus their means, entry `run`.
std::string centered(int64_t rows, int64_t columns) {
  std::string row = "tensor<" + std::to_string(rows) + "xf32>";
  std::string type = "tensor<" + std::to_string(rows) + "x" +
                     std::to_string(columns) + "xf32>";
  return "module @m {\nsinter.entry @run(%x: " + type + ") -> (" + type +
         ") {\n%s = sinter.reduce_sum %x dims [1] : " + type + " -> " + row +
         "\n%c = sinter.constant dense<0.125> : " + row +
         "\n%m = sinter.mul %s, %c : " + row +
         "\n%b = sinter.broadcast %m dims [0] : " + row + " -> " + type +
         "\n%y = sinter.sub %x, %b : " + type + "\nsinter.return %y : " + type +
         "\n}\n}";
}

constexpr const char *asItIs = "x86-64-v3";

TEST(Streams, OnlyWhatNoCacheHolds) {
  // L2 and L3 of a target whose caches are not known: 512 kB and 8 MB.
  struct Case {
    int64_t rows;
    bool prefetches, streams;
  };
  for (Case c : {Case{10, false, false}, Case{100, true, false},
                 Case{600, true, true}}) {
    Compiled compiled(centered(c.rows, 1024), asItIs);
    ASSERT_TRUE(compiled);
    auto isThere = [&](const char *text) {
      return compiled.loops().find(text) != std::string::npos;
    };
    EXPECT_EQ(isThere("memref.prefetch"), c.prefetches) << c.rows;
    EXPECT_EQ(isThere("nontemporal"), c.streams) << c.rows;
    EXPECT_EQ(isThere("llvm.fence seq_cst"), c.streams) << c.rows;
    EXPECT_EQ(compiled.assembly().find("vmovntps") != std::string::npos,
              c.streams)
        << c.rows;
  }
}

TEST(Streams, PlacesThatAreNotAlignedAreStoredPlainly) {
  // Rows of 63: no vector of a row but the first is aligned for sure.
  Compiled compiled(centered(4, 63));
  ASSERT_TRUE(compiled);
  EXPECT_THAT(compiled.loops(), Not(HasSubstr("nontemporal")));
}

/// Long enough that a store which needs alignment would meet one that has none.
TEST(Streams, AHostNeedNotAlign) {
  for (int64_t columns : {16, 32, 48, 65, 1024}) {
    Compiled compiled(centered(5, columns));
    ASSERT_TRUE(compiled);
    std::vector<Array> inputs = makeInputs(compiled.inputTypes("run"), 7, 0);
    std::vector<Array> wanted = compiled.interpret("run", inputs);
    std::vector<char> output(5 * columns * 4 + 64);
    std::vector<char> input = inputs.front().toBytes();
    for (int64_t offset = 0; offset < 64; offset += 4) {
      char *place = output.data() + offset;
      ASSERT_EQ(compiled.call("run", {input.data(), place}), SINTER_OK);
      Array got = llvm::cantFail(
          Array::fromBytes(compiled.inputTypes("run").front(),
                           llvm::ArrayRef<char>(place, input.size())));
      expectClose(got, wanted.front(), 16, "at " + std::to_string(offset));
    }
  }
}
} // namespace
