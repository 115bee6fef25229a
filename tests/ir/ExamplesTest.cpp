//===- ExamplesTest.cpp - the examples of the ODS files -------------------===//
//
// Every ```mlir block of an op's description parses, verifies, and prints to a
// text that parses to the same.  Values that a block uses without defining them
// become arguments around it; their types are found by asking the parser, whose
// message names the type it wants.
//
//===----------------------------------------------------------------------===//

#include "tests/ir/Parse.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace sinter::ir;

namespace {
using ExamplesTest = Parse;

struct Example {
  std::string file, text;
};

std::vector<Example> examples() {
  std::vector<Example> found;
  std::set<std::filesystem::path> files;
  for (const auto &entry :
       std::filesystem::directory_iterator(SINTER_IR_DIRECTORY))
    if (entry.path().extension() == ".td")
      files.insert(entry.path());
  for (const std::filesystem::path &file : files) {
    std::ifstream stream(file);
    std::string line, block;
    bool inside = false;
    while (std::getline(stream, line)) {
      bool fence = line.find("```") != std::string::npos;
      if (fence && inside)
        found.push_back({file.filename(), block});
      if (fence) {
        inside = line.find("```mlir") != std::string::npos;
        block.clear();
      } else if (inside) {
        block += line + "\n";
      }
    }
  }
  return found;
}

/// Names that the block uses and does not define.
std::set<std::string> freeNames(const std::string &text) {
  static const std::regex name("%[A-Za-z0-9_]+");
  static const std::regex definition(
      "%[A-Za-z0-9_]+(?=[^=\\n(]*= sinter)|index\\((%[A-Za-z0-9_]+)\\)|"
      "(%[A-Za-z0-9_]+) = %");
  std::set<std::string> names, defined;
  for (std::sregex_iterator i(text.begin(), text.end(), name), end; i != end;
       ++i)
    names.insert(i->str());
  for (std::sregex_iterator i(text.begin(), text.end(), definition), end;
       i != end; ++i)
    for (const auto &group : *i)
      if (std::smatch match;
          group.matched &&
          std::regex_search(group.first, group.second, match, name))
        defined.insert(match.str());
  // Arguments of a region's block.
  static const std::regex block("\\^bb0\\([^)]*\\)");
  for (std::sregex_iterator i(text.begin(), text.end(), block), end; i != end;
       ++i) {
    std::string arguments = i->str();
    for (std::sregex_iterator k(arguments.begin(), arguments.end(), name);
         k != end; ++k)
      defined.insert(k->str());
  }
  for (const std::string &each : defined)
    names.erase(each);
  return names;
}

std::string wrapped(const std::string &text,
                    const std::map<std::string, std::string> &types) {
  std::string module =
      "sinter.variable @w : tensor<4x2xf32>\n"
      "sinter.kernel @scale(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
      "  sinter.return %x : tensor<4xf32>\n}\n";
  static const std::regex symbol("^\\s*sinter\\.(variable|entry|kernel)");
  if (std::regex_search(text, symbol)) {
    // The block itself is a symbol, perhaps of one of those names.
    return text.find("@scale") != std::string::npos
               ? text
               : "sinter.variable @w : tensor<4x2xf32>\n" + text;
  }
  // Launches fit the one kernel around them.
  if (text.find("memref<8xf32>") != std::string::npos)
    module = std::regex_replace(module, std::regex("4xf32>"), "8xf32>");
  // Tensors are inputs; what else the text needs comes from nowhere.
  std::string arguments, others;
  for (const auto &[name, type] : types)
    if (type.starts_with("tensor"))
      arguments += (arguments.empty() ? "" : ", ") + name + ": " + type;
    else
      others += "  " + name + " = \"test.value\"() : () -> " + type + "\n";
  return module + "sinter.entry @example(" + arguments +
         ") attributes {workspace_bytes = 0 : i64} {\n" + others + text +
         "  sinter.return\n}\n";
}

TEST_F(ExamplesTest, ParsePrintAndParseAgain) {
  const std::regex wanted("use of value '(%[A-Za-z0-9_]+)' expects different "
                          "type than prior uses: '([^']+)' vs");
  context.allowUnregisteredDialects();
  std::vector<Example> all = examples();
  EXPECT_GE(all.size(), 30u);
  for (const Example &example : all) {
    SCOPED_TRACE(example.file + "\n" + example.text);
    std::map<std::string, std::string> types;
    for (const std::string &name : freeNames(example.text))
      types[name] = "tensor<7x7x7xi1>";
    mlir::OwningOpRef<mlir::ModuleOp> module;
    for (size_t attempt = 0; attempt <= types.size() && !module; ++attempt) {
      module = parse(wrapped(example.text, types));
      std::smatch match;
      if (!module && std::regex_search(messages, match, wanted))
        types[match[1]] = match[2];
    }
    ASSERT_TRUE(module) << messages << wrapped(example.text, types);
    std::string printed = print(*module);
    auto again = parse(printed);
    ASSERT_TRUE(again) << messages << printed;
    EXPECT_EQ(print(*again), printed);
    // What the custom form leaves out, the generic one shows.
    EXPECT_EQ(printGeneric(*again), printGeneric(*module));
  }
}

// A file of ops without any example would go unnoticed above.
TEST_F(ExamplesTest, EveryFamilyHasOne) {
  std::map<std::string, int> number;
  for (const Example &example : examples())
    ++number[example.file];
  for (const char *file :
       {"Contraction.td", "Control.td", "Functions.td", "Kernel.td",
        "Library.td", "Linear.td", "Pointwise.td", "Random.td", "Reduction.td",
        "Requests.td", "State.td"})
    EXPECT_GE(number[file], 1) << file;
}
} // namespace
