//===- HostNames.cpp - names of a model as names in C ---------------------===//
//
// Names of inputs and variables are the user's ("hidden1.weight", "class") and
// are changed where C or C++ would not have them.  Those of entries and models
// become symbols and stay what they are, or are refused.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/HostNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace sinter;

static bool isKeyword(StringRef name) {
  static const StringSet<> keywords = {
      // C, and what headers of the C library make of it.
      "auto", "break", "case", "char", "const", "continue", "default", "do",
      "double", "else", "enum", "extern", "float", "for", "goto", "if",
      "inline", "int", "long", "register", "restrict", "return", "short",
      "signed", "sizeof", "static", "struct", "switch", "typedef", "typeof",
      "typeof_unqual", "union", "unsigned", "void", "volatile", "while",
      "errno", "assert", "offsetof", "linux", "unix", "i386",
      // C++.
      "alignas", "alignof", "and", "and_eq", "asm", "bitand", "bitor", "bool",
      "catch", "char8_t", "char16_t", "char32_t", "class", "compl", "concept",
      "consteval", "constexpr", "constinit", "const_cast", "contract_assert",
      "co_await", "co_return", "co_yield", "decltype", "delete", "dynamic_cast",
      "explicit", "export", "false", "friend", "mutable", "namespace", "new",
      "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq",
      "private", "protected", "public", "reinterpret_cast", "requires",
      "static_assert", "static_cast", "template", "this", "thread_local",
      "throw", "true", "try", "typeid", "typename", "using", "virtual",
      "wchar_t", "xor", "xor_eq",
      // Used beside members in the headers: a member of that name would change
      // what they mean.
      "std", "sinter"};
  return keywords.contains(name);
}

/// Macros and types of the headers that a model's header includes, and what C
/// keeps for itself.
static bool belongsToC(StringRef name) {
  if (isKeyword(name) || name == "NULL" || name.starts_with("SINTER_") ||
      name.starts_with("__") || name.ends_with("_t"))
    return true;
  if (name.size() > 1 && name[0] == '_' && isUpper(name[1]))
    return true;
  // INT32_MAX, SIZE_MAX, UINT8_C
  return name.upper() == name &&
         (name.ends_with("_MAX") || name.ends_with("_MIN") ||
          name.ends_with("_C") || name.ends_with("_WIDTH"));
}

bool ir::isIdentifier(StringRef name) {
  return !name.empty() && !isDigit(name[0]) &&
         all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
}

std::string ir::toIdentifier(StringRef name) {
  std::string result;
  for (char c : name)
    result += isAlnum(c) ? c : '_';
  if (result.empty() || isDigit(result.front()))
    result.insert(0, "_");
  if (belongsToC(result))
    result += '_';
  return result;
}

std::string ir::getEntrySymbol(StringRef model, StringRef entry) {
  return (model + "_" + entry).str();
}
std::string ir::getModelSymbol(StringRef model) {
  return (model + "_model").str();
}
std::string ir::getStateMacro(StringRef model) {
  return model.upper() + "_STATE_BYTES";
}
std::string ir::getWorkspaceMacro(StringRef model, StringRef entry) {
  return model.upper() + "_" + entry.upper() + "_WORKSPACE_BYTES";
}

std::string ir::IdentifierScope::add(StringRef name) {
  std::string identifier = toIdentifier(name);
  std::string unique = identifier;
  for (int n = 2; !taken.try_emplace(unique).second; ++n)
    unique = identifier + "_" + std::to_string(n);
  return unique;
}

ir::HostNames::HostNames(StringRef model) : model(model.str()) {
  owners[getModelSymbol(model)] = "is the model's description";
  owners[getStateMacro(model)] = "is the size of the state";
}

std::string ir::HostNames::addEntry(StringRef entry) {
  std::string symbol = getEntrySymbol(model, entry);
  std::pair<std::string, std::string> names[] = {
      {symbol, "is the entry '" + entry.str() + "'"},
      {symbol + "_args", "is the arguments of the entry '" + entry.str() + "'"},
      {getWorkspaceMacro(model, entry),
       "is the workspace size of the entry '" + entry.str() + "'"}};
  for (auto &[name, owner] : names) {
    if (isKeyword(name))
      return "gives the C name '" + name + "', which is a keyword";
    if (auto found = owners.find(name); found != owners.end())
      return "gives the C name '" + name + "', which " + found->second;
  }
  for (auto &[name, owner] : names)
    owners[name] = owner;
  return {};
}

std::string ir::HostNames::addOffset(StringRef variable) {
  std::string wanted = StringRef(model).upper() + "_OFFSET_";
  for (char c : variable)
    wanted += isAlnum(c) ? c : '_';
  std::string unique = wanted;
  for (int n = 2; !owners.try_emplace(unique, "is an offset").second; ++n)
    unique = wanted + "_" + std::to_string(n);
  return unique;
}
