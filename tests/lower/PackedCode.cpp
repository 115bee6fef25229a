//===- PackedCode.cpp - which functions compute on whole vectors ----------===//

#include "tests/lower/PackedCode.h"

#include "llvm/ADT/SmallVector.h"

using namespace llvm;
using namespace sinter::test;

/// Whether the operands name memory other than constants and the stack.
static bool touchesData(StringRef operands) {
  size_t open = operands.find('(');
  return open != StringRef::npos && !operands.contains("%rip") &&
         !operands.contains("(%rsp") && !operands.contains("(%rbp");
}

static bool isPacked(StringRef mnemonic, StringRef operands) {
  if (operands.contains("%ymm") || operands.contains("%zmm"))
    return !mnemonic.starts_with("vzero");
  if (!operands.contains("%xmm"))
    return false;
  mnemonic.consume_front("v");
  // Moves of 16 bytes between registers and memory, or elements by mask.
  for (StringRef move :
       {"movups", "movaps", "movupd", "movapd", "movdqu", "movdqa", "lddqu",
        "maskmov", "pmaskmov", "pgather", "gather"})
    if (mnemonic.starts_with(move))
      return touchesData(operands);
  // Arithmetic on floats that scalar code does with other instructions.
  for (StringRef op : {"add", "sub", "mul", "div", "min", "max", "sqrt",
                       "fmadd", "fmsub", "fnmadd", "cmp"})
    if (mnemonic.starts_with(op) &&
        (mnemonic.ends_with("ps") || mnemonic.ends_with("pd")))
      return true;
  // Arithmetic on integers.
  for (StringRef op : {"padd", "psub", "pmul", "pmin", "pmax", "pcmp"})
    if (mnemonic.starts_with(op))
      return true;
  return false;
}

std::map<std::string, FunctionCode>
sinter::test::findFunctions(StringRef assembly) {
  std::map<std::string, FunctionCode> functions;
  FunctionCode *current = nullptr;
  SmallVector<StringRef> lines;
  assembly.split(lines, '\n');
  for (StringRef line : lines) {
    line = line.split('#').first.rtrim();
    if (line.ends_with(":") && !line.starts_with(".") &&
        !line.starts_with("\t")) {
      // What a kernel's tasks do, the kernel does.
      current = &functions[line.drop_back().split("_task").first.str()];
      continue;
    }
    if (!current || !line.starts_with("\t") || line.starts_with("\t."))
      continue;
    auto [mnemonic, operands] = line.trim().split('\t');
    current->isPacked |= isPacked(mnemonic, operands);
    // Sources come first.
    size_t comma = operands.rfind("), ");
    current->readsData |= mnemonic != "leaq" && comma != StringRef::npos &&
                          touchesData(operands.take_front(comma + 1));
    current->text += line.str() + "\n";
  }
  return functions;
}
