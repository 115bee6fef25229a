//===- Race.cpp - contenders that take turns ------------------------------===//

#include "Race.h"

#include "Process.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

namespace fs = std::filesystem;

namespace bench {

namespace {

struct Runner {
  const Peer *peer;
  std::unique_ptr<Process> process;
  Measurement measurement;
  std::vector<float> result;

  bool fail(const Workload &workload, const char *what) const {
    std::fprintf(stderr, "benchmark: error: %s: %s %s\n",
                 workload.label().c_str(), peer->name.c_str(), what);
    return false;
  }
};

/// A median call of N, and the least; N at least 1.
struct Times {
  double median = 0, least = 0;
};
bool runCalls(Runner &runner, long calls, Times &times) {
  std::string answer = runner.process->ask("run " + std::to_string(calls));
  return std::sscanf(answer.c_str(), "%lf %lf", &times.median, &times.least) ==
             2 &&
         times.median > 0;
}

/// Starts the contender and waits for its first result; more than once where
/// that is quick, for a median.
enum class Started { yes, no, unsupported };
Started start(Runner &runner, const Workload &workload, int threads,
              const fs::path &library, const fs::path &folder) {
  constexpr int most = 7;
  constexpr double enough = 0.5e6; // microseconds
  std::vector<std::string> command =
      runner.peer->command(workload, threads, library, folder);
  if (command.empty())
    return Started::unsupported;
  std::vector<double> times;
  double begin = nowMicroseconds();
  while (times.empty() ||
         (times.size() < most && nowMicroseconds() - begin < enough)) {
    runner.process =
        std::make_unique<Process>(command, runner.peer->environment(threads));
    std::string answer = runner.process->read();
    if (answer == "unsupported")
      return Started::unsupported;
    if (!runner.process->isReady(answer))
      return Started::no;
    times.push_back(runner.process->age());
  }
  runner.measurement.startup = quantile(times, 0.5);
  return Started::yes;
}

bool readResult(Runner &runner, const fs::path &file) {
  if (runner.process->ask("result " + file.string()) != "written")
    return false;
  std::error_code error;
  size_t size = fs::file_size(file, error);
  if (error || size == 0 || size % sizeof(float))
    return false;
  runner.result.resize(size / sizeof(float));
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char *>(runner.result.data()),
              static_cast<std::streamsize>(size));
  return static_cast<bool>(stream);
}

/// Results agree if they differ by at most this part of the largest value;
/// losses drift apart as rounding does, step by step.
bool agree(const Workload &workload, const Runner &a, const Runner &b) {
  const double tolerance = workload.training ? 2e-3 : 2e-4;
  if (a.result.size() != b.result.size())
    return b.fail(
        workload,
        ("gives another number of results than " + a.peer->name).c_str());
  double largest = 0, difference = 0;
  size_t where = 0;
  for (size_t i = 0; i < a.result.size(); ++i) {
    double one = a.result[i], distance = std::abs(one - b.result[i]);
    largest = std::max(largest, std::abs(one));
    // Not less: a nan is a difference.
    if (!(distance <= difference)) {
      difference = distance;
      where = i;
    }
  }
  if (difference <= tolerance * largest)
    return true;
  char text[200];
  std::snprintf(text, sizeof text, "gives %g where %s gives %g (element %zu)",
                static_cast<double>(b.result[where]), a.peer->name.c_str(),
                static_cast<double>(a.result[where]), where);
  return b.fail(workload, text);
}

} // namespace

static bool takeTurns(std::vector<Runner> &runners, const Workload &workload,
                      const RaceOptions &options) {
  // Long enough that going from one process to the next does not count.
  constexpr double turn = 10e3; // microseconds
  constexpr size_t leastTurns = 11;
  constexpr long mostCalls = 1000;
  // Threads of some peers wait busily for more work, OpenBLAS's the longest.
  constexpr std::chrono::milliseconds quiet{50};
  double fastest = 1e30;
  for (Runner &runner : runners) {
    Times times;
    if (!runCalls(runner, 3, times))
      return runner.fail(workload, "died");
    fastest = std::min(fastest, times.least);
  }
  long calls = std::clamp(std::lround(turn / fastest), 1L, mostCalls);
  double begin = nowMicroseconds();
  // The first turn warms up.
  for (size_t count = 0;
       count <= leastTurns || nowMicroseconds() - begin < options.seconds * 1e6;
       ++count)
    for (size_t i = 0; i < runners.size(); ++i) {
      Runner &runner = runners[(count + i) % runners.size()];
      Times times;
      if (options.threads > 1)
        std::this_thread::sleep_for(quiet);
      auto before = runner.process->threadTimes();
      if (!runCalls(runner, calls, times))
        return runner.fail(workload, "died");
      if (count == 0) {
        if (options.threads > 1)
          runner.process->spreadThreads(before, options.threads);
        continue;
      }
      Measurement &measurement = runner.measurement;
      measurement.least = measurement.turns.empty()
                              ? times.least
                              : std::min(measurement.least, times.least);
      measurement.turns.push_back(times.median);
    }
  return true;
}

bool race(Row &row, const std::vector<Peer> &peers, const RaceOptions &options,
          const Compiled &model, const fs::path &folder) {
  const Workload &workload = row.workload;
  std::vector<Runner> runners;
  for (const Peer &peer : peers) {
    if (!peer.installed)
      continue;
    Runner runner;
    runner.peer = &peer;
    runner.measurement.peer = peer.name;
    switch (start(runner, workload, options.threads, model.library, folder)) {
    case Started::unsupported:
      continue;
    case Started::no:
      return runner.fail(workload, "does not start");
    case Started::yes:
      runners.push_back(std::move(runner));
    }
  }
  for (Runner &runner : runners) {
    if (runner.process->ask("settle") != "settled" ||
        !readResult(runner, folder / "result"))
      return runner.fail(workload, "gives no result");
    if (!agree(workload, runners[0], runner))
      return false;
  }
  for (Runner &runner : runners)
    runner.result = {};
  for (Runner &runner : runners) {
    runner.measurement.peakMemoryBytes = runner.process->peakMemoryBytes();
    runner.process->forgetPeak();
  }
  if (!takeTurns(runners, workload, options))
    return false;
  for (Runner &runner : runners) {
    Measurement &measurement = runner.measurement;
    bool ours = runner.peer->name == "sinter";
    measurement.peakMemoryBytes = std::max(measurement.peakMemoryBytes,
                                           runner.process->peakMemoryBytes());
    measurement.ownMemoryBytes = runner.process->ownMemoryBytes();
    // They are read from the library's file.
    if (ours && !workload.training)
      measurement.ownMemoryBytes += workload.parameterBytes();
    measurement.libraryBytes =
        ours ? model.bytes : runner.process->libraryBytes();
    row.measurements.push_back(std::move(measurement));
  }
  return true;
}

} // namespace bench
