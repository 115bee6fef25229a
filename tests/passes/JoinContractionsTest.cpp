//===- JoinContractionsTest.cpp - products that share an operand ----------===//
//
// Which products become one kernel, what it is called with, and which stay
// apart; the interpreter says that nothing else changes.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"
#include "compiler/ir/Boundaries.h"
#include "passes/fuse/Refusals.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

const std::string types = "!x = tensor<8x16xf32>\n!w = tensor<16x12xf32>\n"
                          "!v = tensor<16x10xf32>\n!y = tensor<8x12xf32>\n"
                          "!z = tensor<8x10xf32>\n!s = tensor<f32>\n"
                          "!d = tensor<12x12xf32>\n";

/// %to = %x · %w
std::string product(const std::string &to, const std::string &x,
                    const std::string &w, const std::string &types,
                    const std::string &name) {
  return to + " = sinter.dot_general " + x + ", " + w +
         " contract [1] x [0] batch [] x [] : " + types + " loc(\"" + name +
         "\")\n";
}
std::string ofX(const std::string &to, const std::string &w,
                const std::string &name) {
  return product(to, "%x", w, "!x, !w -> !y", name);
}
/// %to = tanh %of
std::string behind(const std::string &to, const std::string &of) {
  return to + " = sinter.tanh " + of + " : !y\n";
}

class JoinContractions : public Fusing {
protected:
  mlir::OwningOpRef<mlir::ModuleOp> run(const std::string &body,
                                        const std::string &values,
                                        const std::string &results,
                                        const std::string &attributes = "") {
    std::string text =
        types + "module " + attributes +
        "{\nsinter.entry @run(%x: !x, %a: !w, %b: !w, %c: !w, %v: !v, %d: "
        "!d) -> (" +
        results + ") {\n" + body + "sinter.return " + values + " : " + results +
        "\n}\n}";
    auto before = parse(text);
    auto after = fused(text);
    EXPECT_TRUE(before && after);
    expectSame(*before, *after);
    return after;
  }
  /// An entry over tall matrices, of which no products are joined.
  void expectApart(const std::string &signature, const std::string &body) {
    std::string text = "!x = tensor<64x16xf32>\n!w = tensor<16x64xf32>\n"
                       "!y = tensor<64x64xf32>\n!v = tensor<64xf32>\n"
                       "module {\nsinter.entry @run" +
                       signature + " {\n" + body + "}\n}";
    std::vector<int64_t> counts = segments(*fused(text));
    EXPECT_GT(counts.size(), 2u);
    EXPECT_EQ(counts, std::vector<int64_t>(counts.size(), 1));
    expectUnchanged(text);
  }
  /// The segments of each kernel that is called, 1 where there are none.
  std::vector<int64_t> segments(mlir::ModuleOp module) {
    std::vector<int64_t> all;
    for (CallOp call : calls(module, "run"))
      all.push_back(std::max<int64_t>(number(kernelOf(call), "segments"), 1));
    return all;
  }
};

const std::string three = ofX("%p", "%a", "query") + ofX("%q", "%b", "key") +
                          ofX("%r", "%c", "value");

TEST_F(JoinContractions, ProductsOfOneMatrixAreOneKernel) {
  auto module = run(three, "%p, %q, %r", "!y, !y, !y");
  std::vector<CallOp> all = calls(*module, "run");
  ASSERT_EQ(all.size(), 1u) << print(*module);
  KernelOp kernel = kernelOf(all[0]);
  EXPECT_EQ(kernel.getSymName(), "run_query_key_value");
  EXPECT_EQ(number(kernel, "segments"), 3);
  EXPECT_EQ(number(kernel, "segment_arguments"), 1);
  EXPECT_EQ(number(kernel, "segment_results"), 1);
  // The weights, then what all of them multiply.
  auto entry = module->lookupSymbol<EntryOp>("run");
  std::vector<unsigned> operands;
  for (mlir::Value operand : all[0].getOperands())
    operands.push_back(llvm::cast<mlir::BlockArgument>(operand).getArgNumber());
  EXPECT_EQ(operands, (std::vector<unsigned>{1, 2, 3, 0}));
  EXPECT_EQ(
      llvm::to_vector(entry.getBody().front().getTerminator()->getOperands()),
      llvm::to_vector(mlir::ValueRange(all[0].getResults())));
}

