//===- Benchmark.cpp - Sinter and its peers, measured ---------------------===//
//
//   sinter-benchmark [--only W1,W6,…] [--threads N] [--seconds S] [--json FILE]
//                    [--svg FILE] [--kernel NAME] [--models FOLDER]
//   sinter-benchmark --help
//
// Compiles each workload's model, starts the peers that are installed, compares
// all results, lets them take turns, and prints the table.  With --kernel it
// does so for single kernels of Sinter's models instead, alone.  Exit codes: 1
// if a model does not compile, a contender fails or results differ; 2 for wrong
// usage.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"
#include "KernelReport.h"
#include "Machine.h"
#include "Process.h"
#include "Race.h"
#include "Reference.h"
#include "Report.h"
#include "Roofline.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

using namespace bench;
namespace fs = std::filesystem;

namespace {

struct Options {
  RaceOptions race;
  std::string only, json, svg, kernel;
  fs::path models = SINTER_BENCH_MODELS;
};

constexpr const char *usage =
    "usage: benchmark [--only W1,W6,W8:256] [--threads N] [--seconds S]\n"
    "                 [--json FILE] [--svg FILE] [--kernel NAME] "
    "[--models FOLDER]\n";

constexpr const char *help =
    "\n"
    "Measures Sinter beside the peers that are installed and prints a table.\n"
    "\n"
    "  --only W1,W6,W8:256  some workloads; W6 means W6-mlp and W6-lenet, "
    "W8:256\n"
    "                       the one of batch or edge 256\n"
    "  --threads N          threads of every contender; 1 unless given\n"
    "  --seconds S          so long for each workload, or 11 turns\n"
    "  --json FILE          a row for each workload and peer\n"
    "  --svg FILE           a roofline plot\n"
    "  --kernel NAME        Sinter's kernels with this name, or with it in "
    "their\n"
    "                       names, each alone\n"
    "  --models FOLDER      where the workloads' models are; "
    "tools/bench/models\n"
    "                       unless given\n"
    "\n"
    "Workloads:";

[[noreturn]] void explain() {
  std::printf("%s%s", usage, help);
  for (const Workload &workload : allWorkloads())
    std::printf(" %s", workload.label().c_str());
  std::printf("\nWhat is measured and how is in tools/bench/README.md.\n");
  std::exit(0);
}

[[noreturn]] void misused(const std::string &what) {
  std::fprintf(stderr, "benchmark: error: %s\n%s", what.c_str(), usage);
  std::exit(2);
}

double number(const std::string &flag, const std::string &text, double least,
              double most) {
  char *end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end || !(value >= least) || !(value <= most))
    misused(flag + " does not take " + text);
  return value;
}

Options parse(int argc, char **argv) {
  Options options;
  int cores =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i], value;
    size_t equals = flag.find('=');
    bool attached = equals != std::string::npos;
    if (attached) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    }
    if (flag == "--help" || flag == "-h")
      explain();
    const char *known[] = {"--only", "--threads", "--seconds", "--json",
                           "--svg",  "--kernel",  "--models"};
    if (std::find(std::begin(known), std::end(known), flag) == std::end(known))
      misused("unknown flag " + flag);
    if (!attached) {
      if (++i == argc)
        misused(flag + " needs a value");
      value = argv[i];
    }
    if (flag == "--only")
      options.only = value;
    else if (flag == "--threads")
      options.race.threads = static_cast<int>(number(flag, value, 1, cores));
    else if (flag == "--seconds")
      options.race.seconds = number(flag, value, 0, 3600);
    else if (flag == "--svg")
      options.svg = value;
    else if (flag == "--kernel")
      options.kernel = value;
    else if (flag == "--models")
      options.models = value;
    else
      options.json = value;
  }
  return options;
}

/// A folder that goes with the program.
struct WorkFolder {
  fs::path path;
  WorkFolder() {
    std::string name = (fs::temp_directory_path() / "sinter-benchmark-XXXXXX");
    if (mkdtemp(name.data()))
      path = name;
  }
  ~WorkFolder() {
    std::error_code ignored;
    if (!path.empty())
      fs::remove_all(path, ignored);
  }
};

std::optional<Compiled> prepare(const Workload &workload,
                                const Options &options,
                                const fs::path &folder) {
  auto model = Compiled::prepare(workload, options.models, folder);
  if (!model)
    std::fprintf(stderr, "benchmark: error: %s: its model does not compile\n",
                 workload.label().c_str());
  return model;
}

