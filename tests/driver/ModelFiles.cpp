//===- ModelFiles.cpp - model.cpp and what sinterc dumps of it ------------===//

#include "tests/driver/ModelFiles.h"

using namespace sinter;

std::string tests::modelSource(const std::string &body,
                               const std::string &name) {
  return "#include <sinter/sinter.h>\n"
         "using namespace sinter;\n"
         "SINTER_MODEL(" +
         name + ") {\n" + body + "}\n";
}

static void compile(const std::vector<std::string> &args) {
  std::vector<std::string> command = {SINTERC, "--emit=obj"};
  command.insert(command.end(), args.begin(), args.end());
  tests::Finished finished = tests::run(command);
  ASSERT_EQ(finished.code, 0) << finished.err;
}

void tests::compileWithDumps(const std::string &body, const std::string &name) {
  writeFile("model.cpp", modelSource(body, name));
  compile({"model.cpp", "--dump-dir=dumps"});
}

void tests::expectDumpsGoOn(const std::string &flag) {
  compile({"model.cpp", flag, "-o", "whole.o", "--dump-dir=dumps"});
  for (const std::string &stage : stages) {
    compile({"dumps/" + stage + ".mlir", "-o", "part.o"});
    EXPECT_EQ(readFile("part.o"), readFile("whole.o")) << stage;
  }
}
