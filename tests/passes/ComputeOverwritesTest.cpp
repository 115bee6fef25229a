//===- ComputeOverwritesTest.cpp - which results may replace arguments ----===//
//
// One kernel a case, the subject alone on it.  What is expected follows from
// reading the kernel: an emission may store result r at an index as soon as
// what it needs there, or for the row there, has been read.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/ComputeOverwrites.h"
#include "Fusing.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

using Overwrites = std::vector<int64_t>;

class ComputeOverwrites : public Fusing {
protected:
  /// `kernel`: from its arguments on, without the symbol.
  Overwrites of(const std::string &kernel, const std::string &rest = "") {
    module = parse("!m = tensor<4x6xf32>\n!s = tensor<6x6xf32>\n"
                   "!l = tensor<400x6xf32>\n"
                   "!r = tensor<4xf32>\n!c = tensor<6xf32>\n"
                   "module {\nsinter.kernel @k" +
                   kernel + rest + "}");
    mlir::PassManager manager(&context);
    manager.addPass(passes::createComputeOverwritesPass());
    EXPECT_TRUE(succeeded(manager.run(*module)));
    auto found = *kernels(*module)[0].getOverwrites();
    return {found.begin(), found.end()};
  }

  mlir::OwningOpRef<mlir::ModuleOp> module;
};

//===----------------------------------------------------------------------===//
// Allowed
//===----------------------------------------------------------------------===//

TEST_F(ComputeOverwrites, PointwiseResultTakesAnArgument) {
  EXPECT_EQ(of("(%a: !m, %b: !m) -> !m {\n%0 = sinter.add %a, %b : !m\n"
               "sinter.return %0 : !m }"),
            Overwrites{0});
}

TEST_F(ComputeOverwrites, ResultsOfOneWalkTakeOneArgumentEach) {
  EXPECT_EQ(of("(%a: !m, %b: !m) -> (!m, !m, !m) {\n"
               "%0 = sinter.add %a, %b : !m\n%1 = sinter.sub %a, %b : !m\n"
               "%2 = sinter.mul %a, %b : !m\n"
               "sinter.return %0, %1, %2 : !m, !m, !m }"),
            (Overwrites{0, 1, -1}));
}

TEST_F(ComputeOverwrites, ReductionThatSkipsADimensionIsDoneBefore) {
  // At outer point i the sum reads %w[:, i, :], while row i of %e is
  // %w[i, :, :]: %e has a loop nest of its own behind the sum's.
  EXPECT_EQ(of("(%w: tensor<4x4x8xf32>) -> (tensor<4x4x8xf32>, "
               "tensor<4xf32>) {\n"
               "%e = sinter.exp %w : tensor<4x4x8xf32>\n"
               "%r = sinter.reduce_sum %e dims [0, 2] : tensor<4x4x8xf32> -> "
               "tensor<4xf32>\n"
               "sinter.return %e, %r : tensor<4x4x8xf32>, tensor<4xf32> }"),
            (Overwrites{0, -1}));
}

TEST_F(ComputeOverwrites, BytesOfOneSizeTakeEachOther) {
  EXPECT_EQ(of("(%a: tensor<4xui8>) -> tensor<4xi8> {\n"
               "%0 = sinter.cast %a : tensor<4xui8> to tensor<4xi8>\n"
               "sinter.return %0 : tensor<4xi8> }"),
            Overwrites{0});
}

TEST_F(ComputeOverwrites, EpilogueTakesTheResidualButNoFactor) {
  EXPECT_EQ(of("(%a: !s, %w: !s, %r: !s) -> !s {\n"
               "%0 = sinter.dot_general %a, %w contract [1] x [0] batch [] x "
               "[] : !s, !s -> !s\n%1 = sinter.add %0, %r : !s\n"
               "sinter.return %1 : !s }"),
            Overwrites{2});
}

TEST_F(ComputeOverwrites, RowIsReducedBeforeItsFullResultIsStored) {
  EXPECT_EQ(of("(%a: !m) -> !m {\n"
               "%0 = sinter.reduce_max %a dims [1] : !m -> !r\n"
               "%1 = sinter.broadcast %0 dims [0] : !r -> !m\n"
               "%2 = sinter.sub %a, %1 : !m\n%3 = sinter.exp %2 : !m\n"
               "%4 = sinter.reduce_sum %3 dims [1] : !m -> !r\n"
               "%5 = sinter.broadcast %4 dims [0] : !r -> !m\n"
               "%6 = sinter.div %3, %5 : !m\nsinter.return %6 : !m }"),
            Overwrites{0});
}

TEST_F(ComputeOverwrites, ColumnsAreReducedInAPhaseBefore) {
  EXPECT_EQ(of("(%a: !l) -> !l {\n"
               "%0 = sinter.reduce_sum %a dims [0] : !l -> !c\n"
               "%1 = sinter.broadcast %0 dims [1] : !c -> !l\n"
               "%2 = sinter.sub %a, %1 : !l\nsinter.return %2 : !l }"),
            Overwrites{0});
}

