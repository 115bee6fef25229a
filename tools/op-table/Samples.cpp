//===- Samples.cpp - one use of each op, for any element type -------------===//

#include "tools/op-table/Samples.h"

#include "compiler/ir/Sinter.h"
#include "llvm/ADT/StringSet.h"
#include <map>

using namespace mlir;
using namespace sinter;

bool sinter::isStructure(StringRef opName) {
  static const llvm::StringSet<> names = {
      "sinter.variable",    "sinter.entry",       "sinter.read",
      "sinter.write",       "sinter.return",      "sinter.yield",
      "sinter.kernel",      "sinter.call",        "sinter.gradient",
      "sinter.vjp",         "sinter.jvp",         "sinter.buffer",
      "sinter.launch",      "sinter.copy",        "sinter.loop",
      "sinter.store_index", "sinter.library_call"};
  return names.contains(opName);
}

static const std::map<std::string, Sample> &others() {
  static const std::string key = "tensor<2xi64>", row = "tensor<96xT>",
                           table = "tensor<40x96xT>";
  static const std::map<std::string, Sample> samples = {
      {"compare",
       {{row, row}, "sinter.compare lt %0, %1 : " + row, "tensor<96xi1>"}},
      {"select",
       {{"tensor<96xi1>", row, row}, "sinter.select %0, %1, %2 : " + row, row}},
      {"cast",
       {{row},
        "sinter.cast %0 : " + row + " to tensor<96xf32>",
        "tensor<96xf32>"}},
      {"constant", {{}, "sinter.constant dense<1> : " + row, row}},
      {"iota", {{}, "sinter.iota dim 0 : " + row, row}},
      {"reshape",
       {{table},
        "sinter.reshape %0 : " + table + " -> tensor<3840xT>",
        "tensor<3840xT>"}},
      {"transpose",
       {{table},
        "sinter.transpose %0 [1, 0] : " + table + " -> tensor<96x40xT>",
        "tensor<96x40xT>"}},
      {"broadcast",
       {{row},
        "sinter.broadcast %0 dims [1] : " + row + " -> tensor<8x96xT>",
        "tensor<8x96xT>"}},
      {"slice",
       {{row},
        "sinter.slice %0 offsets [1] sizes [40] strides [1] : " + row +
            " -> tensor<40xT>",
        "tensor<40xT>"}},
      {"pad",
       {{row},
        "sinter.pad %0 low [1] high [0] interior [0] : " + row +
            " -> tensor<97xT>",
        "tensor<97xT>"}},
      {"concatenate",
       {{row, row},
        "sinter.concatenate %0, %1 dim 0 : " + row + ", " + row +
            " -> tensor<192xT>",
        "tensor<192xT>"}},
      {"reverse",
       {{row}, "sinter.reverse %0 dims [0] : " + row + " -> " + row, row}},
      {"gather",
       {{row, "tensor<40xi32>"},
        "sinter.gather %0[%1] axis 0 batch 0 : " + row +
            ", tensor<40xi32> -> tensor<40xT>",
        "tensor<40xT>"}},
      {"scatter_add",
       {{row, "tensor<40xi32>", "tensor<40xT>"},
        "sinter.scatter_add %0[%1] += %2 axis 0 batch 0 : " + row +
            ", tensor<40xi32>, tensor<40xT>",
        row}},
      {"dot_general",
       {{table, table},
        "sinter.dot_general %0, %1 contract [0] x [0] batch [] "
        "x [] : " +
            table + ", " + table + " -> tensor<96x96xT>",
        "tensor<96x96xT>"}},
      {"conv",
       {{"tensor<2x9x9x6xT>", "tensor<3x3x6x32xT>"},
        "sinter.conv %0, %1 : tensor<2x9x9x6xT>, tensor<3x3x6x32xT> -> "
        "tensor<2x7x7x32xT>",
        "tensor<2x7x7x32xT>"}},
      {"windows",
       {{"tensor<9x32xT>"},
        "sinter.windows %0 dims [0] sizes [3] strides [2] dilations "
        "[1] : tensor<9x32xT> -> tensor<4x3x32xT>",
        "tensor<4x3x32xT>"}},
      {"fold_windows",
       {{"tensor<4x3x32xT>"},
        "sinter.fold_windows %0 dims [0] sizes [3] strides [2] "
        "dilations [1] : tensor<4x3x32xT> -> tensor<9x32xT>",
        "tensor<9x32xT>"}},
      {"argmax",
       {{table},
        "sinter.argmax %0 dim 1 : " + table + " -> tensor<40xi32>",
        "tensor<40xi32>"}},
      {"argmin",
       {{table},
        "sinter.argmin %0 dim 1 : " + table + " -> tensor<40xi32>",
        "tensor<40xi32>"}},
      {"cumulative_sum",
       {{table}, "sinter.cumulative_sum %0 dim 0 : " + table, table}},
      {"argsort",
       {{table},
        "sinter.argsort %0 dim 1 : " + table + " -> tensor<40x96xi32>",
        "tensor<40x96xi32>"}},
      {"polygamma", {{row}, "sinter.polygamma %0 order 0 : " + row, row}},
      {"random_uniform",
       {{key}, "sinter.random_uniform %0 stream 2 : " + row, row}},
      {"random_normal",
       {{key}, "sinter.random_normal %0 stream 2 : " + row, row}},
      {"random_bernoulli",
       {{key},
        "sinter.random_bernoulli %0 stream 2 "
        "probability 0.5 : " +
            row,
        row}},
      {"scan",
       {{row, table},
        "sinter.scan 40 carry(%c = %0 : " + row + ") each(%x = %1 : " + table +
            ") index(%t) -> (" + row +
            ") {\n  %n = sinter.reverse %c dims [0] : " + row + " -> " + row +
            "\n  sinter.yield %n : " + row + "\n}",
        row}},
  };
  return samples;
}

std::optional<Sample> sinter::sampleOf(RegisteredOperationName name) {
  std::string mnemonic = name.stripDialect().str(), op = "sinter." + mnemonic;
  if (auto found = others().find(mnemonic); found != others().end())
    return found->second;
  const std::string row = "tensor<96xT>", table = "tensor<40x96xT>";
  if (name.hasTrait<ir::Pointwise>() && name.hasTrait<OpTrait::OneOperand>())
    return Sample{{row}, op + " %0 : " + row, row};
  if (name.hasTrait<ir::Pointwise>() &&
      name.hasTrait<OpTrait::NOperands<2>::Impl>())
    return Sample{{row, row}, op + " %0, %1 : " + row, row};
  if (name.hasTrait<ir::Reduction>())
    return Sample{{table},
                  op + " %0 dims [1] : " + table + " -> tensor<40xT>",
                  "tensor<40xT>"};
  return std::nullopt;
}
