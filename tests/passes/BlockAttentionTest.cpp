//===- BlockAttentionTest.cpp - attention in blocks is attention ----------===//
//
// One text is taken through the gradient stage twice: for a machine whose
// caches hold nothing, so that all attention is blocked, and for one that holds
// everything.  The interpreter and compiled code have to agree on both: the
// values bit by bit, gradients but for the order of the sums over blocks.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/BlockedScores.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/differentiate/Stage.h"
#include "passes/fuse/Stage.h"
#include "passes/plan/Stage.h"
#include "passes/simplify/Stage.h"
#include "tests/lower/Compiled.h"
#include "tests/passes/AttentionText.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace sinter;
using namespace sinter::test;

namespace {

class BlockAttention : public ::testing::Test {
protected:
  BlockAttention() { context.loadDialect<ir::SinterDialect>(); }

  using Module = OwningOpRef<ModuleOp>;
  template <class... Build> bool run(ModuleOp module, Build... build) {
    PassManager manager(&context);
    (build(manager), ...);
    return succeeded(manager.run(module));
  }
  /// The text after the gradient stage.
  Module expand(const std::string &text, bool blocked) {
    Module module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << text;
      return module;
    }
    ir::TargetFacts facts;
    facts.l2Bytes = blocked ? 1 << 10 : int64_t(1) << 40;
    (*module)->setAttr(ir::targetAttrName, facts.toAttr(&context));
    EXPECT_TRUE(run(*module, passes::buildGradientStage));
    EXPECT_EQ(reportOf(*module).empty(), !blocked);
    return module;
  }
  std::string reportOf(ModuleOp module) {
    std::string text;
    for (auto entry : module.getOps<ir::EntryOp>())
      if (auto lines = entry->getAttrOfType<ArrayAttr>(ir::blockedScoresAttr))
        for (Attribute line : lines)
          text += cast<StringAttr>(line).str() + "\n";
    return text;
  }
  int64_t largestTensor(ModuleOp module) {
    int64_t most = 0;
    module.walk([&](Operation *op) {
      for (Value value : op->getResults())
        if (ir::isTensorValue(value.getType()))
          most = std::max(most, ir::getByteSize(value.getType()));
    });
    return most;
  }
  std::vector<Array> makeInputsOf(ModuleOp module, unsigned seed) {
    auto entry = module.lookupSymbol<ir::EntryOp>("f");
    return makeInputs(entry.getArgumentTypes(), seed, /*special=*/0);
  }
  std::vector<Array> interpret(ModuleOp module,
                               const std::vector<Array> &inputs) {
    return cantFail(interpret::Interpreter(module).run("f", inputs));
  }
  std::vector<Array> execute(ModuleOp module,
                             const std::vector<Array> &inputs) {
    EXPECT_TRUE(run(module, passes::buildSimplifiedStage));
    module->removeAttr(ir::targetAttrName);
    std::string text;
    llvm::raw_string_ostream(text) << module;
    // Where tasks are as long as they are for users: shorter ones would have
    // the sums of a few rows shared, and so in another order.
    Compiled compiled(text, "x86-64-v3");
    return compiled.run("f", inputs);
  }

  static void expectNear(const Array &have, const Array &want, double tolerance,
                         const char *what) {
    ASSERT_EQ(have.floats.size(), want.floats.size());
    double size = 0;
    for (double number : want.floats)
      size = std::max(size, std::abs(number));
    for (size_t i = 0; i < have.floats.size(); ++i)
      ASSERT_NEAR(have.floats[i], want.floats[i], tolerance * size)
          << what << " " << i;
  }

