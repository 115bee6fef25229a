//===- ScanTest.cpp - scans lose what they do not need --------------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace mlir;
using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using SimplifyScanTest = Simplify;

static void simplifyScans(OpPassManager &passes) {
  passes.addPass(createCanonicalize());
  passes.addPass(createSimplifyScans());
  passes.addPass(createMergeEqualOps());
}

// %d only feeds itself and is not read; %u is ignored; the second result is not
// read; %z equals %x.
TEST_F(SimplifyScanTest, DeadAndDoubleOperandsGo) {
  rewrite(R"((%a: tensor<2xf32>, %xs: tensor<3x2xf32>, %w: tensor<2xf32>)
      -> (tensor<2xf32>, tensor<3x2xf32>) {
    %r:4 = sinter.scan 3 carry(%c = %a : tensor<2xf32>, %d = %a : tensor<2xf32>)
        each(%x = %xs : tensor<3x2xf32>, %z = %xs : tensor<3x2xf32>)
        with(%v = %w : tensor<2xf32>, %u = %w : tensor<2xf32>) index(%t)
        -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
      %p = sinter.mul %c, %x : tensor<2xf32>
      %n = sinter.add %p, %z : tensor<2xf32>
      %e = sinter.mul %d, %v : tensor<2xf32>
      sinter.yield %n, %e, %p, %e
          : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
    }
    sinter.return %r#0, %r#2 : tensor<2xf32>, tensor<3x2xf32>
  })",
          simplifyScans);
  auto scan = only<ScanOp>();
  EXPECT_EQ(scan->getNumOperands(), 2u);
  EXPECT_EQ(scan->getNumResults(), 2u);
}

// %d feeds %c, which is read: it must stay.
TEST_F(SimplifyScanTest, ACarryThatFeedsALiveOneStays) {
  rewrite(R"((%a: tensor<2xf32>) -> tensor<2xf32> {
    %r:2 = sinter.scan 3 carry(%c = %a : tensor<2xf32>, %d = %a : tensor<2xf32>)
        index(%t) -> (tensor<2xf32>, tensor<2xf32>) {
      %n = sinter.add %c, %d : tensor<2xf32>
      %e = sinter.mul %d, %d : tensor<2xf32>
      sinter.yield %n, %e : tensor<2xf32>, tensor<2xf32>
    }
    sinter.return %r#0 : tensor<2xf32>
  })",
          simplifyScans);
  EXPECT_EQ(only<ScanOp>()->getNumResults(), 2u);
}

TEST_F(SimplifyScanTest, UnchangedCarriesAndSlicesAndEqualOutputs) {
  rewrite(R"((%a: tensor<2xf32>, %xs: tensor<3x2xf32>, %w: tensor<2xf32>)
      -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<3x2xf32>,
          tensor<3x2xf32>, tensor<3x2xf32>) {
    %r:6 = sinter.scan 3 reverse carry(%c = %a : tensor<2xf32>,
                                       %d = %w : tensor<2xf32>)
        each(%x = %xs : tensor<3x2xf32>) with(%v = %w : tensor<2xf32>) index(%t)
        -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<3x2xf32>,
            tensor<3x2xf32>, tensor<3x2xf32>) {
      %n = sinter.mul %c, %d : tensor<2xf32>
      sinter.yield %n, %d, %x, %n, %n, %v : tensor<2xf32>, tensor<2xf32>,
          tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
    }
    sinter.return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5 : tensor<2xf32>,
        tensor<2xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>,
        tensor<3x2xf32>
  })",
          simplifyScans);
  auto scan = only<ScanOp>();
  EXPECT_EQ(scan.getNumCarried(), 1u);
  EXPECT_EQ(scan.getXs().size(), 0u);
  EXPECT_EQ(scan->getNumResults(), 2u);
  EXPECT_TRUE(scan.getReverse());
}

TEST_F(SimplifyScanTest, ConstantsMoveInsideAndStacksOfEqualSlicesUnstack) {
  rewrite(R"((%a: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
    %k = sinter.constant dense<0.5> : tensor<2xf32>
    %ks = sinter.constant dense<2.0> : tensor<3x2xf32>
    %ws = sinter.broadcast %w dims [1] : tensor<2xf32> -> tensor<3x2xf32>
    %r = sinter.scan 3 carry(%c = %a : tensor<2xf32>)
        each(%x = %ks : tensor<3x2xf32>, %z = %ws : tensor<3x2xf32>)
        with(%v = %k : tensor<2xf32>) index(%t) -> (tensor<2xf32>) {
      %p = sinter.mul %c, %x : tensor<2xf32>
      %q = sinter.add %p, %z : tensor<2xf32>
      %n = sinter.mul %q, %v : tensor<2xf32>
      sinter.yield %n : tensor<2xf32>
    }
    sinter.return %r : tensor<2xf32>
  })",
          simplifyScans);
  auto scan = only<ScanOp>();
  EXPECT_EQ(scan.getXs().size(), 0u);
  EXPECT_EQ(scan.getInvariants().size(), 1u);
}

TEST_F(SimplifyScanTest, NoStepsAndOneStepAreNoLoop) {
  rewrite(R"((%a: tensor<2xf32>, %xs: tensor<1x2xf32>, %es: tensor<0x2xf32>)
      -> (tensor<2xf32>, tensor<0x2xf32>, tensor<2xf32>, tensor<1x2xf32>,
          tensor<1xi64>) {
    %p:2 = sinter.scan 0 carry(%c = %a : tensor<2xf32>)
        each(%x = %es : tensor<0x2xf32>) index(%t)
        -> (tensor<2xf32>, tensor<0x2xf32>) {
      %n = sinter.add %c, %x : tensor<2xf32>
      sinter.yield %n, %n : tensor<2xf32>, tensor<2xf32>
    }
    %q:3 = sinter.scan 1 reverse carry(%c = %a : tensor<2xf32>)
        each(%x = %xs : tensor<1x2xf32>) index(%t)
        -> (tensor<2xf32>, tensor<1x2xf32>, tensor<1xi64>) {
      %n = sinter.add %c, %x : tensor<2xf32>
      sinter.yield %n, %n, %t : tensor<2xf32>, tensor<2xf32>, tensor<i64>
    }
    sinter.return %p#0, %p#1, %q#0, %q#1, %q#2 : tensor<2xf32>,
        tensor<0x2xf32>, tensor<2xf32>, tensor<1x2xf32>, tensor<1xi64>
  })",
          simplifyScans);
  EXPECT_EQ(count("sinter.scan"), 0);
}

TEST_F(SimplifyScanTest, InnerScansAreSimplifiedToo) {
  rewrite(R"((%a: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
    %r = sinter.scan 3 carry(%c = %a : tensor<2xf32>)
        with(%v = %w : tensor<2xf32>) index(%t) -> (tensor<2xf32>) {
      %i:2 = sinter.scan 4 carry(%d = %c : tensor<2xf32>,
                                 %e = %v : tensor<2xf32>) index(%u)
          -> (tensor<2xf32>, tensor<2xf32>) {
        %m = sinter.mul %d, %e : tensor<2xf32>
        sinter.yield %m, %e : tensor<2xf32>, tensor<2xf32>
      }
      %n = sinter.add %i#0, %i#1 : tensor<2xf32>
      sinter.yield %n : tensor<2xf32>
    }
    sinter.return %r : tensor<2xf32>
  })",
          simplifyScans);
  module->walk([](ScanOp scan) { EXPECT_EQ(scan.getNumCarried(), 1u); });
  EXPECT_EQ(count("sinter.scan"), 2);
}
} // namespace
