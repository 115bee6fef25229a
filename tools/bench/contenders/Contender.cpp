//===- Contender.cpp - a process that runs one workload -------------------===//

#include "Contender.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace bench {

static double nowMicroseconds() {
  using namespace std::chrono;
  return duration<double, std::micro>(steady_clock::now().time_since_epoch())
      .count();
}

static long long loadedBytes = 0;

void noteLoaded() {
  std::FILE *file = std::fopen("/proc/self/status", "r");
  if (!file)
    return;
  char line[256];
  long long kilobytes = 0;
  while (std::fgets(line, sizeof line, file))
    if (std::sscanf(line, "RssAnon: %lld", &kilobytes) == 1)
      loadedBytes = kilobytes * 1024;
  std::fclose(file);
}

static void answerRun(Contender &contender, long calls) {
  contender.run();
  std::vector<double> times;
  for (long i = 0; i < calls; ++i) {
    double start = nowMicroseconds();
    contender.run();
    times.push_back(nowMicroseconds() - start);
  }
  std::sort(times.begin(), times.end());
  std::printf("%.3f %.3f\n", times[times.size() / 2], times[0]);
}

static bool writeResult(Contender &contender, std::vector<float> losses,
                        const char *path) {
  if (losses.empty()) {
    contender.run();
    losses = contender.result();
  } else
    while (losses.size() < comparedSteps) {
      contender.run();
      losses.push_back(contender.result()[0]);
    }
  std::FILE *file = std::fopen(path, "wb");
  if (!file)
    return false;
  size_t written =
      std::fwrite(losses.data(), sizeof(float), losses.size(), file);
  return std::fclose(file) == 0 && written == losses.size();
}

int serve(Contender &contender, bool training) {
  contender.run();
  std::vector<float> losses;
  if (training)
    losses = contender.result();
  std::printf("ready %lld\n", loadedBytes);
  std::fflush(stdout);
  char line[4096];
  while (std::fgets(line, sizeof line, stdin)) {
    line[std::strcspn(line, "\n")] = 0;
    long calls = 0;
    if (std::sscanf(line, "run %ld", &calls) == 1 && calls > 0)
      answerRun(contender, calls);
    else if (!std::strcmp(line, "settle")) {
      contender.settle();
      std::puts("settled");
    } else if (!std::strncmp(line, "result ", 7))
      std::puts(writeResult(contender, losses, line + 7) ? "written"
                                                         : "failed");
    else
      std::puts("unknown");
    std::fflush(stdout);
  }
  return 0;
}

int serveUnsupported() {
  std::puts("unsupported");
  return 0;
}

} // namespace bench
