//===- AllPairsTest.cpp - what is made of little is not stored ------------===//
//
// Of all pairs of rows of two matrices the differences are many more elements
// than the rows: whoever sums them over another dimension computes them again.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

/// Σ (Σ_d |a_id − b_jd|)² of 40 and 36 rows of `depth`, and its gradients.
std::string distances(int64_t depth) {
  std::string text = R"(
!a = tensor<40xDxf32>
!b = tensor<36xDxf32>
!p = tensor<40x36xf32>
!f = tensor<40x36xDxf32>
module @m {
  sinter.entry @run(%a: !a, %b: !b) -> (tensor<f32>, !a, !b) {
    %as = sinter.broadcast %a dims [0, 2] : !a -> !f
    %bs = sinter.broadcast %b dims [1, 2] : !b -> !f
    %d = sinter.sub %as, %bs : !f
    %m = sinter.abs %d : !f
    %l = sinter.reduce_sum %m dims [2] : !f -> !p
    %q = sinter.mul %l, %l : !p
    %loss = sinter.reduce_sum %q dims [0, 1] : !p -> tensor<f32>
    %g = sinter.add %l, %l : !p
    %gs = sinter.broadcast %g dims [0, 1] : !p -> !f
    %s = sinter.sign %d : !f
    %t = sinter.mul %gs, %s : !f
    %da = sinter.reduce_sum %t dims [1] : !f -> !a
    %n = sinter.neg %t : !f
    %db = sinter.reduce_sum %n dims [0] : !f -> !b
    sinter.return %loss, %da, %db : tensor<f32>, !a, !b
  }
})";
  for (size_t at; (at = text.find('D')) != std::string::npos;)
    text.replace(at, 1, std::to_string(depth));
  return text;
}

class AllPairs : public Fusing {
protected:
  /// Elements of the largest result of a kernel.
  int64_t largestResult(const std::string &text) {
    auto module = fused(text);
    int64_t most = 0;
    for (KernelOp kernel : kernels(*module))
      for (mlir::Type type : kernel.getResultTypes())
        most = std::max(
            most, llvm::cast<mlir::RankedTensorType>(type).getNumElements());
    return most;
  }
};

TEST_F(AllPairs, GradientsOfDistancesStoreNoDifferences) {
  EXPECT_EQ(largestResult(distances(32)), 40 * 36);
  expectUnchanged(distances(32));
}

TEST_F(AllPairs, WhatIsHardlyLargerIsStored) {
  EXPECT_EQ(largestResult(distances(2)), 40 * 36 * 2);
  expectUnchanged(distances(2));
}

/// A table that is spread further would be computed once for each copy.
TEST_F(AllPairs, WhatIsRepeatedIsStored) {
  EXPECT_EQ(largestResult(R"(
!r = tensor<32xf32>
!t = tensor<32x32xf32>
!x = tensor<8x32x32xf32>
module @m {
  sinter.entry @run(%p: !r, %x: !x) -> (tensor<8x32xf32>, tensor<8xf32>) {
    %e = sinter.exp %p : !r
    %c = sinter.broadcast %e dims [0] : !r -> !t
    %l = sinter.broadcast %e dims [1] : !r -> !t
    %t = sinter.sub %c, %l : !t
    %ts = sinter.broadcast %t dims [1, 2] : !t -> !x
    %y = sinter.mul %x, %ts : !x
    %s = sinter.reduce_sum %y dims [2] : !x -> tensor<8x32xf32>
    %z = sinter.add %x, %ts : !x
    %u = sinter.reduce_sum %z dims [1, 2] : !x -> tensor<8xf32>
    sinter.return %s, %u : tensor<8x32xf32>, tensor<8xf32>
  }
})"),
            32 * 32);
}

} // namespace
