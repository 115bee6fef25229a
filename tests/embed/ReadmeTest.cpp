//===- ReadmeTest.cpp - the README's host, to the letter ------------------===//
//
// Takes the commands and the C program out of README.md and runs them in a
// folder where the project's folders are.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/Process.h"

#include <gmock/gmock.h>

using namespace sinter::tests;

namespace {

/// What stands between `begin`, wherever it follows `after`, and `end`.
std::string between(const std::string &text, const std::string &after,
                    const std::string &begin, const std::string &end) {
  size_t start = text.find(begin, text.find(after));
  EXPECT_NE(start, std::string::npos) << begin;
  if (start == std::string::npos)
    return "";
  start += begin.size();
  return text.substr(start, text.find(end, start) - start);
}

class Readme : public InFolder {};

TEST_F(Readme, theHostInC) {
  for (const char *name : {"examples", "runtime"})
    std::filesystem::create_directory_symlink(
        SOURCE_DIR "/" + std::string(name), name);
  std::filesystem::create_directory_symlink(BUILD_DIR, "build");
  std::string readme = readFile(SOURCE_DIR "/README.md");
  const std::string chapter = "## In a program of your own";
  writeFile("host.c", between(readme, chapter, "```c\n", "```"));
  std::string emit = between(readme, chapter, "\n`build/bin/sinterc", "`");
  std::string link = between(readme, chapter, "```\ncc ", "```");
  if (*SANITIZERS)
    link.insert(0, "-fsanitize=" SANITIZERS " ");
  for (const std::string &command :
       {"build/bin/sinterc" + emit, "cc " + link, std::string("./host")}) {
    Finished finished = run({"/bin/sh", "-e", "-c", command});
    EXPECT_EQ(finished.code, 0) << command << "\n" << finished.err;
  }
}
} // namespace