TEST_F(JoinContractions, WhicheverSideItIsOn) {
  std::string text = types +
                     "module {\nsinter.entry @run(%x: !w, %a: !x, %b: !x) -> "
                     "(!y, !y) {\n" +
                     product("%p", "%a", "%x", "!x, !w -> !y", "p") +
                     product("%q", "%b", "%x", "!x, !w -> !y", "q") +
                     "sinter.return %p, %q : !y, !y\n}\n}";
  auto module = fused(text);
  EXPECT_EQ(segments(*module), std::vector<int64_t>{2}) << print(*module);
  expectUnchanged(text);
}

TEST_F(JoinContractions, WithWhatFollowsThem) {
  auto module =
      run(three + behind("%t", "%p") + behind("%u", "%q") + behind("%w", "%r"),
          "%t, %u, %w", "!y, !y, !y");
  EXPECT_EQ(segments(*module), std::vector<int64_t>{3}) << print(*module);
}

TEST_F(JoinContractions, NotWithAnotherShapeOrFormula) {
  auto module = run(three + behind("%t", "%r") +
                        product("%o", "%x", "%v", "!x, !v -> !z", "other"),
                    "%p, %q, %t, %o", "!y, !y, !y, !z");
  std::vector<int64_t> all = segments(*module);
  llvm::sort(all);
  EXPECT_EQ(all, (std::vector<int64_t>{1, 1, 2})) << print(*module);
}

/// The second's weights are made of the first's result.
TEST_F(JoinContractions, NotWhatNeedsOneOfThem) {
  auto module = run(ofX("%p", "%a", "first") +
                        product("%n", "%a", "%d", "!w, !d -> !w", "between") +
                        "%m = sinter.reduce_max %p dims [0, 1] : !y -> !s\n"
                        "%k = sinter.broadcast %m dims [] : !s -> !w\n"
                        "%o = sinter.concatenate %n, %k dim 0 : !w, !w -> "
                        "tensor<32x12xf32>\n"
                        "%f = sinter.slice %o offsets [8, 0] sizes [16, 12] "
                        "strides [1, 1] : tensor<32x12xf32> -> !w\n" +
                        ofX("%q", "%f", "second"),
                    "%p, %q", "!y, !y");
  for (int64_t count : segments(*module))
    EXPECT_EQ(count, 1) << print(*module);
}

/// What reads the first stands before the second.
TEST_F(JoinContractions, WhatReadsOneOfThemGoesBehindAll) {
  auto module = run(ofX("%p", "%a", "first") +
                        "%m = sinter.reduce_max %p dims [1] : !y -> "
                        "tensor<8xf32>\n" +
                        ofX("%q", "%b", "second"),
                    "%p, %q, %m", "!y, !y, tensor<8xf32>");
  EXPECT_EQ(segments(*module), (std::vector<int64_t>{2, 1})) << print(*module);
}

/// Each is reduced, in a way of its own, before the next need be there.
TEST_F(JoinContractions, NotWhereMoreWouldWait) {
  auto module =
      run(ofX("%p", "%a", "p") +
              "%m = sinter.reduce_max %p dims [0] : !y -> tensor<12xf32>\n" +
              ofX("%q", "%b", "q") +
              "%n = sinter.reduce_max %q dims [1] : !y -> tensor<8xf32>\n",
          "%m, %n", "tensor<12xf32>, tensor<8xf32>");
  std::vector<CallOp> all = calls(*module, "run");
  ASSERT_EQ(all.size(), 4u) << print(*module);
  auto refusals =
      kernelOf(all[0])->getAttrOfType<mlir::ArrayAttr>(refusalsAttr);
  ASSERT_TRUE(refusals) << print(*module);
  std::string why;
  for (auto text : refusals.getAsRange<mlir::StringAttr>())
    why += text.str() + "\n";
  EXPECT_NE(why.find("call 'q': " + textOf(passes::Refusal::MoreMemory).str()),
            std::string::npos)
      << why;
}

