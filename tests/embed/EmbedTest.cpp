//===- EmbedTest.cpp - hosts built from what sinterc emits ----------------===//
//
// C99 and C++20 programs built with every warning as an error from the emitted
// header and archive and the runtime alone.  They check the numbers themselves.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/Process.h"

#include <gmock/gmock.h>

using namespace sinter::tests;

namespace {
class Embed : public InFolder {
protected:
  void SetUp() override {
    InFolder::SetUp();
    Finished finished = run({SINTERC, SOURCE_DIR "/tests/driver/counter.mlir",
                             "--emit=obj,lib,header", "-o", "out/counter"});
    ASSERT_EQ(finished.code, 0) << finished.err;
  }
  static void build(std::vector<std::string> args) {
    args.insert(args.end(),
                {"-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iout",
                 "-I" SOURCE_DIR "/runtime/include", "out/libcounter.a",
                 RUNTIME_LIBRARY, "-lz", "-lm", "-pthread", "-o", "host"});
    if (*SANITIZERS)
      args.push_back("-fsanitize=" SANITIZERS);
    Finished finished = run(args);
    ASSERT_EQ(finished.code, 0) << finished.err;
  }
};

TEST_F(Embed, c99) {
  build({"cc", "-std=c99", SOURCE_DIR "/tests/embed/host.c"});
  Finished finished = run({"./host"});
  EXPECT_EQ(finished.code, 0) << finished.out;
}

TEST_F(Embed, cxx20) {
  build({"c++", "-std=c++20", SOURCE_DIR "/tests/embed/host.cpp"});
  Finished finished = run({"./host"});
  EXPECT_EQ(finished.code, 0) << finished.out;
}

TEST_F(Embed, theHeaderIsCxx11Too) {
  writeFile("use.cpp", "#include \"counter.h\"\n"
                       "const void *use() { return &counter_model; }\n"
                       "int main() { return use() == nullptr; }\n");
  build({"c++", "-std=c++11", "use.cpp"});
}
} // namespace