/// One row, or nothing, after a message.
std::optional<Row> measure(const Workload &workload, const Options &options,
                           const Machine &machine,
                           const std::vector<Peer> &peers,
                           const fs::path &folder) {
  std::optional<Compiled> model = prepare(workload, options, folder);
  if (!model || !model->emitLibrary())
    return std::nullopt;
  Row row;
  row.workload = workload;
  row.limit = machine.limit(workload);
  row.compileSeconds = model->seconds;
  for (const Kernel &kernel : model->kernels())
    row.operations += kernel.runs * kernel.flops;
  if (!race(row, peers, options.race, *model, folder))
    return std::nullopt;
  return row;
}

int runPeers(const Options &options, const std::vector<Workload> &workloads,
             const Machine &machine, const fs::path &folder) {
  const std::vector<Peer> peers = allPeers();
  for (const Peer &peer : peers)
    if (!peer.installed)
      std::printf("%s is not here: it needs %s\n", peer.name.c_str(),
                  peer.package.c_str());
  printHeader(stdout);
  std::vector<Row> rows;
  int code = 0;
  for (const Workload &workload : workloads) {
    auto row = measure(workload, options, machine, peers, folder);
    if (!row) {
      code = 1;
      continue;
    }
    printRow(stdout, *row, peers);
    rows.push_back(std::move(*row));
  }
  if (options.race.threads == 1)
    printWeakPeers(stdout, rows, machine);
  auto written = [&](const std::string &path, bool done) {
    if (done)
      return;
    std::fprintf(stderr, "benchmark: error: cannot write %s\n", path.c_str());
    code = 1;
  };
  if (!options.json.empty())
    written(options.json, writeJson(options.json, rows, options.race.threads));
  if (!options.svg.empty())
    written(options.svg, writeRoofline(options.svg, rows, machine));
  return code;
}

int runKernels(const Options &options, const std::vector<Workload> &workloads,
               const Machine &machine, const fs::path &folder) {
  bool found = false;
  std::string known;
  for (const Workload &workload : workloads) {
    std::optional<Compiled> model = prepare(workload, options, folder);
    if (!model)
      return 1;
    for (const Kernel &kernel : selectKernels(*model, options.kernel)) {
      if (!found)
        printKernelHeader(stdout);
      found = true;
      if (!reportKernel(stdout, *model, workload, kernel, machine,
                        options.race))
        return 1;
    }
    for (const Kernel &kernel : model->kernels())
      known += "\n  " + workload.label() + " " + kernel.name;
  }
  if (found)
    return 0;
  std::fprintf(stderr, "benchmark: error: no kernel %s; there are%s\n",
               options.kernel.c_str(), known.c_str());
  return 2;
}

int run(const Options &options, const std::vector<Workload> &workloads) {
  WorkFolder folder;
  if (folder.path.empty()) {
    std::fprintf(stderr, "benchmark: error: cannot make a folder in %s\n",
                 fs::temp_directory_path().c_str());
    return 1;
  }
  // Every process from here on runs on so many cores, the last ones: the first
  // has the interrupts.
  std::vector<int> cores = availableCores();
  cores.resize(
      std::min(cores.size(), static_cast<size_t>(options.race.threads)));
  pin(0, cores);
  Machine machine(options.race.threads);
  double load[1] = {0};
  if (getloadavg(load, 1) != 1)
    load[0] = 0;
  std::printf("%d thread%s: %.0f GFLOP/s at most, copies %.0f GB/s, reads %.0f "
              "GB/s from the last cache; load average %.1f\n\n",
              options.race.threads, options.race.threads > 1 ? "s" : "",
              machine.peakGigaflops(), machine.copyGigabytes(),
              machine.cacheGigabytes(), load[0]);
  return options.kernel.empty()
             ? runPeers(options, workloads, machine, folder.path)
             : runKernels(options, workloads, machine, folder.path);
}

} // namespace

int main(int argc, char **argv) {
  Options options = parse(argc, argv);
  std::vector<Workload> workloads = selectWorkloads(options.only);
  if (workloads.empty()) {
    std::string names;
    for (const Workload &workload : allWorkloads())
      names += " " + workload.label();
    misused("--only " + options.only + " names what is not one of" + names +
            " (or of these at another size)");
  }
  // A contender that dies is found by its silence.
  std::signal(SIGPIPE, SIG_IGN);
  return run(options, workloads);
}
