//===- Flags.cpp - the command lines of Sinter's tools --------------------===//
//
// `--name=value` and `--name value` are the same; a flag of one letter takes
// its value attached too (`-O2`, `-Pbatch=64`).
//
//===----------------------------------------------------------------------===//

#include "tools/Flags.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace sinter::tools;

Flags::Flags(std::string tool, std::string usage, std::string summary)
    : tool(std::move(tool)), usage(std::move(usage)),
      summary(std::move(summary)) {}

void Flags::add(std::string name, std::string value, std::string help,
                std::function<Error(StringRef)> set) {
  flags.push_back(
      {std::move(name), std::move(value), std::move(help), std::move(set)});
}

void Flags::addSwitch(std::string name, std::string help, bool &value) {
  add(std::move(name), "", std::move(help), [&value](StringRef) {
    value = true;
    return Error::success();
  });
}

void Flags::addText(std::string name, std::string value, std::string help,
                    std::string &text) {
  std::string wanted = "'" + name + "' needs a value: " + name +
                       (name.size() == 2 ? " " : "=") + value;
  add(std::move(name), std::move(value), std::move(help),
      [&text, wanted](StringRef given) -> Error {
        // As scripts give whose variable is not set.
        if (given.empty())
          return createStringError(wanted);
        text = given.str();
        return Error::success();
      });
}

void Flags::printHelp() const {
  outs() << "usage: " << usage << "\n\n" << summary << "\n\n";
  for (const Flag &flag : flags) {
    std::string left = flag.name;
    if (!flag.value.empty())
      left += (flag.name.size() == 2 ? (flag.name == "-O" ? "" : " ") : "=") +
              flag.value;
    outs() << "  " << left_justify(left, 26) << ' ' << flag.help << '\n';
  }
  outs() << "  " << left_justify("--mlir-…", 28)
         << " MLIR's own flags (--mlir-print-ir-after-all)\n"
         << "  " << left_justify("--version", 26) << " print the version\n";
}

/// Edits between two words, a swap of neighbours counting as one (Damerau).
static unsigned distance(StringRef a, StringRef b) {
  std::vector<std::vector<unsigned>> d(a.size() + 1,
                                       std::vector<unsigned>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1,
                          d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string sinter::tools::findNearest(StringRef word,
                                       const std::vector<std::string> &words) {
  std::string nearest;
  // Further away than a third of the word it is no typing mistake.
  unsigned best = std::max<unsigned>(2, word.size() / 3) + 1;
  for (const std::string &candidate : words)
    if (unsigned edits = distance(word, candidate); edits < best) {
      best = edits;
      nearest = candidate;
    }
  return nearest;
}

Error Flags::unknown(StringRef name) const {
  std::vector<std::string> names = {"--help", "--version"};
  for (const Flag &flag : flags)
    names.push_back(flag.name);
  std::string nearest = findNearest(name, names);
  return createStringError("unknown flag '" + name + "'" +
                           (nearest.empty()
                                ? "; --help lists all"
                                : ": did you mean '" + nearest + "'?"));
}

/// Hands MLIR its flags; it says what is wrong with them.
static Error setMLIRFlags(StringRef tool, std::vector<const char *> flags) {
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  if (flags.empty())
    return Error::success();
  std::string name = tool.str(), messages;
  flags.insert(flags.begin(), name.c_str());
  raw_string_ostream os(messages);
  if (!cl::ParseCommandLineOptions(flags.size(), flags.data(), "", &os))
    return createStringError(StringRef(messages).trim());
  return Error::success();
}

Expected<std::vector<std::string>> Flags::parse(int argc, char **argv) {
  std::vector<std::string> rest;
  std::vector<const char *> mlirFlags;
  for (int k = 1; k < argc; ++k) {
    StringRef arg = argv[k];
    if (arg == "--help" || arg == "-h") {
      printHelp();
      exit(0);
    }
    if (arg == "--version") {
      outs() << tool << " " SINTER_VERSION "\n";
      exit(0);
    }
    if (arg.starts_with("--mlir-")) {
      mlirFlags.push_back(argv[k]);
      continue;
    }
    if (arg == "-" || !arg.starts_with("-")) {
      rest.push_back(arg.str());
      continue;
    }
    auto [name, value] = arg.split('=');
    bool hasValue = arg.contains('=');
    if (!arg.starts_with("--") && arg.size() > 2) { // -O2, -Pbatch=64
      name = arg.take_front(2);
      value = arg.drop_front(2);
      hasValue = true;
    }
    auto flag = find_if(flags, [&](const Flag &f) { return f.name == name; });
    if (flag == flags.end() ||
        (flag->value.empty() && name.size() == 2 && arg.size() > 2))
      return unknown(flag == flags.end() && arg.starts_with("--") ? name : arg);
    if (flag->value.empty() && hasValue)
      return createStringError("'" + name + "' takes no value");
    if (!flag->value.empty() && !hasValue) {
      if (++k == argc)
        return createStringError("'" + name + "' needs a value: " + name +
                                 (name.size() == 2 ? " " : "=") + flag->value);
      value = argv[k];
    }
    if (Error error = flag->set(value))
      return error;
  }
  foundMLIRFlags = !mlirFlags.empty();
  if (Error error = setMLIRFlags(tool, std::move(mlirFlags)))
    return error;
  return rest;
}
