//===- DeduplicateKernelsTest.cpp - equal kernels become one --------------===//
//
// The subject runs alone on kernels that are written out: the same body with
// one difference at a time.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/DeduplicateKernels.h"
#include "Fusing.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

class DeduplicateKernels : public Fusing {
protected:
  /// How many kernels are left of one and `other`, both called.
  size_t count(const std::string &other, const std::string &type = "!t") {
    std::string text =
        "!t = tensor<4xf32>\nmodule {\n"
        "sinter.kernel @one(%a: !t, %b: !t) -> !t attributes {schedule = {kind "
        "= \"pointwise\"}} {\n"
        "  %c = sinter.constant dense<2.0> : !t\n"
        "  %0 = sinter.mul %a, %c : !t loc(\"first.scale\")\n"
        "  %1 = sinter.sub %0, %b : !t\n"
        "  %2 = sinter.compare gt %1, %b : !t\n"
        "  %3 = sinter.select %2, %1, %b : !t\n"
        "  sinter.return %3 : !t\n}\n" +
        other + "sinter.entry @run(%x: !t, %y: !t, %z: " + type +
        ", %u: " + type + ") -> (!t, " + type +
        ") {\n"
        "  %p = sinter.call @one(%x, %y) : (!t, !t) -> !t loc(\"p\")\n"
        "  %q = sinter.call @other(%z, %u) : (" +
        type + ", " + type + ") -> " + type +
        " loc(\"q\")\n"
        "  sinter.return %p, %q : !t, " +
        type + "\n}\n}";
    module = parse(text);
    auto before = parse(text);
    mlir::PassManager manager(&context);
    manager.addPass(passes::createDeduplicateKernelsPass());
    EXPECT_TRUE(succeeded(manager.run(*module)));
    expectSame(*before, *module);
    return kernels(*module).size();
  }

  static std::string other(const std::string &body,
                           const std::string &type = "!t",
                           const std::string &kind = "pointwise") {
    return "sinter.kernel @other(%a: " + type + ", %b: " + type + ") -> " +
           type + " attributes {schedule = {kind = \"" + kind + "\"}} {\n" +
           body + "}\n";
  }
  static std::string body(const std::string &constant = "2.0",
                          const std::string &difference = "%0, %b",
                          const std::string &relation = "gt",
                          const std::string &type = "!t") {
    return "  %c = sinter.constant dense<" + constant + "> : " + type +
           "\n  %0 = sinter.mul %a, %c : " + type + "\n  %1 = sinter.sub " +
           difference + " : " + type + "\n  %2 = sinter.compare " + relation +
           " %1, %b : " + type + "\n  %3 = sinter.select %2, %1, %b : " + type +
           "\n  sinter.return %3 : " + type + "\n";
  }

  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(DeduplicateKernels, IgnoresNamesOfOps) {
  EXPECT_EQ(count(other(body())), 1u);
  // The first stays; each call keeps its own name.
  std::vector<CallOp> both = calls(*module, "run");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].getKernel(), "one");
  EXPECT_EQ(both[1].getKernel(), "one");
  EXPECT_EQ(getGivenName(both[0].getLoc()), "p");
  EXPECT_EQ(getGivenName(both[1].getLoc()), "q");
}

TEST_F(DeduplicateKernels, IgnoresNamesOfValuesAndPlaces) {
  std::string text = body();
  for (auto [from, to] : {std::pair("%0", "%product"), {"%3", "%chosen"}})
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from))
      text.replace(at, 2, to);
  text.replace(text.find("!t\n"), 3, "!t loc(\"elsewhere.cpp\":7:3)\n");
  EXPECT_EQ(count(other(text)), 1u);
}

TEST_F(DeduplicateKernels, IgnoresRefusals) {
  std::string text = other(body());
  text.replace(
      text.find("attributes {"), 12,
      "attributes {fusion_refusals = [\"exp: its shape is another\"], ");
  EXPECT_EQ(count(text), 1u);
}

TEST_F(DeduplicateKernels, KeepsOtherConstants) {
  EXPECT_EQ(count(other(body("2.5"))), 2u);
}