TEST_F(ComputeOverwrites, WindowIsReadBeforeItsElementsAreStored) {
  EXPECT_EQ(of("(%a: !m, %g: !c) -> (!m, !c) {\n"
               "%0 = sinter.reduce_sum %a dims [0] : !m -> !c\n"
               "%1 = sinter.mul %0, %g : !c\n"
               "%2 = sinter.broadcast %1 dims [1] : !c -> !m\n"
               "%3 = sinter.sub %a, %2 : !m\nsinter.return %3, %0 : !m, !c }"),
            (Overwrites{0, -1}));
}

TEST_F(ComputeOverwrites, ScatterTakesItsOperand) {
  EXPECT_EQ(of("(%a: !m, %i: tensor<3xi32>, %u: tensor<3x6xf32>) -> !m {\n"
               "%0 = sinter.scatter_add %a[%i] += %u axis 0 batch 0 : !m, "
               "tensor<3xi32>, tensor<3x6xf32>\nsinter.return %0 : !m }"),
            Overwrites{0});
}

//===----------------------------------------------------------------------===//
// Refused
//===----------------------------------------------------------------------===//

TEST_F(ComputeOverwrites, NotAnotherShapeOrElement) {
  EXPECT_EQ(of("(%a: !c) -> tensor<6xi32> {\n%0 = sinter.cast %a : !c to "
               "tensor<6xi32>\nsinter.return %0 : tensor<6xi32> }"),
            Overwrites{-1});
  EXPECT_EQ(of("(%a: !c) -> !m {\n%0 = sinter.broadcast %a dims [1] : !c -> !m"
               "\nsinter.return %0 : !m }"),
            Overwrites{-1});
}

TEST_F(ComputeOverwrites, NotAnArgumentThatIsReturned) {
  EXPECT_EQ(of("(%a: !m) -> !m {\nsinter.return %a : !m }"), Overwrites{-1});
}

TEST_F(ComputeOverwrites, NotWhatIsReadElsewhere) {
  EXPECT_EQ(of("(%a: !s) -> !s {\n%0 = sinter.transpose %a [1, 0] : !s -> !s\n"
               "%1 = sinter.add %a, %0 : !s\nsinter.return %1 : !s }"),
            Overwrites{-1});
  EXPECT_EQ(of("(%a: !m) -> !m {\n%0 = sinter.reverse %a dims [0] : !m -> !m\n"
               "sinter.return %0 : !m }"),
            Overwrites{-1});
}

TEST_F(ComputeOverwrites, NotWhatASiblingReadsElsewhere) {
  EXPECT_EQ(of("(%a: !m) -> (!m, !m) {\n%0 = sinter.neg %a : !m\n"
               "%1 = sinter.reverse %a dims [0] : !m -> !m\n"
               "sinter.return %0, %1 : !m, !m }"),
            (Overwrites{-1, -1}));
}

TEST_F(ComputeOverwrites, NotWhatRowsReduceTransposed) {
  EXPECT_EQ(of("(%a: !s) -> !s {\n%t = sinter.transpose %a [1, 0] : !s -> !s\n"
               "%0 = sinter.reduce_sum %t dims [1] : !s -> !c\n"
               "%1 = sinter.broadcast %0 dims [0] : !c -> !s\n"
               "%2 = sinter.sub %a, %1 : !s\nsinter.return %2 : !s }"),
            Overwrites{-1});
}

TEST_F(ComputeOverwrites, NotWhatALaterPhaseReduces) {
  EXPECT_EQ(of("(%a: !m) -> (!m, !c) {\n"
               "%0 = sinter.reduce_max %a dims [1] : !m -> !r\n"
               "%1 = sinter.broadcast %0 dims [0] : !r -> !m\n"
               "%2 = sinter.sub %a, %1 : !m\n"
               "%3 = sinter.reduce_sum %a dims [0] : !m -> !c\n"
               "sinter.return %2, %3 : !m, !c }"),
            (Overwrites{-1, -1}));
}

TEST_F(ComputeOverwrites, NotWhatALaterPhaseReadsAtItsOwnPoint) {
  // The first result is stored with the rows, the second after the columns.
  EXPECT_EQ(of("(%a: !m, %b: !m) -> (!m, !m) {\n"
               "%0 = sinter.reduce_max %a dims [1] : !m -> !r\n"
               "%1 = sinter.broadcast %0 dims [0] : !r -> !m\n"
               "%2 = sinter.sub %a, %1 : !m\n"
               "%3 = sinter.reduce_sum %b dims [0] : !m -> !c\n"
               "%4 = sinter.broadcast %3 dims [1] : !c -> !m\n"
               "%5 = sinter.add %a, %4 : !m\n"
               "sinter.return %2, %5 : !m, !m }"),
            (Overwrites{-1, 0}));
}

