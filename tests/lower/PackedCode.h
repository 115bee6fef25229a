//===- PackedCode.h - which functions compute on whole vectors --*- C++ -*-===//

#ifndef SINTER_TESTS_LOWER_PACKEDCODE_H
#define SINTER_TESTS_LOWER_PACKEDCODE_H

#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>

namespace sinter::test {

/// For each function of an x86-64 assembly, whether an instruction of it loads,
/// stores or computes several elements at once.  What compilers do with packed
/// instructions to single elements (copies of registers, zeros, signs) does not
/// count.
std::map<std::string, bool> findPackedCode(llvm::StringRef assembly);

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_PACKEDCODE_H