TEST_F(DeduplicateKernels, KeepsOtherOperands) {
  EXPECT_EQ(count(other(body("2.0", "%b, %0"))), 2u);
}

TEST_F(DeduplicateKernels, KeepsOtherAttributes) {
  EXPECT_EQ(count(other(body("2.0", "%0, %b", "ge"))), 2u);
}

TEST_F(DeduplicateKernels, KeepsOtherShapesAndElements) {
  for (std::string type : {"tensor<5xf32>", "tensor<2x2xf32>", "tensor<4xf64>"})
    EXPECT_EQ(count(other(body("2.0", "%0, %b", "gt", type), type), type), 2u)
        << type;
}

TEST_F(DeduplicateKernels, KeepsOtherSchedules) {
  EXPECT_EQ(count(other(body(), "!t", "scalar")), 2u);
}

TEST_F(DeduplicateKernels, DropsWhatNobodyCalls) {
  std::string unused = other(body("9.0"));
  unused.replace(unused.find("@other"), 6, "@unused");
  EXPECT_EQ(count(unused + other(body("2.5"))), 2u);
  EXPECT_FALSE(module->lookupSymbol("unused"));
}

TEST_F(Fusing, EqualLayersRunOneKernel) {
  // Twice the same dense layer on other weights, once with its operands of a
  // subtraction swapped: the order of arguments is that of their first use.
  const std::string text = R"(
    !x = tensor<5x6xf32>
    !w = tensor<6x6xf32>
    module {
      sinter.entry @run(%x: !x, %v: !w, %w: !w, %r: !x) -> !x {
        %a = sinter.dot_general %x, %v contract [1] x [0] batch [] x []
             : !x, !w -> !x loc("first.matmul")
        %b = sinter.sub %a, %r : !x
        %c = sinter.tanh %b : !x loc("first.tanh")
        %d = sinter.dot_general %c, %w contract [1] x [0] batch [] x []
             : !x, !w -> !x loc("second.matmul")
        %e = sinter.sub %d, %x : !x
        %f = sinter.tanh %e : !x loc("second.tanh")
        sinter.return %f : !x
      }
    })";
  auto module = fused(text);
  EXPECT_EQ(callNames(*module, "run"),
            (std::vector<std::string>{"run_first_matmul_tanh",
                                      "run_first_matmul_tanh"}));
  EXPECT_EQ(kernels(*module).size(), 1u);
  EXPECT_EQ(getGivenName(calls(*module, "run")[1].getLoc()), "second.tanh");
  expectUnchanged(text);
}

/// Constants, positions and masks float: where they stand in the entry says
/// nothing of the kernel.
TEST_F(Fusing, KernelsAreEqualWhereverTheirConstantsStand) {
  const char *text = R"(
    !t = tensor<4x6xf32>
    !m = tensor<4x6xi1>
    module {
      sinter.entry @run(%x: !t, %y: !t) -> (!t, !t) {
        %zero = sinter.constant dense<0.0> : !t
        %i = sinter.iota dim 0 : tensor<4x6xi32>
        %j = sinter.iota dim 1 : tensor<4x6xi32>
        %mask = sinter.compare ge %i, %j : tensor<4x6xi32>
        %a = sinter.tanh %x : !t
        %p = sinter.select %mask, %a, %zero : !t
        %b = sinter.tanh %y : !t
        %j2 = sinter.iota dim 1 : tensor<4x6xi32>
        %i2 = sinter.iota dim 0 : tensor<4x6xi32>
        %mask2 = sinter.compare ge %i2, %j2 : tensor<4x6xi32>
        %zero2 = sinter.constant dense<0.0> : !t
        %q = sinter.select %mask2, %b, %zero2 : !t
        sinter.return %p, %q : !t, !t
      }
    })";
  auto module = fused(text);
  EXPECT_EQ(calls(*module, "run").size(), 2u);
  EXPECT_EQ(kernels(*module).size(), 1u) << print(*module);
  expectUnchanged(text);
}

} // namespace
