//===- ProgramTest.cpp - the child process that a model's program is ------===//

#include "gtest/gtest.h"

#include <cstdio>
#include <string>
#include <sys/wait.h>

namespace {

struct Outcome {
  int status;
  std::string output;
};

Outcome run(const std::string &arguments) {
  std::string command = MODEL_PROGRAM " ";
  command += arguments;
  FILE *pipe = popen(command.c_str(), "r");
  Outcome outcome;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe))
    outcome.output.append(buffer, count);
  outcome.status = WEXITSTATUS(pclose(pipe));
  return outcome;
}

bool contains(const Outcome &outcome, const char *text) {
  return outcome.output.find(text) != std::string::npos;
}

TEST(ModelProgram, WritesTheModuleToItsDescriptorOnly) {
  Outcome module = run("--emit-to-fd 3 3>&1 >/dev/null");
  EXPECT_EQ(module.status, 0);
  EXPECT_TRUE(contains(module, "module @regression"));
  EXPECT_TRUE(contains(module, "ModelProgram.cpp\":"));
  EXPECT_FALSE(contains(module, "own output"));
  Outcome rest = run("--emit-to-fd 3 3>/dev/null 2>&1");
  EXPECT_EQ(rest.output, "the model's own output\n");
}

TEST(ModelProgram, TakesOptions) {
  Outcome module = run("--emit-to-fd 3 -P batch=5 3>&1 >/dev/null");
  EXPECT_TRUE(contains(module, "tensor<5x3xf32>"));
  Outcome list = run("--list-options -Pbatch=5 2>&1");
  EXPECT_EQ(list.status, 0);
  EXPECT_TRUE(contains(list, "batch\tinteger\t8\t5\n"));
  EXPECT_TRUE(contains(list, "mistake\ttext\tnone\tnone\n"));
  Outcome wrong = run("--emit-to-fd 3 -P batch=many 2>&1 >/dev/null 3>&1");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_TRUE(contains(wrong, "'many' (from -P) is not an integer"));
  EXPECT_FALSE(contains(wrong, "module @"));
}

TEST(ModelProgram, ReportsAllMistakesAndFails) {
  Outcome outcome = run("--emit-to-fd 3 -P mistake=three 2>&1 >/dev/null 3>&1");
  EXPECT_EQ(outcome.status, 1);
  size_t errors = 0;
  for (size_t at = 0;
       (at = outcome.output.find(": error: ", at)) != std::string::npos; ++at)
    ++errors;
  EXPECT_EQ(errors, 3u) << outcome.output;
  EXPECT_TRUE(contains(outcome, "ModelProgram.cpp:17:"));
  EXPECT_TRUE(contains(outcome, "ModelProgram.cpp:18:"));
  EXPECT_TRUE(contains(outcome, "ModelProgram.cpp:19:"));
  Outcome thrown = run("--emit-to-fd 3 -P mistake=exception 2>&1 3>/dev/null");
  EXPECT_EQ(thrown.status, 1);
  EXPECT_TRUE(contains(thrown, "exception: no data"));
}

TEST(ModelProgram, WrongUsageIsStatusTwo) {
  EXPECT_EQ(run("2>&1").status, 2);
  EXPECT_EQ(run("--nonsense 2>&1").status, 2);
  EXPECT_EQ(run("--emit-to-fd 2>&1").status, 2);
  EXPECT_EQ(run("--emit-to-fd x 2>&1").status, 2);
  EXPECT_EQ(run("--emit-to-fd 3 -P batch 2>&1 3>/dev/null").status, 2);
  EXPECT_EQ(run("--emit-to-fd 3 --model other 2>&1 3>/dev/null").status, 2);
  Outcome models = run("--list-models");
  EXPECT_EQ(models.output, "regression\n");
  // A descriptor that is not open.
  Outcome closed = run("--emit-to-fd 77 2>&1 >/dev/null");
  EXPECT_EQ(closed.status, 1);
  EXPECT_TRUE(contains(closed, "cannot write the module"));
}

} // namespace
