//===- Process.cpp - programs run by tests --------------------------------===//

#include "tests/driver/Process.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace sinter::tests;

std::string sinter::tests::readFile(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << "no file " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void sinter::tests::writeFile(const fs::path &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string sinter::tests::tensors(const fs::path &path) {
  std::string bytes = readFile(path);
  uint64_t header = 0;
  EXPECT_GE(bytes.size(), sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  return bytes.substr(sizeof header + header);
}

std::string sinter::tests::replaced(std::string text, const std::string &from,
                                    const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

static fs::path makeFolder() {
  std::string name = (fs::temp_directory_path() / "sinter-XXXXXX").string();
  return mkdtemp(name.data());
}

Finished sinter::tests::run(const std::vector<std::string> &args) {
  fs::path folder = makeFolder();
  std::string out = folder / "out", err = folder / "err";
  fflush(stdout); // or the child writes it too
  pid_t child = fork();
  if (child == 0) {
    if (!freopen(out.c_str(), "w", stdout) ||
        !freopen(err.c_str(), "w", stderr))
      _exit(126);
    std::vector<char *> argv;
    for (const std::string &arg : args)
      argv.push_back(const_cast<char *>(arg.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Finished finished;
  finished.code =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  finished.out = readFile(out);
  finished.err = readFile(err);
  fs::remove_all(folder);
  return finished;
}

void InFolder::SetUp() {
  before = fs::current_path();
  folder = makeFolder();
  fs::current_path(folder);
}

void InFolder::TearDown() {
  fs::current_path(before);
  fs::remove_all(folder);
}

std::vector<std::string> InFolder::list(const std::string &folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}
