//===- FreezeTest.cpp - models with a constant state ----------------------===//
//
// A frozen executable needs no file and says to the bit what the other says
// that has loaded it.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

using namespace sinter::tests;
using testing::HasSubstr;
using testing::Not;

namespace {
// Of several types; `weight` is large enough to be a resource.
const std::string body = R"(
  auto network = [&](Tensor x) {
    auto offset = m.variable("offset", {}, init::constant(0.25), {.dtype = f64});
    auto odd = m.variable("odd", {3}, init::values({1, 0, 1}), {.dtype = i1});
    auto shift = m.variable("shift", {3}, init::values({7, 8, 255}),
                            {.dtype = u8});
    Tensor y = nn::dense(m, "wide", x, 80);
    y = nn::dense(m, "narrow", tanh(y), 3);
    return where(Tensor(odd), y, cast(shift, f32)) + cast(offset, f32);
  };
  m.entry("train", [&](Entry &e) {
    Tensor x = e.input("x", f32, {4, 300});
    Tensor loss = mean(square(network(x)));
    optim::adam(m, loss);
    e.output("loss", loss);
  });
  m.entry("predict", [&](Entry &e) {
    e.output("y", network(e.input("x", f32, {4, 300})));
  });
  m.entry("noisy", [&](Entry &e) {
    Tensor x = e.input("x", f32, {4, 300});
    e.output("y", network(x + random::uniform({4, 300})));
  });
)";

class Freeze : public InFolder {
protected:
  void SetUp() override {
    InFolder::SetUp();
    // Made once: the model's program is the slowest part.
    static std::string model, state;
    std::string rows;
    for (int row = 0; row < 4; ++row)
      for (int k = 0; k < 300; ++k)
        rows += std::to_string((row * 300 + k) * 37 % 101 / 50.0 - 1) +
                (k == 299 ? "\n" : ",");
    writeFile("x.csv", rows);
    writeFile("model.cpp", modelSource(body));
    if (model.empty()) {
      succeed({SINTERC, "model.cpp", "--emit=model", "-o", "model.mlir"});
      succeed({SINTERC, "model.mlir", "-o", "plain"});
      succeed({"./plain", "train", "--input", "x=x.csv", "--epochs", "3",
               "--save", "s.safetensors"});
      model = readFile("model.mlir");
      state = readFile("s.safetensors");
      std::filesystem::remove("plain");
    }
    writeFile("model.mlir", model);
    writeFile("s.safetensors", state);
  }

  static std::string succeed(const std::vector<std::string> &args) {
    Finished finished = run(args);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.err;
  }
  /// sinterc on the model, which must be refused, with nothing written.
  static std::string refuse(std::vector<std::string> args, int code = 1) {
    args.insert(args.begin(), {SINTERC, "model.mlir", "-o", "frozen"});
    Finished finished = run(args);
    EXPECT_EQ(finished.code, code) << finished.err;
    EXPECT_FALSE(std::filesystem::exists("frozen"));
    return finished.err;
  }
};

TEST_F(Freeze, theFrozenModelSaysTheSameWithoutAState) {
  for (const char *cpu : {"native", "x86-64-v3", "generic"})
    for (const char *level : {"-O2", "-O0"}) {
      std::string flag = std::string("--cpu=") + cpu;
      succeed({SINTERC, "model.mlir", flag, level, "-o", "plain"});
      succeed({"./plain", "predict", "--load", "s.safetensors", "--input",
               "x=x.csv", "--output", "y=plain.npy"});
      std::string said = succeed({SINTERC, "model.mlir", flag, level,
                                  "--freeze", "s.safetensors", "-o", "frozen"});
      EXPECT_THAT(said, HasSubstr("left out of the frozen model, as it writes "
                                  "the state: 'train'"));
      succeed({"./frozen", "predict", "--input", "x=x.csv", "--output",
               "y=frozen.npy"});
      EXPECT_EQ(readFile("plain.npy"), readFile("frozen.npy")) << cpu << level;
    }
}

