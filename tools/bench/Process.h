//===- Process.h - a contender as the driver sees it ------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_PROCESS_H
#define SINTER_TOOLS_BENCH_PROCESS_H

#include <cstdint>
#include <cstdio>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/// A running program that answers lines; see contenders/Contender.h.  It ends
/// with the object.
class Process {
public:
  /// `variables` are NAME=VALUE, on top of the driver's own environment.
  Process(const std::vector<std::string> &command,
          const std::vector<std::string> &variables);
  ~Process();
  Process(const Process &) = delete;
  Process &operator=(const Process &) = delete;

  /// The next line of its output, or "" if it has ended.
  std::string read();
  std::string ask(const std::string &line);

  /// From its start to now.
  double age() const;
  /// The most memory it has used so far.
  int64_t peakMemoryBytes() const;
  /// The libraries it has loaded, except the C library's.
  int64_t libraryBytes() const;

private:
  pid_t pid = -1;
  double started = 0;
  std::FILE *input = nullptr, *output = nullptr;
};

/// Runs a program to its end; its exit code, or -1.
int runToEnd(const std::vector<std::string> &command);

double nowMicroseconds();

} // namespace bench

#endif // SINTER_TOOLS_BENCH_PROCESS_H
