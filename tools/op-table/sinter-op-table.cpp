//===- sinter-op-table.cpp - writes the op table into a README ------------===//
//
//   sinter-op-table                         prints the table
//   sinter-op-table compiler/ir/README.md   replaces it there
//
//===----------------------------------------------------------------------===//

#include "tools/op-table/OpTable.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

static int fail(llvm::Error error) {
  llvm::errs() << "sinter-op-table: " << llvm::toString(std::move(error))
               << "\n";
  return 1;
}

int main(int argc, char **argv) {
  if (argc > 2) {
    llvm::errs() << "usage: sinter-op-table [README.md]\n";
    return 2;
  }
  llvm::Expected<std::string> table = sinter::makeOpTable();
  if (!table)
    return fail(table.takeError());
  if (argc == 1) {
    llvm::outs() << *table;
    return 0;
  }
  auto file = llvm::MemoryBuffer::getFile(argv[1], /*IsText=*/true);
  if (!file)
    return fail(llvm::createFileError(argv[1], file.getError()));
  llvm::Expected<std::string> text =
      sinter::replaceOpTable((*file)->getBuffer(), *table);
  if (!text)
    return fail(llvm::createFileError(argv[1], text.takeError()));
  std::error_code problem;
  llvm::raw_fd_ostream out(argv[1], problem);
  if (problem)
    return fail(llvm::createFileError(argv[1], problem));
  out << *text;
  return 0;
}
