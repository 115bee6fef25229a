//===- Benchmark.cpp - Sinter and its peers, measured ---------------------===//
//
//   sinter-benchmark [--only W1,W6,…] [--threads N] [--seconds S] [--json FILE]
//                    [--models FOLDER]
//
// Compiles each workload's model, starts the peers that are installed, compares
// all results, lets them take turns, and prints the table.  Exit codes: 1 if a
// model does not compile, a contender fails or results differ; 2 for wrong
// usage.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"
#include "Machine.h"
#include "Process.h"
#include "Race.h"
#include "Report.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <thread>

using namespace bench;
namespace fs = std::filesystem;

namespace {

struct Options {
  RaceOptions race;
  std::string only, json;
  fs::path models = SINTER_BENCH_MODELS;
};

[[noreturn]] void misused(const std::string &what) {
  std::fprintf(stderr,
               "benchmark: error: %s\n"
               "usage: benchmark [--only W1,W6,W8:256] [--threads N] "
               "[--seconds S] [--json FILE] [--models FOLDER]\n",
               what.c_str());
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
    const char *known[] = {"--only", "--threads", "--seconds", "--json",
                           "--models"};
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
    else if (flag == "--models")
      options.models = value;
    else
      options.json = value;
  }
  return options;
}

/// Every process from here on runs on so many cores, the last ones: the first
/// has the interrupts.
void pin(int threads) {
  cpu_set_t set, available;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof available, &available))
    return;
  for (int core = CPU_SETSIZE - 1; core >= 0 && threads > 0; --core)
    if (CPU_ISSET(core, &available)) {
      CPU_SET(core, &set);
      --threads;
    }
  sched_setaffinity(0, sizeof set, &set);
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

int run(const Options &options, const std::vector<Workload> &workloads) {
  WorkFolder folder;
  if (folder.path.empty()) {
    std::fprintf(stderr, "benchmark: error: cannot make a folder in %s\n",
                 fs::temp_directory_path().c_str());
    return 1;
  }
  const std::vector<Peer> peers = allPeers();
  for (const Peer &peer : peers)
    if (!peer.installed)
      std::printf("%s is not here: it needs %s\n", peer.name.c_str(),
                  peer.package.c_str());
  pin(options.race.threads);
  Machine machine(options.race.threads);
  std::printf("%d thread%s: %.0f GFLOP/s at most, copies %.0f GB/s\n\n",
              options.race.threads, options.race.threads > 1 ? "s" : "",
              machine.peakGigaflops(), machine.copyGigabytes());

  printHeader(stdout);
  std::vector<Row> rows;
  int code = 0;
  for (const Workload &workload : workloads) {
    Row row;
    row.workload = workload;
    row.limit = machine.limit(workload);
    std::optional<Compiled> compiled =
        compile(workload, options.models, folder.path);
    if (!compiled) {
      std::fprintf(stderr, "benchmark: error: %s: its model does not compile\n",
                   workload.label().c_str());
      code = 1;
      continue;
    }
    row.compileSeconds = compiled->seconds;
    if (!race(row, peers, options.race, compiled->library, folder.path)) {
      code = 1;
      continue;
    }
    printRow(stdout, row, peers);
    rows.push_back(std::move(row));
  }
  if (!options.json.empty() &&
      !writeJson(options.json, rows, options.race.threads)) {
    std::fprintf(stderr, "benchmark: error: cannot write %s\n",
                 options.json.c_str());
    code = 1;
  }
  return code;
}

} // namespace

int main(int argc, char **argv) {
  Options options = parse(argc, argv);
  std::vector<Workload> workloads = selectWorkloads(options.only);
  if (workloads.empty()) {
    std::string names;
    for (const Workload &workload : allWorkloads())
      names += " " + workload.label();
    misused("--only " + options.only + " names what is not one of" + names);
  }
  // A contender that dies is found by its silence.
  std::signal(SIGPIPE, SIG_IGN);
  return run(options, workloads);
}
