//===- FusionRefusalsTest.cpp - each reason not to fuse, once a rule -----===//
//
// In every case the op named "late" is a neighbour of the kernel of the op
// named "root" and stays out of it; the kernel says why.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"
#include "passes/fuse/GrowClusters.h"

#include <set>

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;
using passes::Refusal;

namespace {

struct Case {
  const char *name;
  Refusal why;
  /// Ops on %x, %y : !m and the variables @p, @q, @r : !m.
  std::string body;
  /// What is returned, with types.
  const char *values, *types;
};

std::ostream &operator<<(std::ostream &out, const Case &c) {
  return out << c.name;
}

const std::string dot = "%d = sinter.dot_general %x, %y contract [1] x [0] "
                        "batch [] x [] : !m, !m -> !m loc(\"root\")\n";
const std::string exponential = "%e = sinter.exp %x : !m loc(\"root\")\n";
/// A value that needs a kernel which needs %e.
const std::string around =
    "%c = sinter.concatenate %e, %e dim 0 : !m, !m -> !w\n"
    "%h = sinter.slice %c offsets [2, 0] sizes [4, 4] strides [1, 1] : !w -> "
    "!m\n";

/// p′ = p − d and so on, the first two named.
const std::string readVariables = "%p = sinter.read @p : !m\n"
                                  "%q = sinter.read @q : !m\n"
                                  "%r = sinter.read @r : !m\n";
const std::string updateThree = "%p1 = sinter.sub %p, %d : !m loc(\"late\")\n"
                                "%q1 = sinter.sub %q, %c : !m\n"
                                "%r1 = sinter.sub %r, %y : !m\n"
                                "sinter.write @p, %p1 : !m\n"
                                "sinter.write @q, %q1 : !m\n"
                                "sinter.write @r, %r1 : !m\n";

/// %e, then %t1 … until the kernel is full, and %l.
std::string fullKernel() {
  std::string text = exponential, last = "%e";
  for (size_t i = 1; i < passes::largestCluster; ++i) {
    std::string next = "%t" + std::to_string(i);
    text += next + " = sinter.tanh " + last + " : !m\n";
    last = next;
  }
  return text + "%l = sinter.tanh " + last + " : !m loc(\"late\")\n";
}

const Case cases[] = {
    {"ContractionLeavesRoots", Refusal::OwnRoot,
     dot + "%l = sinter.reduce_sum %d dims [1] : !m -> !v loc(\"late\")\n",
     "%l", "!v"},
    {"ContractionLeavesOtherShapes", Refusal::OtherShape,
     dot + "%b = sinter.broadcast %d dims [1, 2] : !m -> !t\n"
           "%l = sinter.exp %b : !t loc(\"late\")\n",
     "%l", "!t"},
    {"ContractionLeavesWhatReadsItTransposed", Refusal::ReadsElsewhere,
     dot + "%b = sinter.transpose %d [1, 0] : !m -> !m\n"
           "%l = sinter.exp %b : !m loc(\"late\")\n",
     "%l", "!m"},
    {"ContractionLeavesWhatItReadsTransposed", Refusal::ReadElsewhere,
     dot + "%l = sinter.exp %y : !m loc(\"late\")\n"
           "%b = sinter.transpose %l [1, 0] : !m -> !m\n"
           "%a = sinter.add %d, %b : !m\n",
     "%a", "!m"},
    {"ContractionLeavesCycles", Refusal::Cycle,
     dot + "%s = sinter.reduce_sum %d dims [1] : !m -> !v\n"
           "%b = sinter.broadcast %s dims [0] : !v -> !m\n"
           "%l = sinter.sub %d, %b : !m loc(\"late\")\n",
     "%l", "!m"},
    {"ContractionLeavesItsOwnExpensiveOperands", Refusal::EveryTile,
     "%l = sinter.tanh %x : !m loc(\"late\")\n"
     "%d = sinter.dot_general %l, %y contract [1] x [0] batch [] x [] : !m, !m "
     "-> !m loc(\"root\")\n",
     "%d", "!m"},
    {"ContractionLeavesWhatOthersRead", Refusal::NeededElsewhere,
     dot + "%l = sinter.exp %y : !m loc(\"late\")\n"
           "%a = sinter.add %d, %l : !m\n",
     "%a, %l", "!m, !m"},
    {"ContractionLeavesCheapReadersOfItsResult", Refusal::StoredAnyway,
     dot + "%s = sinter.reduce_sum %d dims [1] : !m -> !v\n"
           "%l = sinter.mul %d, %y : !m loc(\"late\")\n"
           "%r = sinter.reduce_max %l dims [1] : !m -> !v\n",
     "%s, %r", "!v, !v"},
    {"AGradientThatOthersReadIsStored", Refusal::SharedGradient,
     readVariables + dot + "%c = sinter.neg %x : !m\n" + updateThree +
         "%s = sinter.reduce_sum %d dims [1] : !m -> !v\n",
     "%s", "!v"},
    // Four products are over long before the division.
    {"AnUpdateThatItsProductsCannotHide", Refusal::Exposed,
     readVariables + dot +
         "%c = sinter.neg %x : !m\n"
         "%p1 = sinter.div %p, %d : !m loc(\"late\")\n"
         "%q1 = sinter.div %q, %c : !m\n"
         "%r1 = sinter.div %r, %y : !m\n"
         "sinter.write @p, %p1 : !m\n"
         "sinter.write @q, %q1 : !m\n"
         "sinter.write @r, %r1 : !m\n",
     "%x", "!m"},
    // Each gradient of p·q is a product with the other factor.
    {"TwoFactorsAreNotBothReplacedByTheirGradients", Refusal::OldValueNeeded,
     readVariables +
         "%c = sinter.dot_general %p, %x contract [0] x [0] batch [] x [] : "
         "!m, !m -> !m\n"
         "%d = sinter.dot_general %x, %q contract [1] x [1] batch [] x [] : "
         "!m, !m -> !m loc(\"root\")\n"
         "%q0 = sinter.sub %q, %c : !m\n"
         "sinter.write @q, %q0 : !m\n"
         "%p1 = sinter.sub %p, %d : !m loc(\"late\")\n"
         "sinter.write @p, %p1 : !m\n"
         "%r1 = sinter.sub %r, %y : !m\n"
         "sinter.write @r, %r1 : !m\n",
     "%x", "!m"},

    {"RowsLeaveColumns", Refusal::OtherDimensions,
     "%e = sinter.exp %x : !m\n"
     "%s = sinter.reduce_sum %e dims [1] : !m -> !v loc(\"root\")\n"
     "%l = sinter.reduce_max %e dims [0] : !m -> !v loc(\"late\")\n",
     "%s, %l", "!v, !v"},
    {"RowsLeaveOtherShapes", Refusal::NeitherRowNorRest,
     "%s = sinter.reduce_sum %x dims [1] : !m -> !v loc(\"root\")\n"
     "%b = sinter.broadcast %s dims [2] : !v -> !t\n"
     "%l = sinter.exp %b : !t loc(\"late\")\n",
     "%l", "!t"},
    {"RowsLeaveWhatReadsThemTransposed", Refusal::ReadsElsewhere,
     "%e = sinter.exp %x : !m\n"
     "%s = sinter.reduce_sum %e dims [1] : !m -> !v loc(\"root\")\n"
     "%b = sinter.transpose %e [1, 0] : !m -> !m\n"
     "%l = sinter.tanh %b : !m loc(\"late\")\n",
     "%s, %l", "!v, !m"},
    {"RowsLeaveWhatTheyReadTransposed", Refusal::ReadElsewhere,
     "%l = sinter.tanh %y : !m loc(\"late\")\n"
     "%b = sinter.transpose %l [1, 0] : !m -> !m\n"
     "%a = sinter.add %x, %b : !m\n"
     "%s = sinter.reduce_sum %a dims [1] : !m -> !v loc(\"root\")\n",
     "%s", "!v"},
    {"ColumnsLeaveWhatReadsThemBack", Refusal::NotRows,
     "%t = sinter.broadcast %x dims [1, 2] : !m -> tensor<99x4x4xf32>\n"
     "%e = sinter.exp %t : tensor<99x4x4xf32>\n"
     "%s = sinter.reduce_sum %e dims [0] : tensor<99x4x4xf32> -> !m "
     "loc(\"root\")\n"
     "%b = sinter.broadcast %s dims [1, 2] : !m -> tensor<99x4x4xf32>\n"
     "%l = sinter.sub %t, %b : tensor<99x4x4xf32> loc(\"late\")\n",
     "%l", "tensor<99x4x4xf32>"},
    {"RowsLeaveCycles", Refusal::Cycle,
     "%s = sinter.reduce_sum %x dims [1] : !m -> !v loc(\"root\")\n"
     "%c = sinter.concatenate %s, %s dim 0 : !v, !v -> tensor<8xf32>\n"
     "%h = sinter.slice %c offsets [2] sizes [4] strides [1] : tensor<8xf32> "
     "-> !v\n"
     "%l = sinter.add %s, %h : !v loc(\"late\")\n",
     "%l", "!v"},

    {"PointwiseLeavesRoots", Refusal::OwnRoot,
     exponential +
         "%l = sinter.concatenate %e, %e dim 0 : !m, !m -> !w loc(\"late\")\n",
     "%l", "!w"},
    {"PointwiseLeavesOtherShapes", Refusal::OtherShape,
     exponential + "%b = sinter.broadcast %e dims [1, 2] : !m -> !t\n"
                   "%l = sinter.tanh %b : !t loc(\"late\")\n",
     "%l", "!t"},
    {"PointwiseLeavesWhatReadsItTransposed", Refusal::ReadsElsewhere,
     exponential + "%b = sinter.transpose %e [1, 0] : !m -> !m\n"
                   "%l = sinter.tanh %b : !m loc(\"late\")\n",
     "%l", "!m"},
    {"PointwiseLeavesWhatItReadsTransposed", Refusal::ReadElsewhere,
     exponential + "%l = sinter.tanh %y : !m loc(\"late\")\n"
                   "%b = sinter.transpose %l [1, 0] : !m -> !m\n"
                   "%a = sinter.add %e, %b : !m\n",
     "%a", "!m"},
    {"PointwiseLeavesCycles", Refusal::Cycle,
     exponential + around + "%l = sinter.add %e, %h : !m loc(\"late\")\n", "%l",
     "!m"},
    {"AFullKernelLeavesWhatFollows", Refusal::Full, fullKernel(), "%l", "!m"},
    {"ReadersOfOneTensorThatNeedEachOther", Refusal::Dependent,
     exponential + around + "%l = sinter.mul %x, %h : !m loc(\"late\")\n", "%l",
     "!m"},
};

class FusionRefusals : public Fusing,
                       public ::testing::WithParamInterface<Case> {
protected:
  static mlir::Operation *find(KernelOp kernel, llvm::StringRef name) {
    for (mlir::Operation &op : kernel.getBody().front().without_terminator())
      if (getGivenName(op.getLoc()) == name)
        return &op;
    return nullptr;
  }
};

TEST_P(FusionRefusals, AreGivenWithTheirReason) {
  const Case &c = GetParam();
  auto module = fused("!m = tensor<4x4xf32>\n!v = tensor<4xf32>\n"
                      "!w = tensor<8x4xf32>\n!t = tensor<3x4x4xf32>\n"
                      "module {\nsinter.variable @p : !m\n"
                      "sinter.variable @q : !m\nsinter.variable @r : !m\n"
                      "sinter.entry @run(%x: !m, %y: !m) -> (" +
                      std::string(c.types) + ") {\n" + c.body +
                      "sinter.return " + c.values + " : " + c.types + "\n}\n}");
  KernelOp refusing;
  std::string late;
  for (KernelOp kernel : kernels(*module)) {
    if (find(kernel, "root")) {
      refusing = kernel;
      EXPECT_FALSE(find(kernel, "late"));
    }
    if (mlir::Operation *op = find(kernel, "late"))
      late = op->getName().stripDialect().str() + " 'late': ";
  }
  ASSERT_TRUE(refusing) << print(*module);
  ASSERT_FALSE(late.empty()) << print(*module);
  std::vector<std::string> given;
  auto refusals = refusing->getAttrOfType<mlir::ArrayAttr>(refusalsAttr);
  ASSERT_TRUE(refusals) << print(*module);
  for (auto text : refusals.getAsRange<mlir::StringAttr>())
    if (text.getValue().contains("'late'"))
      given.push_back(text.str());
  EXPECT_EQ(given, (std::vector<std::string>{late + textOf(c.why).str()}))
      << print(*module);
}

INSTANTIATE_TEST_SUITE_P(Rules, FusionRefusals, ::testing::ValuesIn(cases),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

TEST(FusionRefusalTexts, EachOfARuleHasACaseAndNoneIsSaidTwice) {
  std::set<Refusal> tested;
  for (const Case &c : cases)
    tested.insert(c.why);
  EXPECT_EQ(tested.size(), static_cast<size_t>(Refusal::Unasked));
  std::set<llvm::StringRef> texts(std::begin(passes::refusalTexts),
                                  std::end(passes::refusalTexts));
  EXPECT_EQ(texts.size(), std::size(passes::refusalTexts));
}

TEST_F(Fusing, JoinedOpsAreNotRefused) {
  // A bias is refused by nobody; a later rule may take what an earlier one
  // left.
  auto module = fused(R"(
    !m = tensor<4x4xf32>
    module {
      sinter.entry @run(%x: !m, %y: !m, %b: !m) -> !m {
        %d = sinter.dot_general %x, %y contract [1] x [0] batch [] x []
             : !m, !m -> !m
        %s = sinter.add %d, %b : !m
        %l = sinter.tanh %s : !m
        sinter.return %l : !m
      }
    })");
  ASSERT_EQ(kernels(*module).size(), 1u);
  EXPECT_FALSE(kernels(*module)[0]->hasAttr(refusalsAttr));
}

} // namespace