TEST_F(JoinContractions, EqualGroupsAreOneKernel) {
  std::string body = three;
  for (const char *name : {"p", "q", "r"})
    body += behind(std::string("%t") + name, std::string("%") + name);
  body += "%h = sinter.concatenate %tp, %tq dim 1 : !y, !y -> "
          "tensor<8x24xf32>\n"
          "%i = sinter.slice %h offsets [0, 4] sizes [8, 16] strides [1, 1] : "
          "tensor<8x24xf32> -> !x\n"
          "%e = sinter.exp %i : !x\n";
  for (auto [p, w] : {std::pair("1", "%a"), {"2", "%b"}, {"3", "%c"}})
    body += product(std::string("%l") + p, "%e", w, "!x, !w -> !y",
                    std::string("l") + p) +
            behind(std::string("%n") + p, std::string("%l") + p);
  auto module = run(body, "%tr, %n1, %n2, %n3", "!y, !y, !y, !y");
  std::vector<KernelOp> joined;
  for (CallOp call : calls(*module, "run"))
    if (number(kernelOf(call), "segments") == 3)
      joined.push_back(kernelOf(call));
  ASSERT_EQ(joined.size(), 2u) << print(*module);
  EXPECT_EQ(joined[0], joined[1]);
}

TEST_F(JoinContractions, CallsSayWhyTheyReadOtherKernels) {
  auto module = run("%e = sinter.reduce_max %x dims [1] : !x -> tensor<8xf32>\n"
                    "%f = sinter.broadcast %e dims [0] : tensor<8xf32> -> !x\n"
                    "%g = sinter.sub %x, %f : !x\n"
                    "%w1 = sinter.concatenate %a, %b dim 1 : !w, !w -> "
                    "tensor<16x24xf32>\n"
                    "%w2 = sinter.slice %w1 offsets [0, 6] sizes [16, 12] "
                    "strides [1, 1] : tensor<16x24xf32> -> !w\n"
                    "%w3 = sinter.exp %w2 : !w\n" +
                        product("%p", "%g", "%w3", "!x, !w -> !y", "p") +
                        product("%q", "%g", "%c", "!x, !w -> !y", "q"),
                    "%p, %q, %g, %w3", "!y, !y, !x, !w");
  for (CallOp call : calls(*module, "run")) {
    if (number(kernelOf(call), "segments") != 2)
      continue;
    ASSERT_EQ(boundariesOf(call).size(), 2u) << print(*module);
    for (const Boundary &boundary : boundariesOf(call))
      EXPECT_FALSE(boundary.reason.empty());
    return;
  }
  FAIL() << "no two were joined: " << print(*module);
}

/// a = x·w1, c = y·a, d = y·v, b = x·w2: c comes behind a, so d behind b.
TEST_F(JoinContractions, GroupsThatCross) {
  std::string text =
      "!x = tensor<8x16xf32>\n!w = tensor<16x12xf32>\n!y = tensor<8x12xf32>\n"
      "!u = tensor<4x8xf32>\n!z = tensor<4x12xf32>\nmodule {\n"
      "sinter.entry @run(%x: !x, %w1: !w, %w2: !w, %u: !u, %v: !y) -> (!y, !y, "
      "!z, !z) {\n" +
      product("%a", "%x", "%w1", "!x, !w -> !y", "a") +
      product("%c", "%u", "%a", "!u, !y -> !z", "c") +
      product("%d", "%u", "%v", "!u, !y -> !z", "d") +
      product("%b", "%x", "%w2", "!x, !w -> !y", "b") +
      "sinter.return %a, %b, %c, %d : !y, !y, !z, !z\n}\n}";
  EXPECT_EQ(segments(*fused(text)), (std::vector<int64_t>{2, 2}));
  expectUnchanged(text);
}

/// The new b is needed before the old a may be replaced.
TEST_F(JoinContractions, NotWhatWouldCopyAVariable) {
  std::string text =
      "!x = tensor<24x60xf32>\n!d = tensor<24x48xf32>\n!p = tensor<60x48xf32>\n"
      "!q = tensor<60x60xf32>\nmodule {\nsinter.variable @a : !p\n"
      "sinter.variable @b : !p\n"
      "sinter.entry @run(%x: !x, %d1: !d, %d2: !d) -> !q {\n"
      "%a = sinter.read @a : !p\n%b = sinter.read @b : !p\n"
      "%g1 = sinter.dot_general %x, %d1 contract [0] x [0] batch [] x [] : !x, "
      "!d -> !p\n"
      "%g2 = sinter.dot_general %x, %d2 contract [0] x [0] batch [] x [] : !x, "
      "!d -> !p\n"
      "%n1 = sinter.sub %a, %g1 : !p\n%n2 = sinter.sub %b, %g2 : !p\n"
      "%z = sinter.dot_general %a, %n2 contract [1] x [1] batch [] x [] : !p, "
      "!p -> !q\n"
      "sinter.write @a, %n1 : !p\nsinter.write @b, %n2 : !p\n"
      "sinter.return %z : !q\n}\n}";
  EXPECT_EQ(segments(*fused(text)), (std::vector<int64_t>{1, 1, 1}));
  expectUnchanged(text);
}

