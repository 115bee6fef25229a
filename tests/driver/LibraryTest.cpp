//===- LibraryTest.cpp - --library as a user meets it ---------------------===//
//
// The report, the header, what executables depend on, a training step of an
// example, and the errors.  A build without oneDNN refuses the option with the
// reason; with it, so does one whose module was taken away.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <random>

namespace fs = std::filesystem;
using namespace sinter::tests;
using testing::HasSubstr;
using testing::Not;

namespace {
using Library = InFolder;

/// A product whose B is a variable that lies transposed, a plain one, and one
/// of bytes.
const char *const products = R"(module @m {
  sinter.variable @w : tensor<96x64xf32>
  sinter.entry @init(%seed: tensor<i64>) {
    %z = sinter.constant dense<0.5> : tensor<96x64xf32>
    sinter.write @w, %z : tensor<96x64xf32>
    sinter.return
  }
  sinter.entry @run(%x: tensor<32x64xf32> {sinter.name = "x"},
                    %b: tensor<32x96xf32> {sinter.name = "b"},
                    %i: tensor<4x4xi32> {sinter.name = "i"})
      -> (tensor<32x96xf32> {sinter.name = "y"},
          tensor<4x4xi32> {sinter.name = "j"}) {
    %w = sinter.read @w : tensor<96x64xf32>
    %p = sinter.dot_general %x, %w contract [1] x [1] batch [] x []
         : tensor<32x64xf32>, tensor<96x64xf32> -> tensor<32x96xf32>
    %y = sinter.add %p, %b : tensor<32x96xf32>
    %j = sinter.dot_general %i, %i contract [1] x [0] batch [] x []
         : tensor<4x4xi32>, tensor<4x4xi32> -> tensor<4x4xi32>
    sinter.return %y, %j : tensor<32x96xf32>, tensor<4x4xi32>
  }
}
)";

const std::string noOneDnn = "--library=onednn: this build has no oneDNN";

Finished compile(const std::string &library,
                 std::vector<std::string> flags = {}) {
  writeFile("m.mlir", products);
  std::vector<std::string> command = {SINTERC, "m.mlir",
                                      "--library=" + library};
  command.insert(command.end(), flags.begin(), flags.end());
  return run(command);
}