TEST_F(Freeze, onlyTheKeyOfRandomNumbersStaysState) {
  succeed({SINTERC, "model.mlir", "-o", "plain"});
  succeed({SINTERC, "model.mlir", "--freeze=s.safetensors", "-o", "frozen"});
  std::string description = run({"./frozen", "--describe"}).out;
  EXPECT_THAT(description, HasSubstr("state       64 bytes"));
  EXPECT_THAT(description, HasSubstr("rng "));
  EXPECT_THAT(description, Not(HasSubstr("wide")));
  // The file holds the key too.
  for (const char *program : {"./plain", "./frozen"})
    succeed({program, "noisy", "--load", "s.safetensors", "--input", "x=x.csv",
             "--output", "y=" + std::string(program + 2) + ".npy"});
  EXPECT_EQ(readFile("plain.npy"), readFile("frozen.npy"));

  std::string said =
      succeed({SINTERC, "model.mlir", "--freeze=s.safetensors",
               "--entry=predict", "--emit=obj,header", "-o", "only"});
  EXPECT_EQ(said, "");
  std::string header = readFile("only.h");
  EXPECT_THAT(header, HasSubstr("#define SMALL_STATE_BYTES 0\n"));
  EXPECT_THAT(header, HasSubstr("int32_t small_predict("));
  EXPECT_THAT(header, Not(HasSubstr("noisy")));
}

