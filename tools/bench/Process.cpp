//===- Process.cpp - a contender as the driver sees it --------------------===//

#include "Process.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <set>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace bench {

double nowMicroseconds() {
  using namespace std::chrono;
  return duration<double, std::micro>(steady_clock::now().time_since_epoch())
      .count();
}

static std::vector<char *> pointers(const std::vector<std::string> &words) {
  std::vector<char *> result;
  for (const std::string &word : words)
    result.push_back(const_cast<char *>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

/// The environment with `variables` instead of its own of the same names.
static std::vector<std::string>
environmentWith(const std::vector<std::string> &variables) {
  std::vector<std::string> result = variables;
  for (char **variable = environ; *variable; ++variable) {
    std::string text = *variable, name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string &own : variables)
      replaced |= own.rfind(name, 0) == 0;
    if (!replaced)
      result.push_back(text);
  }
  return result;
}

Process::Process(const std::vector<std::string> &command,
                 const std::vector<std::string> &variables) {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC))
    return;
  if (pipe2(from, O_CLOEXEC)) {
    close(to[0]);
    close(to[1]);
    return;
  }
  input = fdopen(to[1], "w");
  output = fdopen(from[0], "r");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  std::vector<std::string> environment = environmentWith(variables);
  started = nowMicroseconds();
  if (posix_spawnp(&pid, command[0].c_str(), &actions, nullptr,
                   pointers(command).data(), pointers(environment).data()))
    pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  close(to[0]);
  close(from[1]);
}

Process::~Process() {
  if (input)
    std::fclose(input);
  if (pid > 0)
    waitpid(pid, nullptr, 0);
  if (output)
    std::fclose(output);
}

std::string Process::read() {
  char line[4096];
  if (!output || !std::fgets(line, sizeof line, output))
    return "";
  line[std::strcspn(line, "\n")] = 0;
  return line;
}

std::string Process::ask(const std::string &line) {
  if (!input || std::fprintf(input, "%s\n", line.c_str()) < 0 ||
      std::fflush(input))
    return "";
  return read();
}

std::map<pid_t, int64_t> Process::threadTimes() const {
  std::map<pid_t, int64_t> result;
  std::error_code error;
  fs::path tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const fs::directory_entry &task : fs::directory_iterator(tasks, error)) {
    int64_t nanoseconds = 0;
    if (std::ifstream(task.path() / "schedstat") >> nanoseconds)
      result[std::stoi(task.path().filename())] = nanoseconds;
  }
  return result;
}

void Process::spreadThreads(const std::map<pid_t, int64_t> &before,
                            int count) const {
  std::vector<std::pair<int64_t, pid_t>> worked;
  for (auto [thread, time] : threadTimes()) {
    auto then = before.find(thread);
    worked.emplace_back(time - (then == before.end() ? 0 : then->second),
                        thread);
  }
  std::sort(worked.rbegin(), worked.rend());
  std::vector<int> cores = availableCores();
  for (size_t i = 0;
       i < worked.size() && i < cores.size() && i < static_cast<size_t>(count);
       ++i)
    pin(worked[i].second, {cores[i]});
}

std::vector<int> availableCores() {
  cpu_set_t set;
  std::vector<int> result;
  if (!sched_getaffinity(0, sizeof set, &set))
    for (int core = CPU_SETSIZE - 1; core >= 0; --core)
      if (CPU_ISSET(core, &set))
        result.push_back(core);
  return result;
}

void pin(pid_t thread, const std::vector<int> &cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int core : cores)
    CPU_SET(core, &set);
  sched_setaffinity(thread, sizeof set, &set);
}

double Process::age() const { return nowMicroseconds() - started; }

bool Process::isReady(const std::string &line) {
  long long bytes = 0;
  if (std::sscanf(line.c_str(), "ready %lld", &bytes) != 1)
    return false;
  loadedBytes = bytes;
  return true;
}

/// What /proc says of the process under this name, in bytes.
static int64_t statusBytes(pid_t pid, const char *name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  for (int64_t kilobytes = 0; status >> word;)
    if (word == name && status >> kilobytes)
      return kilobytes * 1024;
  return 0;
}

int64_t Process::peakMemoryBytes() const { return statusBytes(pid, "VmHWM:"); }

void Process::forgetPeak() const {
  // Where this is not allowed the peak stays that of its whole life.
  constexpr char peak[] = "5";
  std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << peak;
}

int64_t Process::ownMemoryBytes() const {
  return std::max<int64_t>(0, peakMemoryBytes() - statusBytes(pid, "RssFile:") -
                                  statusBytes(pid, "RssShmem:") - loadedBytes);
}

int64_t Process::libraryBytes() const {
  std::set<std::string> files;
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    size_t slash = line.find('/');
    if (slash != std::string::npos)
      files.insert(line.substr(slash));
  }
  // Of the C library, which every system has.
  const char *system[] = {"ld-linux", "libc.",       "libm.",
                          "libdl.",   "libpthread.", "librt."};
  int64_t result = 0;
  for (const std::string &path : files) {
    std::string name = fs::path(path).filename();
    bool library = name.find(".so") != std::string::npos ||
                   fs::path(path).extension() == ".node";
    for (const char *prefix : system)
      library &= name.rfind(prefix, 0) != 0;
    std::error_code error;
    uintmax_t size = fs::file_size(path, error);
    if (library && !error)
      result += static_cast<int64_t>(size);
  }
  return result;
}

int runToEnd(const std::vector<std::string> &command) {
  pid_t pid;
  if (posix_spawnp(&pid, command[0].c_str(), nullptr, nullptr,
                   pointers(command).data(), environ))
    return -1;
  int status = 0;
  if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
    return -1;
  return WEXITSTATUS(status);
}

} // namespace bench
