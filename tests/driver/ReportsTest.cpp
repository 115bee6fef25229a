//===- ReportsTest.cpp - what the reports say on the command line ---------===//

#include "tests/driver/Process.h"

#include <gmock/gmock.h>

using namespace sinter::tests;
using testing::HasSubstr;
using testing::Not;

namespace {
using Reports = InFolder;

const char *model = R"(module @m {
  sinter.variable @count : tensor<i64>
  sinter.entry @run(%x: tensor<64xf32>) -> tensor<64xf32> {
    %c = sinter.read @count : tensor<i64>
    %one = sinter.constant dense<1> : tensor<i64>
    %next = sinter.add %c, %one : tensor<i64>
    sinter.write @count, %next : tensor<i64>
    %y = sinter.tanh %x : tensor<64xf32>
    sinter.return %y : tensor<64xf32>
  }
}
)";

TEST_F(Reports, kernelsWithoutVectorsAreListedWithTheirReason) {
  writeFile("m.mlir", model);
  Finished finished = run(
      {SINTERC, "m.mlir", "--emit=loops", "-o", "l.mlir", "--fusion-report"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  std::string report = finished.out + finished.err;
  size_t list = report.find("not vectorized\n");
  ASSERT_NE(list, std::string::npos) << report;
  // Both kernels are in the report, the counter alone is in the list.
  EXPECT_THAT(report.substr(0, list), HasSubstr("run_tanh"));
  EXPECT_THAT(report.substr(list), Not(HasSubstr("run_tanh")));
  EXPECT_EQ(report.substr(list), "not vectorized\n  run_add\n"
                                 "    it computes single elements\n");
}

TEST_F(Reports, nothingIsListedWhereEverythingIsVectors) {
  std::string text = model;
  size_t write = text.find("    sinter.write");
  text.erase(write, text.find('\n', write) + 1 - write);
  writeFile("m.mlir", text);
  Finished finished = run(
      {SINTERC, "m.mlir", "--emit=loops", "-o", "l.mlir", "--fusion-report"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out + finished.err, HasSubstr("run_tanh"));
  EXPECT_THAT(finished.out + finished.err, Not(HasSubstr("not vectorized")));
}

} // namespace