  void check(const Attention &attention, bool compiled = true) {
    SCOPED_TRACE(attention.text());
    Module plain = expand(attention.text(), false);
    Module blocked = expand(attention.text(), true);
    ASSERT_TRUE(plain && blocked);
    // A bias is as large as the scores of one sample itself.
    if (attention.mask != Mask::Bias) {
      EXPECT_LT(largestTensor(*blocked), largestTensor(*plain));
    }
    std::vector<Array> inputs = makeInputsOf(*plain, 1);
    double unit = attention.element == "f64"   ? 1e-15
                  : attention.element == "f32" ? 1e-6
                                               : 3e-4;
    auto compare = [&](const std::vector<Array> &have,
                       const std::vector<Array> &want) {
      ASSERT_EQ(have.size(), want.size());
      EXPECT_EQ(have[0].floats, want[0].floats);
      for (size_t i = 1; i < have.size(); ++i)
        expectNear(have[i], want[i], 30 * unit, "cotangent");
    };
    std::vector<Array> want = interpret(*plain, inputs);
    compare(interpret(*blocked, inputs), want);
    if (!compiled)
      return;
    std::vector<Array> native = execute(*plain, inputs);
    compare(execute(*blocked, inputs), native);
    for (size_t i = 0; i < want.size(); ++i)
      expectNear(native[i], want[i], 300 * unit, "compiled");
  }

  MLIRContext context;
};

// Rows in blocks of 64: whole blocks, a rest, one row over, a prime number.
TEST_F(BlockAttention, OfAnyLength) {
  for (int64_t queries : {65, 67, 128, 131, 200})
    check({.batch = 1, .heads = 1, .queries = queries, .keys = 33},
          /*compiled=*/queries == 131);
}

TEST_F(BlockAttention, OfBatchesAndHeads) {
  check({.batch = 2, .heads = 3, .queries = 67, .keys = 41});
  check({.batch = 3, .heads = 1, .queries = 64, .keys = 37}, false);
  check({.batch = 1,
         .heads = 2,
         .queries = 70,
         .keys = 29,
         .width = 1,
         .valueWidth = 5},
        false);
}

TEST_F(BlockAttention, WithMasks) {
  for (Mask mask : {Mask::Causal, Mask::Given, Mask::Bias}) {
    check({.batch = 2, .heads = 2, .queries = 67, .keys = 67, .mask = mask});
    check({.batch = 1, .heads = 1, .queries = 97, .keys = 19, .mask = mask},
          false);
  }
}

TEST_F(BlockAttention, OfRandomShapes) {
  std::mt19937 generator(7);
  auto between = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(generator() % (most - least + 1));
  };
  for (int i = 0; i < 12; ++i)
    check({.batch = between(1, 3),
           .heads = between(1, 3),
           .queries = between(65, 150),
           .keys = between(17, 90),
           .width = between(1, 3),
           .valueWidth = between(1, 3),
           .mask = static_cast<Mask>(between(0, 3)),
           .dropout = between(0, 1) == 1},
          /*compiled=*/i < 2);
}

// The mask of the whole, in slices.
TEST_F(BlockAttention, WithDropout) {
  check({.batch = 2, .heads = 2, .queries = 67, .keys = 19, .dropout = true});
}

TEST_F(BlockAttention, InSinglePrecision) {
  for (Mask mask : {Mask::None, Mask::Causal})
    check({.batch = 2,
           .heads = 2,
           .queries = 131,
           .keys = 130,
           .width = 16,
           .valueWidth = 16,
           .mask = mask,
           .element = "f32"});
}

TEST_F(BlockAttention, InStorageTypes) {
  check({.batch = 2,
         .heads = 2,
         .queries = 131,
         .keys = 33,
         .mask = Mask::Causal,
         .element = "bf16"},
        /*compiled=*/false);
}

// Independent of all derivative rules.
TEST_F(BlockAttention, HasTheSlopesOfItsValues) {
  Attention attention{
      .batch = 1, .heads = 1, .queries = 67, .keys = 17, .mask = Mask::Causal};
  Module blocked = expand(attention.text(), true);
  Module plain = expand(attention.text(), false);
  std::vector<Array> inputs = makeInputsOf(*plain, 5);
  std::vector<Array> have = interpret(*blocked, inputs);
  auto loss = [&] {
    Array y = interpret(*plain, inputs)[0];
    double sum = 0;
    for (size_t i = 0; i < y.floats.size(); ++i)
      sum += y.floats[i] * inputs[3].floats[i];
    return sum;
  };
  for (int operand : {0, 1, 2})
    for (size_t i = 0; i < inputs[operand].floats.size(); i += 7) {
      double &number = inputs[operand].floats[i], kept = number;
      const double step = 1e-6;
      number = kept + step;
      double above = loss();
      number = kept - step;
      double below = loss();
      number = kept;
      EXPECT_NEAR(have[1 + operand].floats[i], (above - below) / (2 * step),
                  1e-6);
    }
}

