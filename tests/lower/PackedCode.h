//===- PackedCode.h - which functions compute on whole vectors --*- C++ -*-===//

#ifndef SINTER_TESTS_LOWER_PACKEDCODE_H
#define SINTER_TESTS_LOWER_PACKEDCODE_H

#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>

namespace sinter::test {

struct FunctionCode {
  /// Whether an instruction loads, stores or computes several elements at once.
  /// What compilers do with packed instructions to single elements (copies of
  /// registers, zeros, signs) does not count.
  bool isPacked = false;
  /// Whether an instruction reads from memory other than constants and the
  /// stack; what does not fills its results with a constant.
  bool readsData = false;
  std::string text;
};

/// The functions of an x86-64 assembly.
std::map<std::string, FunctionCode> findFunctions(llvm::StringRef assembly);

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_PACKEDCODE_H
