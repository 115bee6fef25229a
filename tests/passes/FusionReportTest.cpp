//===- FusionReportTest.cpp - the report's text on a small model ----------===//

#include "compiler/inspect/FusionReport.h"
#include "Fusing.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

TEST_F(Fusing, ReportCountsOpsAndBytesAndSaysWhatIsNotFused) {
  auto module = fused(R"(
    module {
      sinter.entry @run(%x: tensor<6x5xf32>, %w: tensor<5x8xf32>,
                        %b: tensor<8xf32>, %s: tensor<8xf32>)
          -> (tensor<6x8xf32>, tensor<8xf32>, tensor<8xf32>) {
        %p = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
             : tensor<6x5xf32>, tensor<5x8xf32> -> tensor<6x8xf32>
             loc("layer.matmul")
        %bs = sinter.broadcast %b dims [1] : tensor<8xf32> -> tensor<6x8xf32>
        %q = sinter.add %p, %bs : tensor<6x8xf32> loc("layer.bias")
        %c = sinter.reduce_sum %q dims [0] : tensor<6x8xf32> -> tensor<8xf32>
             loc("layer.total")
        %h = sinter.scan 3 carry(%o = %s : tensor<8xf32>) index(%t)
             -> (tensor<8xf32>) {
          %n = sinter.tanh %o : tensor<8xf32>
          sinter.yield %n : tensor<8xf32>
        }
        sinter.return %q, %c, %h
            : tensor<6x8xf32>, tensor<8xf32>, tensor<8xf32>
      }
      sinter.entry @again(%s: tensor<8xf32>) -> tensor<8xf32> {
        %n = sinter.tanh %s : tensor<8xf32>
        sinter.return %n : tensor<8xf32>
      }
    })");
  std::string text;
  llvm::raw_string_ostream stream(text);
  inspect::printFusionReport(*module, stream);
  // 6·8 results: 2·5 each for the product, 1 each for the bias.
  EXPECT_EQ(text, R"(entry run: 3 kernels, 5 calls
  run_layer_matmul_bias                        contraction   3 ops          528 flop        312 B in        192 B out
  run_layer_total                              reduction     1 ops           48 flop        192 B in         32 B out
  run_tanh                                     pointwise     1 ops            8 flop         32 B in         32 B out  × 3
entry again: 1 kernels, 1 calls
  run_tanh                                     pointwise     1 ops            8 flop         32 B in         32 B out
boundaries of run
  run_layer_matmul_bias -> run_layer_total
    reduce_sum 'layer.total': it is the root of a kernel of its own
not fused
  run_layer_matmul_bias
    reduce_sum 'layer.total': it is the root of a kernel of its own
)");
}

TEST_F(Fusing, ReportOfAnEmptyEntryIsALine) {
  auto module = fused("module { sinter.entry @run() { sinter.return } }");
  std::string text;
  llvm::raw_string_ostream stream(text);
  inspect::printFusionReport(*module, stream);
  EXPECT_EQ(text, "entry run: 0 kernels, 0 calls\n");
}

TEST_F(Fusing, ReportSaysWhichAttentionIsBlocked) {
  auto module = fused("module { sinter.entry @run() attributes {blocked_scores "
                      "= [\"'a': all of it\"]} { sinter.return } }");
  std::string text;
  llvm::raw_string_ostream stream(text);
  inspect::printFusionReport(*module, stream);
  EXPECT_EQ(text,
            "entry run: 0 kernels, 0 calls\n  attention 'a': all of it\n");
}

} // namespace