TEST_F(Freeze, eachWeightIsInTheObjectOnce) {
  succeed({SINTERC, "model.mlir", "--freeze=s.safetensors", "--emit=obj", "-o",
           "small.o"});
  // `predict` and `noisy` share it; it has 96,000 bytes.
  size_t bytes = std::filesystem::file_size("small.o");
  EXPECT_GT(bytes, 96'000u);
  EXPECT_LT(bytes, 140'000u);
}

TEST_F(Freeze, dumpsGoOnAndAreSmallIfCutShort) {
  expectDumpsGoOn("--freeze=s.safetensors");
  succeed({SINTERC, "model.mlir", "--freeze=s.safetensors", "--dump-dir=cut",
           "--elide", "--emit=obj", "-o", "small.o"});
  for (const std::string &stage : stages)
    EXPECT_LT(std::filesystem::file_size("cut/" + stage + ".mlir"), 300'000u)
        << stage;
}

/// Reproducers say where constants were taken out: it means nothing to others.
TEST_F(Freeze, marksOfConstantsThatWereTakenOutAreNotBelieved) {
  succeed({SINTERC, "model.mlir", "--freeze=s.safetensors", "--emit=simplified",
           "-o", "dump.mlir"});
  succeed({SINTERC, "dump.mlir", "--emit=obj", "-o", "plain.o"});
  std::string text = readFile("dump.mlir");
  writeFile("dump.mlir",
            replaced(text, "sinter.constant dense_resource",
                     "sinter.constant {sinter.taken_out = {value = 99 : i64}} "
                     "dense_resource"));
  succeed({SINTERC, "dump.mlir", "--emit=obj", "-o", "marked.o"});
  EXPECT_EQ(readFile("plain.o"), readFile("marked.o"));
}

/// Of files: dumps that someone edited or cut.
TEST_F(Freeze, resourcesThatAreNotWhatTheirOpSaysAreRefused) {
  succeed({SINTERC, "model.mlir", "--freeze=s.safetensors", "--dump-dir=dumps",
           "--emit=obj", "-o", "small.o"});
  for (const std::string &stage : stages) {
    std::string text = readFile("dumps/" + stage + ".mlir");
    size_t bytes = text.find(": \"0x");
    ASSERT_NE(bytes, std::string::npos) << stage;
    std::vector<std::pair<std::string, std::string>> cases;
    // The first eight digits say how it is aligned.
    cases.emplace_back(text.substr(0, bytes + 501) +
                           text.substr(text.find('"', bytes + 501)),
                       "bytes, but the resource has 244");
    cases.emplace_back(text.substr(0, text.find("{-#")),
                       "names a resource that is not in the file: wide.weight");
    if (stage == "06-llvm")
      for (const char *type : {"95999 x i8", "96001 x i8", "24000 x f32",
                               "9223372036854775807 x array<2 x i8>"})
        cases.emplace_back(
            replaced(text, "!llvm.array<96000 x i8> loc(",
                     std::string("!llvm.array<") + type + "> loc("),
            "but its value is 'tensor<96000xi8>'");
    for (const auto &[damaged, message] : cases) {
      writeFile("damaged.mlir", damaged);
      Finished finished =
          run({SINTERC, "damaged.mlir", "--emit=obj", "-o", "damaged.o"});
      EXPECT_EQ(finished.code, 1) << stage << message << finished.err;
      EXPECT_THAT(finished.err, HasSubstr(message)) << stage;
      EXPECT_THAT(finished.err, testing::ContainsRegex(
                                    "[a-zA-Z]+\\.(mlir|cpp):[0-9]+:[0-9]+: "
                                    "error: "))
          << stage;
    }
  }
}

TEST_F(Freeze, entriesThatWriteAreRefusedByName) {
  EXPECT_THAT(refuse({"--freeze=s.safetensors", "--entry=train"}),
              testing::AllOf(HasSubstr("model.cpp:14:"),
                             HasSubstr("entry 'train' writes the state ('"),
                             HasSubstr("'predict', 'noisy'")));
  EXPECT_THAT(refuse({"--freeze=s.safetensors", "--entry=predict,test"}),
              HasSubstr("the model has no entry 'test': there are 'predict', "
                        "'noisy' and, which write the state, 'train'"));
  writeFile("model.mlir", R"(module @counter {
    sinter.variable @w : tensor<3xf32>
    sinter.entry @count() {
      %w = sinter.read @w : tensor<3xf32>
      %y = sinter.add %w, %w : tensor<3xf32>
      sinter.write @w, %y : tensor<3xf32>
      sinter.return
    }
  })");
  EXPECT_THAT(refuse({"--freeze=s.safetensors"}),
              HasSubstr("every entry of the model writes the state"));
}

TEST_F(Freeze, flagsThatMakeNoSenseAreWrongUsage) {
  EXPECT_THAT(refuse({"--entry=predict"}, 2), HasSubstr("--freeze"));
  EXPECT_THAT(refuse({"--freeze="}, 2),
              HasSubstr("'--freeze' needs a value: --freeze=FILE"));
  for (const char *names : {"--entry=", "--entry=predict,", "--entry=,noisy"})
    EXPECT_THAT(refuse({"--freeze=s.safetensors", names}, 2),
                HasSubstr(std::string("'") + names + "': a name is empty"));
  succeed({SINTERC, "model.mlir", "--emit=fused", "-o", "fused.mlir"});
  Finished finished = run({SINTERC, "fused.mlir", "--freeze=s.safetensors"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("stage 'model'"));
}

TEST_F(Freeze, filesThatDoNotFitAreNamedWithTheTensor) {
  EXPECT_THAT(refuse({"--freeze=none.safetensors"}),
              HasSubstr("none.safetensors: cannot open"));
  std::string good = readFile("s.safetensors");
  struct Case {
    std::string text, message;
  };
  auto change = [&](const std::string &from, const std::string &to) {
    return replaced(good, from, to);
  };
  for (const Case &c : {
           Case{"", "not a safetensors file"},
           {good.substr(0, good.size() - 5), "damaged or cut off"},
           {good.substr(0, 40), "cut off within the header"},
           {change("\"wide.weight\"", "\"wide.height\""),
            "variable 'wide.weight' of model 'small' is missing"},
           {change("[300,80]", "[80,300]"),
            "'wide.weight' is F32 [80, 300], but the model's variable is F32 "
            "[300, 80]"},
           {change("\"offset\":{\"dtype\":\"F64\"",
                   "\"offset\":{\"dtype\":\"I64\""),
            "'offset' is I64 [], but the model's variable is F64 []"},
       }) {
    writeFile("bad.safetensors", c.text);
    EXPECT_THAT(
        refuse({"--freeze=bad.safetensors"}),
        testing::AllOf(HasSubstr("bad.safetensors: "), HasSubstr(c.message)));
  }
}

/// A file of vectors of four numbers.
static void
writeVectors(const std::string &path,
             const std::vector<std::pair<std::string, float>> &all) {
  std::string header, bytes;
  for (const auto &[name, value] : all) {
    header += (header.empty() ? "{\"" : ",\"") + name +
              "\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[" +
              std::to_string(bytes.size()) + "," +
              std::to_string(bytes.size() + 16) + "]}";
    for (int k = 0; k < 4; ++k)
      bytes.append(reinterpret_cast<const char *>(&value), 4);
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint64_t size = header.size();
  writeFile(path,
            std::string(reinterpret_cast<char *>(&size), 8) + header + bytes);
}

/// Nobody writes so in C++, where `init` begins with its seed.
TEST_F(Freeze, whatOnlyInitReadsIsNotAskedFor) {
  writeVectors("a.safetensors", {{"a", 3}});
  writeVectors("ab.safetensors", {{"a", 3}, {"b", 5}});
  auto model = [](const std::string &entry) {
    writeFile("model.mlir", R"(module @m {
  sinter.variable @rng : tensor<2xi64>
  sinter.variable @a : tensor<4xf32>
  sinter.variable @b : tensor<4xf32>
  sinter.entry @init(%seed: tensor<i64> {sinter.name = "seed"}) {
    %k = sinter.read @rng : tensor<2xi64>
    %b = sinter.read @b : tensor<4xf32>
    %r = sinter.random_normal %k stream 5 : tensor<4xf32>
    %s = sinter.add %r, %b : tensor<4xf32>
    sinter.write @a, %s : tensor<4xf32>
    sinter.write @b, %s : tensor<4xf32>
    %n = sinter.add %k, %k : tensor<2xi64>
    sinter.write @rng, %n : tensor<2xi64>
    sinter.return
  }
  sinter.entry @p() -> (tensor<4xf32> {sinter.name = "y"}) {
    %a = sinter.read @a : tensor<4xf32>
    )" + entry + R"(
    %y = sinter.add %a, %other : tensor<4xf32>
    sinter.return %y : tensor<4xf32>
  }
})");
  };
  auto frozen = [](const std::string &state) {
    succeed({SINTERC, "model.mlir", "--freeze=" + state, "--emit=simplified",
             "-o", "frozen.mlir"});
    succeed({SINTERC, "model.mlir", "--freeze=" + state, "-o", "frozen"});
    succeed({"./frozen", "p", "--output", "y=y.npy"});
    return readFile("frozen.mlir");
  };
  model("%other = sinter.constant dense<1.0> : tensor<4xf32>");
  std::string text = frozen("a.safetensors");
  EXPECT_THAT(text, Not(HasSubstr("sinter.variable")));
  EXPECT_THAT(text, Not(HasSubstr("sinter.random")));
  EXPECT_THAT(text, HasSubstr("dense<4.0"));

  model("%key = sinter.read @rng : tensor<2xi64>\n"
        "%other = sinter.random_normal %key stream 1 : tensor<4xf32>");
  text = frozen("a.safetensors");
  EXPECT_THAT(text, HasSubstr("sinter.variable @rng"));
  EXPECT_THAT(text, HasSubstr("sinter.write @rng"));
  EXPECT_THAT(text, Not(HasSubstr("@b")));

  // Read for what stays state: its value is the file's.
  writeFile("model.mlir",
            replaced(readFile("model.mlir"),
                     "%n = sinter.add %k, %k : tensor<2xi64>",
                     "%c = sinter.cast %b : tensor<4xf32> to tensor<4xi64>\n"
                     "%n = sinter.slice %c offsets [0] sizes [2] strides [1] "
                     ": tensor<4xi64> -> tensor<2xi64>"));
  std::filesystem::remove("frozen");
  EXPECT_THAT(refuse({"--freeze=a.safetensors"}),
              HasSubstr("variable 'b' of model 'm' is missing"));
  text = frozen("ab.safetensors");
  EXPECT_THAT(text, HasSubstr("dense<5> : tensor<2xi64>"));
}

TEST_F(Freeze, slotsOfTheOptimizerNeedNotBeInTheFile) {
  std::string good = readFile("s.safetensors");
  writeFile("s.safetensors",
            replaced(good, "\"wide.weight.adam.m\"", "\"wide.weight.adam.x\""));
  succeed({SINTERC, "model.mlir", "--freeze=s.safetensors", "-o", "frozen"});
}
} // namespace