/// The second product is written over what both add.
TEST_F(JoinContractions, NotWhatOneIsWrittenOver) {
  auto module =
      run("%e = sinter.exp %x : !x\n" +
              product("%o", "%e", "%c", "!x, !w -> !y", "o") +
              behind("%r", "%o") + ofX("%p", "%a", "p") + ofX("%q", "%b", "q") +
              "%m = sinter.add %p, %r : !y\n"
              "%n = sinter.add %q, %r : !y\n"
              "%z = sinter.dot_general %m, %n contract [0] x [0] "
              "batch [] x [] : !y, !y -> !d\n",
          "%z", "!d");
  EXPECT_EQ(segments(*module), (std::vector<int64_t>{1, 1, 1, 1, 1}))
      << print(*module);
}

/// The second would wait for the first, the third needs what is made of it.
TEST_F(JoinContractions, WhatIsLeftIsInOrderAgain) {
  expectApart("(%x: !x, %a: !w, %b: !w) -> (!v, !v, !v)",
              ofX("%p", "%a", "p") +
                  "%m = sinter.reduce_max %p dims [0] : !y -> !v\n" +
                  ofX("%q", "%b", "q") +
                  "%n = sinter.reduce_max %q dims [1] : !y -> !v\n"
                  "%e = sinter.exp %n : !v\n%k = sinter.broadcast %e dims [1] "
                  ": !v -> !w\n"
                  "%f = sinter.mul %k, %a : !w\n%g = sinter.exp %f : !w\n" +
                  ofX("%r", "%g", "r") +
                  "%o = sinter.reduce_max %r dims [1] : !y -> !v\n"
                  "sinter.return %m, %n, %o : !v, !v, !v\n");
}

/// The first's result is gone before a loop that needs much, the second comes
/// behind it.
TEST_F(JoinContractions, NotWhatWouldWaitForALoop) {
  expectApart("(%x: !x, %a: !w, %b: !w, %c0: !x) -> (!v, !x)",
              ofX("%p", "%a", "p") +
                  "%m = sinter.reduce_max %p dims [0] : !y -> !v\n"
                  "%s = sinter.scan 6 carry(%c = %c0 : !x) with(%bb = %b : !w, "
                  "%mm = %m : "
                  "!v) index(%t) -> (!x) {\n" +
                  product("%g", "%c", "%bb", "!x, !w -> !y", "g") +
                  "%k = sinter.broadcast %mm dims [1] : !v -> !y\n"
                  "%h1 = sinter.mul %g, %k : !y\n" +
                  product("%h", "%h1", "%g", "!y, !y -> !y", "h") +
                  "%i = sinter.dot_general %h, %bb contract [1] x [1] batch [] "
                  "x [] : !y, "
                  "!w -> !x\nsinter.yield %i : !x\n}\n" +
                  ofX("%q", "%b", "q") +
                  product("%u", "%q", "%q", "!y, !y -> !y", "u") +
                  product("%z", "%u", "%q", "!y, !y -> !y", "z") +
                  product("%n", "%z", "%s", "!y, !x -> !x", "n") +
                  "sinter.return %m, %n : !v, !x\n");
}

/// A few at a time; what does not join looks at its neighbours only.
TEST_F(JoinContractions, OfManyAFewEach) {
  std::string signature, body, values, results;
  for (int i = 0; i < 100; ++i) {
    std::string n = std::to_string(i);
    signature += ", %w" + n + ": !w";
    body += ofX("%p" + n, "%w" + n, "p");
    values += (i ? ", %p" : "%p") + n;
    results += i ? ", !y" : "!y";
  }
  auto module = fused(types + "module {\nsinter.entry @run(%x: !x" + signature +
                      ") -> (" + results + ") {\n" + body + "sinter.return " +
                      values + " : " + results + "\n}\n}");
  std::vector<int64_t> all = segments(*module);
  EXPECT_EQ(all, (std::vector<int64_t>{16, 16, 16, 16, 16, 16, 4}));
}

TEST_F(JoinContractions, NothingAtLevel0) {
  auto module = run(three, "%p, %q, %r", "!y, !y, !y",
                    "attributes {sinter.options = {opt_level = 0 : i64}} ");
  EXPECT_EQ(segments(*module), (std::vector<int64_t>{1, 1, 1}));
}

} // namespace
