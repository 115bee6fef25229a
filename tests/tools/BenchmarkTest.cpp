//===- BenchmarkTest.cpp - the measuring program, without its clock -------===//
//
// That a selection gives its rows, that results which differ are an error, and
// that the table of workloads counts the work that the compiler counts.  No
// time is judged, but that compiling takes no multiple of what it should.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/Process.h"
#include "tools/bench/Workload.h"

#include <cstring>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/resource.h>

using namespace testing;

namespace sinter::tests {
namespace {

using BenchmarkTest = InFolder;

Finished benchmark(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {BENCHMARK, "--seconds", "0"});
  return run(flags);
}

TEST_F(BenchmarkTest, GivesARowForEveryPeerOfASelection) {
  Finished finished =
      benchmark({"--only", "W8:256,W6-mlp", "--json", "rows", "--svg", "plot"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(readFile("plot"), AllOf(StartsWith("<svg"), EndsWith("</svg>\n"),
                                      HasSubstr("W8:256, sinter")));
  nlohmann::json rows = nlohmann::json::parse(readFile("rows"));
  std::vector<std::string> sinter;
  for (const nlohmann::json &row : rows) {
    EXPECT_THAT(row["peer"].get<std::string>(),
                AnyOf("sinter", "onednn", "torch", "ort"));
    if (row["peer"] == "sinter")
      sinter.push_back(row["workload"]);
    EXPECT_EQ(row["batch"], row["workload"] == "W8" ? 256 : 128);
    EXPECT_EQ(row["threads"], 1);
    EXPECT_GT(row["min_us"], 0.0);
    EXPECT_GE(row["median_us"], row["min_us"]);
    EXPECT_GT(row["limit_us"], 0.0);
    EXPECT_GT(row["own_bytes"], 0);
    EXPECT_GT(row["peak_bytes"], row["own_bytes"]);
    EXPECT_GT(row["deploy_bytes"], 0);
  }
  EXPECT_THAT(sinter, ElementsAre("W6-mlp", "W8"));
  EXPECT_THAT(finished.out, HasSubstr("W6-mlp"));
}

TEST_F(BenchmarkTest, FailsWhenResultsDiffer) {
  std::filesystem::create_directory("models");
  writeFile("models/gemm.cpp",
            replaced(readFile(BENCHMARK_MODELS "/gemm.cpp"),
                     "matmul(a, m.parameter(\"b\", {n, n}, init::zeros()))",
                     "matmul(a, m.parameter(\"b\", {n, n}, init::zeros())) + "
                     "1.0f"));
  Finished finished = benchmark({"--only", "W8:256", "--models", "models"});
  // tools/packages.txt names a peer to differ from.
  EXPECT_EQ(finished.code, 1) << finished.out;
  EXPECT_THAT(finished.err, ContainsRegex("W8:256: [a-z]+ gives .* where "
                                          "sinter gives"));
}

TEST_F(BenchmarkTest, MeasuresAKernelAlone) {
  Finished finished =
      benchmark({"--kernel", "run_grad_logits_matmul", "--only", "W6-mlp"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  // dX of the last layer: [128, 10]·[10, 256] and the activation's mask, which
  // is read: so many FLOPs and bytes.
  EXPECT_THAT(finished.out,
              ContainsRegex("run_grad_logits_matmul_relu +W6-mlp:128 +1 +"
                            "688128 +277504 +2.48 "));
  // With its constant: the weights are no input of it.
  finished = benchmark({"--kernel", "run_logits", "--only", "W1:1"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("run_logits_matmul_bias"));

  finished = benchmark({"--kernel", "nothing", "--only", "W1:1"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("W1:1 run_logits_matmul_bias"));
}

TEST_F(BenchmarkTest, Explains) {
  for (const char *flag : {"--help", "-h"}) {
    Finished finished = benchmark({flag});
    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(finished.out,
                AllOf(StartsWith("usage: benchmark"), HasSubstr("--seconds"),
                      HasSubstr("W8:2048")));
    EXPECT_EQ(finished.err, "");
  }
}

TEST_F(BenchmarkTest, NamesWhatItDoesNotKnow) {
  Finished finished = benchmark({"--only", "W1,W77"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("W77"));
  EXPECT_EQ(benchmark({"--threads", "0"}).code, 2);
  EXPECT_EQ(benchmark({"--json"}).code, 2);
}

/// What the fusion report counts for the entry `run`: all kernels, as often as
/// they run.
double reportedFlops(const bench::Workload &workload) {
  Finished finished =
      run({SINTERC, BENCHMARK_MODELS "/" + workload.file + ".cpp",
           "--model=" + workload.model, "-P",
           "batch=" + std::to_string(workload.batch), "--fusion-report",
           "--stop-after=fused", "-o", "fused.mlir"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  std::istringstream lines(finished.out + finished.err);
  double total = 0;
  bool inRun = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("entry ", 0) == 0)
      inRun = line.rfind("entry run:", 0) == 0;
    std::string name, kind, ops, unit;
    double count, flops, runs = 1;
    std::istringstream words(line);
    if (!inRun || !(words >> name >> kind >> count >> ops >> flops >> unit) ||
        unit != "flop")
      continue;
    if (size_t times = line.find("×"); times != std::string::npos)
      runs = std::stod(line.substr(times + std::string("×").size()));
    total += runs * flops;
  }
  return total;
}

TEST_F(BenchmarkTest, WorkloadsCountTheProductsOfTheirModels) {
  // Beside the products stand few pointwise operations.
  const std::pair<const char *, double> workloads[] = {
      {"W1:100", 1.02},     {"W2:64", 1.02}, {"W4:1", 1.01},    {"W5:1", 1.01},
      {"W6-mlp:128", 1.03}, {"W7:16", 1.02}, {"W8:512", 1.0001}};
  for (auto [label, most] : workloads) {
    bench::Workload workload = bench::findWorkload(label);
    double reported = reportedFlops(workload);
    EXPECT_GE(reported, workload.flops) << label;
    EXPECT_LE(reported, most * workload.flops) << label;
  }
}

/// Processor time of the programs that this one has run to their ends.
double childrensSeconds() {
  rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         1e-6 * (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// From the graph to the object. The bars are 1, 4 and 10 seconds of one core;
// three times as much, or sixty with sanitizers, is no slow machine, but a pass
// that has become quadratic.
TEST_F(BenchmarkTest, ModelsCompileInSeconds) {
  const double times = std::strlen(SANITIZERS) ? 60 : 3;
  struct Bar {
    const char *file, *model;
    double seconds;
  };
  for (const Bar &bar :
       {Bar{"mlp", "mlp_inference", 1}, Bar{"lenet", "lenet_training", 4},
        Bar{"chars", "chars", 10}}) {
    Finished graph =
        run({SINTERC, std::string(BENCHMARK_MODELS "/") + bar.file + ".cpp",
             std::string("--model=") + bar.model, "--stop-after=model",
             "--dump-dir=dumps"});
    ASSERT_EQ(graph.code, 0) << graph.err;
    double before = childrensSeconds();
    Finished object = run({SINTERC, "dumps/00-model.mlir", "--emit=obj",
                           "--jobs=1", "-o", "object"});
    ASSERT_EQ(object.code, 0) << object.err;
    EXPECT_LT(childrensSeconds() - before, times * bar.seconds) << bar.model;
  }
}

} // namespace
} // namespace sinter::tests
