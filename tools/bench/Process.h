//===- Process.h - a contender as the driver sees it ------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_PROCESS_H
#define SINTER_TOOLS_BENCH_PROCESS_H

#include <cstdint>
#include <cstdio>
#include <map>
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

  /// The processor time of each of its threads so far, in nanoseconds.
  std::map<pid_t, int64_t> threadTimes() const;
  /// Gives each of the `count` threads that have worked most since `before` a
  /// core of its own: a loaded system may leave them on one.
  void spreadThreads(const std::map<pid_t, int64_t> &before, int count) const;

  /// From its start to now.
  double age() const;
  /// Whether the line says that it has its first result.
  bool isReady(const std::string &line);
  /// The most memory it has used so far, or since `forgetPeak`.
  int64_t peakMemoryBytes() const;
  void forgetPeak() const;
  /// Of that peak what it has written itself since its libraries were loaded:
  /// no pages of files.
  int64_t ownMemoryBytes() const;
  /// The libraries it has loaded, except the C library's.
  int64_t libraryBytes() const;

private:
  pid_t pid = -1;
  double started = 0;
  int64_t loadedBytes = 0;
  std::FILE *input = nullptr, *output = nullptr;
};

/// The cores that this program may run on, the last one first.
std::vector<int> availableCores();
/// Lets a thread, 0 the calling one, run on these cores alone.
void pin(pid_t thread, const std::vector<int> &cores);

/// Runs a program to its end; its exit code, or -1.
int runToEnd(const std::vector<std::string> &command);

double nowMicroseconds();

} // namespace bench

#endif // SINTER_TOOLS_BENCH_PROCESS_H
