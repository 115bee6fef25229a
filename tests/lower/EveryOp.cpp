//===- EveryOp.cpp - tables of every op on one element type ---------------===//

#include "tests/lower/EveryOp.h"

#include "compiler/ir/Sinter.h"
#include "tools/op-table/OpTable.h"
#include "tools/op-table/Samples.h"
#include "gtest/gtest.h"

using namespace sinter;

std::vector<test::Movement> test::movements() {
  return {
      {"reshape %m", "37x5", rows * wide, [](int64_t i) { return i; }},
      {"transpose %m [1, 0]", "37x5", rows * wide,
       [](int64_t i) { return i % rows * wide + i / rows; }},
      {"broadcast %m dims [0, 2]", "5x2x37", 2 * rows * wide,
       [](int64_t i) { return i / (2 * wide) * wide + i % wide; }},
      {"slice %m offsets [1, 2] sizes [2, 17] strides [2, 2]", "2x17", 2 * 17,
       [](int64_t i) { return (1 + i / 17 * 2) * wide + 2 + i % 17 * 2; }},
      {"pad %m low [1, 1] high [0, 2] interior [0, 0]", "6x40", 6 * 40,
       [](int64_t i) -> int64_t {
         int64_t r = i / 40 - 1, c = i % 40 - 1;
         return r < 0 || c < 0 || c >= wide ? -1 : r * wide + c;
       }},
      {"pad %m low [1, 1] high [0, 2] interior [0, 1]", "6x76", 6 * 76,
       [](int64_t i) -> int64_t {
         int64_t r = i / 76 - 1, c = i % 76 - 1;
         if (r < 0 || c < 0 || c % 2 || c / 2 >= wide)
           return -1;
         return r * wide + c / 2;
       }},
      {"reverse %m dims [1]", "5x37", rows * wide,
       [](int64_t i) { return i / wide * wide + wide - 1 - i % wide; }},
      {"windows %m dims [1] sizes [3] strides [2] dilations [2]", "5x17x3",
       rows * 17 * 3,
       [](int64_t i) { return i / 51 * wide + i / 3 % 17 * 2 + i % 3 * 2; }},
  };
}

void test::expectEveryOpOn(llvm::StringRef type,
                           const std::set<std::string> &covered) {
  mlir::MLIRContext context;
  context.loadDialect<ir::SinterDialect>();
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != "sinter" ||
        isStructure(name.getStringRef()))
      continue;
    std::string op = name.stripDialect().str();
    EXPECT_TRUE(covered.count(op) || !allowsElements(context, name, type))
        << op;
  }
}
