//===- TasksTest.cpp - loop nests that threads share ----------------------===//
//
// That the order of tasks changes nothing is asked of every entry that this
// folder runs (Compiled.cpp).  Here: what is split at all, and what a host
// sees.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include "compiler/target/Stage.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gmock/gmock.h"

#include <set>

using namespace sinter::test;

namespace {
/// An entry `run` that takes the tanh of so many elements, twice.
std::string tanhOf(int64_t elements) {
  std::string type = "tensor<" + std::to_string(elements) + "xf32>";
  return "module @m {\nsinter.entry @run(%x: " + type + ", %z: " + type +
         ") -> (" + type + ", tensor<f32>) {\n%y = sinter.tanh %x : " + type +
         "\n%s = sinter.reduce_sum %z dims [0] : " + type +
         " -> tensor<f32>\nsinter.return %y, %s : " + type +
         ", tensor<f32>\n}\n}";
}

/// A host that counts: regions, and how often each task of the last was asked
/// for.
struct Host {
  int regions = 0, failsAt = -1;
  std::multiset<int64_t> tasks;
  sinter_host hooks = {sizeof(sinter_host), this, parallelFor, nullptr,
                       nullptr};

  static int parallelFor(void *self, int64_t count,
                         int (*body)(void *, int64_t), void *data) {
    auto *host = static_cast<Host *>(self);
    if (host->regions++ == host->failsAt)
      return 7;
    host->tasks.clear();
    for (int64_t i = 0; i < count; ++i) {
      host->tasks.insert(i);
      if (int failure = body(data, i))
        return failure;
    }
    return 0;
  }
};

constexpr const char *wholeUnlessLong = "x86-64-v3";

TEST(Tasks, ShortLoopsAreWholeAndLongOnesAreShared) {
  Compiled small(tanhOf(1000), wholeUnlessLong);
  ASSERT_TRUE(small);
  EXPECT_EQ(small.loops().find("scf.parallel"), std::string::npos);
  Host host;
  EXPECT_EQ(small.statusOn(host.hooks, "run"), SINTER_OK);
  EXPECT_EQ(host.regions, 0);

  Compiled large(tanhOf(1 << 20), wholeUnlessLong);
  ASSERT_TRUE(large);
  EXPECT_EQ(large.statusOn(host.hooks, "run"), SINTER_OK);
  // The sum is one of parts.
  EXPECT_EQ(host.regions, 2);
  EXPECT_GE(host.tasks.size(), 8u);
  EXPECT_LE(host.tasks.size(), 64u);
}

TEST(Tasks, AScheduleSaysWhatIsShared) {
  Compiled scalar(tanhOf(1 << 20), "native", /*level=*/0);
  ASSERT_TRUE(scalar);
  EXPECT_EQ(scalar.loops().find("scf.parallel"), std::string::npos)
      << "-O0 is serial";
}

TEST(Tasks, AFailingHostIsAStatusAndIsNotAskedAgain) {
  // Other shapes: two kernels.
  Compiled compiled("!a = tensor<1048576xf32>\n!b = tensor<512x2048xf32>\n"
                    "module @m {\n"
                    "sinter.entry @run(%x: !a, %z: !b) -> (!a, !b) {\n"
                    "%y = sinter.tanh %x : !a\n%w = sinter.exp %z : !b\n"
                    "sinter.return %y, %w : !a, !b\n}\n}",
                    wholeUnlessLong);
  ASSERT_TRUE(compiled);
  Host host;
  ASSERT_EQ(compiled.statusOn(host.hooks, "run"), SINTER_OK);
  int regions = host.regions;
  ASSERT_GE(regions, 2);
  for (int at = 0; at < regions; ++at) {
    Host failing;
    failing.failsAt = at;
    EXPECT_EQ(compiled.statusOn(failing.hooks, "run"), SINTER_HOST_FAILED);
    EXPECT_EQ(failing.regions, at + 1);
  }
}

TEST(Tasks, AHostWithoutTheHookIsSerial) {
  Compiled compiled(tanhOf(1 << 20), wholeUnlessLong);
  ASSERT_TRUE(compiled);
  Host older, empty;
  older.hooks.struct_size = offsetof(sinter_host, parallel_for);
  empty.hooks.parallel_for = nullptr;
  EXPECT_EQ(compiled.statusOn(older.hooks, "run"), SINTER_OK);
  EXPECT_EQ(compiled.statusOn(empty.hooks, "run"), SINTER_OK);
  EXPECT_EQ(older.regions, 0);
}

/// What the LLVM stage says of a kernel whose loop over tasks ends at `end`,
/// its call having the arguments `arguments`.
std::string refusal(const std::string &end, const std::string &arguments) {
  mlir::DialectRegistry registry;
  sinter::target::registerDialects(registry);
  mlir::MLIRContext context(registry);
  std::string said;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    said += d.str();
    return mlir::success();
  });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func private @k_task(%a: index, %t: index) attributes "
      "{sinter.task} {\nreturn\n}\n"
      "func.func private @k(%x: memref<4xf32>) {\n"
      "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
      "%end = arith.constant " +
          end +
          " : index\nscf.parallel (%t) = (%c0) to (%end) step (%c1) {\n"
          "func.call @k_task(" +
          arguments + ") : (index, index) -> ()\n}\nreturn\n}\n",
      &context);
  EXPECT_TRUE(module) << said;
  mlir::PassManager manager(&context);
  sinter::target::buildLLVMStage(manager);
  EXPECT_TRUE(failed(manager.run(*module))) << "there is no model";
  return said;
}

TEST(Tasks, EditedOnesAreRefused) {
  using testing::HasSubstr;
  constexpr const char *rule = "must count from 0 to at most 64";
  EXPECT_THAT(refusal("4", "%c1, %t"), testing::Not(HasSubstr(rule)));
  EXPECT_THAT(refusal("0", "%c1, %t"), HasSubstr(rule));
  EXPECT_THAT(refusal("-1", "%c1, %t"), HasSubstr(rule));
  EXPECT_THAT(refusal("65", "%c1, %t"), HasSubstr(rule));
  EXPECT_THAT(refusal("4", "%t, %t"), HasSubstr(rule));
  EXPECT_THAT(refusal("4", "%t, %c1"), HasSubstr(rule));
}
} // namespace