TEST_F(ComputeOverwrites, NotAKeptArgumentThatTheRowStillReads) {
  EXPECT_EQ(of("(%a: !m, %k: !r) -> (!r, !m) {\n"
               "%0 = sinter.reduce_sum %a dims [1] : !m -> !r\n"
               "%1 = sinter.add %0, %k : !r\n"
               "%2 = sinter.broadcast %k dims [0] : !r -> !m\n"
               "%3 = sinter.mul %a, %2 : !m\n"
               "sinter.return %1, %3 : !r, !m }"),
            (Overwrites{-1, 0}));
}

TEST_F(ComputeOverwrites, NotWhatKernelsOfPartsRead) {
  EXPECT_EQ(of("(%a: !c, %b: tensor<0xf32>) -> !c {\n"
               "%0 = sinter.concatenate %a, %b dim 0 : !c, tensor<0xf32> -> !c"
               "\nsinter.return %0 : !c }"),
            Overwrites{-1});
}

TEST_F(ComputeOverwrites, NotAScatteredOperandThatIsReadOtherwise) {
  EXPECT_EQ(of("(%a: !c, %i: tensor<6xi32>) -> !c {\n"
               "%0 = sinter.scatter_add %a[%i] += %a axis 0 batch 0 : !c, "
               "tensor<6xi32>, !c\nsinter.return %0 : !c }"),
            Overwrites{-1});
}

TEST_F(ComputeOverwrites, NotAnotherSegmentsArgument) {
  const std::string body =
      "{\n%0 = sinter.constant dense<1.0> : !c\n%1 = sinter.neg %b : !c\n"
      "sinter.return %0, %1 : !c, !c }";
  EXPECT_EQ(of("(%a: !r, %b: !c) -> (!c, !c) " + body), (Overwrites{1, -1}));
  EXPECT_EQ(of("(%a: !r, %b: !c) -> (!c, !c) attributes {schedule = {kind = "
               "\"pointwise\", segments = 2 : i64, segment_arguments = 1 : "
               "i64, segment_results = 1 : i64}} " +
               body),
            (Overwrites{-1, 1}));
}

//===----------------------------------------------------------------------===//
// What calls decide
//===----------------------------------------------------------------------===//

const std::string sum =
    "(%a: !c, %b: !c) -> !c {\n"
    "%0 = sinter.add %a, %b : !c\nsinter.return %0 : !c }\n";

TEST_F(ComputeOverwrites, NotAnArgumentThatACallPassesTwice) {
  EXPECT_EQ(of(sum, "sinter.entry @run(%x: !c) -> !c {\n"
                    "%0 = sinter.call @k(%x, %x) : (!c, !c) -> !c\n"
                    "sinter.return %0 : !c }\n"),
            Overwrites{-1});
  // The same bytes in another shape are the same memory.
  EXPECT_EQ(of("(%a: !c, %b: tensor<2x3xf32>) -> !c {\n"
               "%0 = sinter.reduce_sum %b dims [0, 1] : tensor<2x3xf32> -> "
               "tensor<f32>\n%1 = sinter.broadcast %0 dims [] : tensor<f32> -> "
               "!c\n%2 = sinter.add %a, %1 : !c\nsinter.return %2 : !c }\n",
               "sinter.entry @run(%x: !c) -> !c {\n"
               "%y = sinter.reshape %x : !c -> tensor<2x3xf32>\n"
               "%0 = sinter.call @k(%x, %y) : (!c, tensor<2x3xf32>) -> !c\n"
               "sinter.return %0 : !c }\n"),
            Overwrites{-1});
}

TEST_F(ComputeOverwrites, PrefersTheVariableThatIsUpdated) {
  EXPECT_EQ(of(sum, "sinter.variable @v : !c\n"
                    "sinter.entry @run(%x: !c) {\n"
                    "%v = sinter.read @v : !c\n"
                    "%0 = sinter.call @k(%x, %v) : (!c, !c) -> !c\n"
                    "sinter.write @v, %0 : !c\nsinter.return }\n"),
            Overwrites{1});
}

TEST_F(ComputeOverwrites, PrefersTheCarry) {
  EXPECT_EQ(of(sum, "sinter.entry @run(%x: !c) -> !c {\n"
                    "%y = sinter.scan 3 carry(%c = %x : !c) with(%w = %x : !c) "
                    "index(%t) -> (!c) {\n"
                    "%0 = sinter.call @k(%w, %c) : (!c, !c) -> !c\n"
                    "sinter.yield %0 : !c\n}\nsinter.return %y : !c }\n"),
            Overwrites{1});
}

} // namespace
