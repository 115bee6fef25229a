//===- OpTableTest.cpp - the table in compiler/ir/README.md is current ----===//

#include "tools/op-table/OpTable.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace sinter;

namespace {
TEST(OpTable, IsCurrent) {
  auto table = makeOpTable();
  ASSERT_TRUE(static_cast<bool>(table)) << llvm::toString(table.takeError());
  auto file = llvm::MemoryBuffer::getFile(SINTER_OP_TABLE, /*IsText=*/true);
  ASSERT_TRUE(static_cast<bool>(file));
  auto wanted = replaceOpTable((*file)->getBuffer(), *table);
  ASSERT_TRUE(static_cast<bool>(wanted)) << llvm::toString(wanted.takeError());
  EXPECT_EQ(*wanted, (*file)->getBuffer().str())
      << "run build/bin/sinter-op-table compiler/ir/README.md";
}

// What the table must say of a few ops, so that a table of blanks fails.
TEST(OpTable, SaysWhatIsKnown) {
  auto table = makeOpTable();
  ASSERT_TRUE(static_cast<bool>(table)) << llvm::toString(table.takeError());
  for (const char *row :
       {"| `add` | f64 f32 bf16 i64 i32 i8 u8 | yes | yes | all |",
        "| `and` | i64 i32 i8 u8 i1 | – | – | all |",
        "| `floor` | f64 f32 bf16 | zero | zero | all |",
        "| `scan` | f64 f32 bf16 i64 i32 i8 u8 i1 | yes | yes | all |",
        "| `random_bernoulli` | i1 | – | – | all |"})
    EXPECT_NE(table->find(row), std::string::npos) << row << "\n" << *table;
  EXPECT_EQ(table->find("none"), std::string::npos) << *table;
}

TEST(OpTable, MarkersMustBeThere) {
  auto text = replaceOpTable("no table here", "| op |\n");
  EXPECT_EQ(llvm::toString(text.takeError()),
            "the markers of the op table are missing");
}
} // namespace