TEST_F(BlockAttention, HasDerivativesOfSecondOrder) {
  Attention attention{.batch = 1, .heads = 2, .queries = 67, .keys = 19};
  attention.requests =
      "%a, %b, %c = sinter.vjp (%y) wrt (%q, %k, %v) cotangents (%g) : (" +
      attention.y() + ") wrt (" + attention.q() + ", " + attention.k() + ", " +
      attention.v() +
      ")\n%dq, %dk, %dv = sinter.vjp (%a, %c) wrt (%q, %k, %v) "
      "cotangents (%q, %v) : (" +
      attention.q() + ", " + attention.v() + ") wrt (" + attention.q() + ", " +
      attention.k() + ", " + attention.v() + ")\n";
  check(attention);
}

TEST_F(BlockAttention, HasTangents) {
  Attention attention{.batch = 1, .heads = 2, .queries = 67, .keys = 19};
  std::string q = attention.q(), k = attention.k(), v = attention.v(),
              y = attention.y();
  // As cotangents of q, k and v come those for the tangent as a cotangent.
  attention.requests =
      "%dy = sinter.jvp (%y) wrt (%q, %k, %v) tangents (%q, %k, %v) : (" + y +
      ") wrt (" + q + ", " + k + ", " + v +
      ")\n"
      "%dq, %dk, %dv = sinter.vjp (%y) wrt (%q, %k, %v) cotangents (%dy) : (" +
      y + ") wrt (" + q + ", " + k + ", " + v + ")\n";
  check(attention);
}

TEST_F(BlockAttention, SaysWhatItDid) {
  Attention attention{.batch = 2, .heads = 3, .queries = 131, .keys = 33};
  EXPECT_EQ(reportOf(*expand(attention.text(), true)),
            "'values', 207504 bytes of scores: 2 one by one, 3 one by one, "
            "131 rows by 64\n");
  // Fewer rows than a block has.
  attention.queries = 64;
  EXPECT_EQ(reportOf(*expand(attention.text(), true)),
            "'values', 101376 bytes of scores: 2 one by one, 3 one by one, "
            "64 rows\n");
}

// Whoever asks for the scores gets them, and whoever reads them.
TEST_F(BlockAttention, LeavesScoresThatAreReadOtherwise) {
  Attention attention{.batch = 1, .heads = 1, .queries = 67, .keys = 33};
  std::string s = attention.tensor({1, 1, 67, 33}), y = attention.y();
  attention.requests =
      "%ds = sinter.vjp (%y) wrt (%s1) cotangents (%g) : (" + y + ") wrt (" +
      s +
      ")\n%dq, %dk, %dv = sinter.vjp (%ds) wrt (%q, %k, %v) cotangents "
      "(%ds) : (" +
      s + ") wrt (" + attention.q() + ", " + attention.k() + ", " +
      attention.v() + ")\n";
  EXPECT_EQ(reportOf(*expand(attention.text(), true)),
            "'values', 17688 bytes of scores: whole, 'sinter.vjp' reads them "
            "too\n");
}

// Hidden values of a network are no scores, whatever is done with their rows.
TEST_F(BlockAttention, LeavesOtherContractions) {
  Attention attention{.batch = 1,
                      .heads = 1,
                      .queries = 67,
                      .keys = 33,
                      .width = 32,
                      .valueWidth = 32};
  Module module = parseSourceString<ModuleOp>(attention.text(), &context);
  ir::TargetFacts facts;
  facts.l2Bytes = 1 << 10;
  (*module)->setAttr(ir::targetAttrName, facts.toAttr(&context));
  EXPECT_TRUE(run(*module, passes::buildGradientStage));
  EXPECT_EQ(reportOf(*module), "");
  module->walk([](ir::ScanOp op) {
    ADD_FAILURE() << op->getName().getStringRef().str();
  });
}

} // namespace
