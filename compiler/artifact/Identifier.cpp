//===- Identifier.cpp - names of a model as names in C --------------------===//
//
// Names of inputs and variables are the user's ("hidden1.weight", "class"); the
// headers need identifiers that both C and C++ accept.
//
//===----------------------------------------------------------------------===//

#include "compiler/artifact/Identifier.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace sinter;

static bool isKeyword(StringRef name) {
  static const StringSet<> keywords = {
      // C99 and what headers of the C library make of it.
      "auto", "break", "case", "char", "const", "continue", "default", "do",
      "double", "else", "enum", "extern", "float", "for", "goto", "if",
      "inline", "int", "long", "register", "restrict", "return", "short",
      "signed", "sizeof", "static", "struct", "switch", "typedef", "union",
      "unsigned", "void", "volatile", "while", "errno", "NULL", "assert",
      "linux", "unix",
      // C++20.
      "alignas", "alignof", "and", "and_eq", "asm", "bitand", "bitor", "bool",
      "catch", "char8_t", "char16_t", "char32_t", "class", "compl", "concept",
      "consteval", "constexpr", "constinit", "const_cast", "co_await",
      "co_return", "co_yield", "decltype", "delete", "dynamic_cast", "explicit",
      "export", "false", "friend", "mutable", "namespace", "new", "noexcept",
      "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private",
      "protected", "public", "reinterpret_cast", "requires", "static_assert",
      "static_cast", "template", "this", "thread_local", "throw", "true", "try",
      "typeid", "typename", "using", "virtual", "wchar_t", "xor", "xor_eq"};
  return keywords.contains(name);
}

std::string artifact::toIdentifier(StringRef name) {
  std::string result;
  for (char c : name)
    result += isAlnum(c) ? c : '_';
  if (result.empty() || isDigit(result.front()))
    result.insert(0, "_");
  if (isKeyword(result))
    result += '_';
  return result;
}

std::string artifact::toMacro(StringRef name) {
  return StringRef(toIdentifier(name)).upper();
}

std::string artifact::IdentifierScope::add(StringRef name) {
  std::string identifier = toIdentifier(name);
  std::string unique = identifier;
  for (int n = 2; !taken.insert(unique).second; ++n)
    unique = identifier + "_" + std::to_string(n);
  return unique;
}