TEST_F(Library, unknownOnesAreNamed) {
  Finished finished = compile("mkl", {"-o", "m"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err,
              HasSubstr("unknown library '--library=mkl': there is onednn"));
}

TEST_F(Library, aBuildWithoutOneDnnSaysSo) {
  writeFile("m.mlir", products);
  // The compiler beside nothing: its libraries are found by their own paths.
  fs::create_directories("alone/bin");
  fs::copy(SINTERC, "alone/bin/sinterc");
  Finished finished = run({"alone/bin/sinterc", "m.mlir", "--library=onednn",
                           "--emit=obj", "-o", "m.o"});
  EXPECT_EQ(finished.code, 2) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(noOneDnn));
  EXPECT_THAT(finished.err, HasSubstr("install libdnnl-dev"));
  EXPECT_FALSE(fs::exists("m.o"));
  // Without the option it compiles.
  finished = run({"alone/bin/sinterc", "m.mlir", "--emit=obj", "-o", "m.o"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  // A module that asks for it by itself gets the same answer.
  writeFile("asking.mlir",
            replaced(products, "module @m {",
                     "module @m attributes {sinter.options = {library = "
                     "\"onednn\"}} {"));
  finished = run({"alone/bin/sinterc", "asking.mlir", "--emit=obj"});
  EXPECT_EQ(finished.code, 1) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(noOneDnn));
}

TEST_F(Library, theModulesOwnWordIsChecked) {
  writeFile("m.mlir",
            replaced(products, "module @m {",
                     "module @m attributes {sinter.options = {library = "
                     "\"blas\"}} {"));
  Finished finished = run({SINTERC, "m.mlir", "--emit=obj"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err,
              HasSubstr("'library' must be 'onednn' or 'onednn:all'"));
}

#ifdef HAS_ONEDNN

TEST_F(Library, theReportSaysWhoComputesWhatAndWhy) {
  Finished finished = compile(
      "onednn:all", {"--emit=fused", "-o", "f.mlir", "--fusion-report"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  std::string report = finished.out + finished.err;
  size_t list = report.find("library\n");
  ASSERT_NE(list, std::string::npos) << report;
  EXPECT_THAT(report.substr(list), HasSubstr("    oneDNN ("));
  EXPECT_THAT(
      report.substr(list),
      HasSubstr(") as asked for, though Sinter is expected to win: there "
                "are rows enough to repay packing B, 32"));
  EXPECT_THAT(report.substr(list),
              HasSubstr("Sinter: oneDNN cannot do it: its elements are not "
                        "f32"));
  EXPECT_THAT(readFile("f.mlir"), HasSubstr("sinter.library_call \"onednn\""));
  // Some rows do not repay packing a B that no cache holds, and are too many to
  // be turned instead; that is oneDNN's by the model.
  std::string wide = products;
  for (auto [from, to] :
       {std::pair("32x", "8x"), std::pair("96x64", "1024x1000"),
        std::pair("x64x", "x1000x"), std::pair("x96x", "x1024x")})
    for (size_t at = 0; (at = wide.find(from, at)) != std::string::npos;
         at += std::strlen(to))
      wide.replace(at, std::strlen(from), to);
  writeFile("wide.mlir", wide);
  finished = run({SINTERC, "wide.mlir", "--library=onednn", "--cpu=x86-64-v3",
                  "--emit=fused", "-o", "f.mlir", "--fusion-report"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out + finished.err,
              HasSubstr("), which is expected to win: B lies transposed, and 8 "
                        "rows do not repay packing it"));
  // So small a product is Sinter's.
  finished =
      compile("onednn", {"--emit=fused", "-o", "f.mlir", "--fusion-report"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out + finished.err,
              HasSubstr("Sinter, which is expected to win: "));
  EXPECT_THAT(readFile("f.mlir"), Not(HasSubstr("sinter.library_call")));
}

TEST_F(Library, dumpsGoOn) {
  Finished finished =
      compile("onednn:all", {"--emit=obj", "-o", "whole.o", "--dump-dir=d"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  for (const std::string &stage : stages) {
    finished =
        run({SINTERC, "d/" + stage + ".mlir", "--emit=obj", "-o", "part.o"});
    ASSERT_EQ(finished.code, 0) << stage << finished.err;
    EXPECT_EQ(readFile("part.o"), readFile("whole.o")) << stage;
  }
  // A descriptor that reaches too far is an error, not a crash.
  writeFile("edited.mlir", replaced(readFile("d/03-fused.mlir"),
                                    "offset = 0 : i64", "offset = 1 : i64"));
  finished = run({SINTERC, "edited.mlir", "--emit=obj", "-o", "part.o"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("that reaches beyond a buffer"));
}

TEST_F(Library, onlyModelsThatCallItDependOnIt) {
  const std::string name = "libdnnl.so";
  for (const char *kind : {"exe", "shared"}) {
    std::string emit = std::string("--emit=") + kind;
    ASSERT_EQ(compile("onednn:all", {emit, "-o", "calls.so"}).code, 0);
    EXPECT_THAT(readFile("calls.so"), HasSubstr(name));
    ASSERT_EQ(compile("onednn", {emit, "-o", "none.so"}).code, 0);
    EXPECT_THAT(readFile("none.so"), Not(HasSubstr(name)));
    ASSERT_EQ(run({SINTERC, "m.mlir", emit, "-o", "plain.so"}).code, 0);
    EXPECT_THAT(readFile("plain.so"), Not(HasSubstr(name)));
    EXPECT_EQ(readFile("plain.so"), readFile("none.so"));
  }
  ASSERT_EQ(compile("onednn:all", {"--emit=header", "-o", "m.h"}).code, 0);
  EXPECT_THAT(readFile("m.h"), HasSubstr("link libsinter-onednn.a"));
  ASSERT_EQ(compile("onednn", {"--emit=header", "-o", "m.h"}).code, 0);
  EXPECT_THAT(readFile("m.h"), Not(HasSubstr("oneDNN")));
}

/// A batch of made-up images and labels, as IDX files.
void writeImages(int64_t count) {
  std::mt19937 random(5);
  auto header = [](std::string magic, std::vector<int64_t> extents) {
    for (int64_t extent : extents)
      for (int shift = 24; shift >= 0; shift -= 8)
        magic += static_cast<char>(extent >> shift);
    return magic;
  };
  std::string images = header(std::string("\0\0\x08\x03", 4), {count, 28, 28});
  std::string labels = header(std::string("\0\0\x08\x01", 4), {count});
  for (int64_t i = 0; i < count * 28 * 28; ++i)
    images += static_cast<char>(random() % 256);
  for (int64_t i = 0; i < count; ++i)
    labels += static_cast<char>(random() % 10);
  writeFile("images", images);
  writeFile("labels", labels);
}

std::vector<float> trainedState(const std::string &program,
                                const std::string &threads) {
  Finished finished =
      run({"./" + program, "train", "--input", "images=images", "--input",
           "labels=labels", "--epochs", "1", "--seed", "3", "--threads",
           threads, "--save", program + threads + ".safetensors"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  std::string bytes = tensors(program + threads + ".safetensors");
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

/// One step of LeNet: convolutions forward and backward, products in all
/// transpositions.  The moments of the gradient agree; a weight whose gradient
/// is next to nothing may go either way by a step of the learning rate.
TEST_F(Library, aTrainingStepOfAnExampleIsTheDefaultBuilds) {
  const std::string model =
      SOURCE_DIR "/examples/03-fashion-mnist-lenet/lenet.cpp";
  Finished finished = run({SINTERC, model, "-o", "plain"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  finished = run({SINTERC, model, "-o", "calling", "--library=onednn:all",
                  "--fusion-report"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  std::string report = finished.out + finished.err;
  int calls = 0;
  for (size_t at = 0; (at = report.find("oneDNN (", at)) != std::string::npos;
       ++at)
    ++calls;
  EXPECT_GE(calls, 10) << report;
  writeImages(64);
  std::vector<float> wanted = trainedState("plain", "1"),
                     got = trainedState("calling", "1");
  ASSERT_EQ(got.size(), wanted.size());
  size_t apart = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    constexpr float step = 2 * 3.1e-3f;
    float difference = std::abs(got[i] - wanted[i]);
    ASSERT_LE(difference, step + 1e-4f * std::abs(wanted[i])) << i;
    apart += difference > 1e-5f + 1e-3f * std::abs(wanted[i]);
  }
  EXPECT_LT(apart, got.size() / 200);
  // Bit by bit, whatever the number of threads.
  EXPECT_EQ(readFile("calling1.safetensors").size(),
            readFile("plain1.safetensors").size());
  trainedState("calling", "2");
  EXPECT_EQ(readFile("calling1.safetensors"), readFile("calling2.safetensors"));
}

/// The host is told why; here by descriptors that no oneDNN can follow: more
/// tasks than there are rows, and less scratch than it needs, as on a machine
/// for which it has other code.
TEST_F(Library, aFailureOfOneDnnIsTheEntrysStatus) {
  ASSERT_EQ(
      compile("onednn:all", {"--stop-after=planned", "-o", "p.mlir"}).code, 0);
  writeFile("host.c", R"(#include "m.h"
#include <stdio.h>
static _Alignas(64) unsigned char state[M_STATE_BYTES], space[1 << 20];
static float x[32 * 64], b[32 * 96], y[32 * 96];
static int32_t i[16], j[16];
static void report(void *self, int32_t code, const char *message) {
  printf("%d %s\n", code, message);
}
int main(void) {
  sinter_host host = {sizeof host, 0, 0, report, 0};
  m_run_args args = {x, b, i, y, j};
  m_init(state, 1, space, 0);
  int32_t status = m_run(state, &args, space, &host);
  printf("%d\n", status);
  return 0;
}
)");
  const std::pair<const char *, const char *> edits[] = {
      {"scratch_bytes = ", "needs more scratch memory"},
      {"tasks = ", "more tasks than rows"}};
  for (auto [entry, reason] : edits) {
    std::string planned = readFile("p.mlir");
    size_t call = planned.find("sinter.library_call");
    ASSERT_NE(call, std::string::npos);
    size_t number = planned.find(entry, call);
    ASSERT_NE(number, std::string::npos);
    number += std::strlen(entry);
    planned.replace(number, planned.find(' ', number) - number, "9");
    writeFile("edited.mlir", planned);
    Finished finished =
        run({SINTERC, "edited.mlir", "--emit=obj,header", "-o", "m"});
    ASSERT_EQ(finished.code, 0) << finished.err;
    ASSERT_EQ(std::system("cc -I " SOURCE_DIR "/runtime/include -o host host.c "
                          "m.o " ONEDNN_LINK " -lm > errors 2>&1"),
              0)
        << readFile("errors");
    finished = run({"./host"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("5 oneDNN"));
    EXPECT_THAT(finished.out, HasSubstr(reason));
    EXPECT_THAT(finished.out, HasSubstr("\n5\n"));
  }
}

#endif

} // namespace
