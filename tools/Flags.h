//===- Flags.h - the command lines of Sinter's tools -----------*- C++ -*-===//
//
// A table of flags with their help, parsed by hand: LLVM's own parser shares
// one name space with everything in libLLVM, where names such as
// `--time-passes` are taken.  Flags that begin with `--mlir-` are MLIR's own
// and go there unrenamed.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_FLAGS_H
#define SINTER_TOOLS_FLAGS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <string>
#include <vector>

namespace sinter::tools {

struct Flag {
  std::string name;  // "--cpu", "-o"
  std::string value; // "NAME"; empty if it takes none
  std::string help;
  /// Returns an error that says what is wrong with the value.
  std::function<llvm::Error(llvm::StringRef)> set;
};

class Flags {
public:
  Flags(std::string tool, std::string usage, std::string summary);

  void add(std::string name, std::string value, std::string help,
           std::function<llvm::Error(llvm::StringRef)> set);
  void addSwitch(std::string name, std::string help, bool &value);
  /// Any text but none.
  void addText(std::string name, std::string value, std::string help,
               std::string &text);

  /// Sets what the arguments say and returns those that are no flags. An error
  /// says what is wrong and names the nearest flag. `--help` and `--version`
  /// print and exit.
  llvm::Expected<std::vector<std::string>> parse(int argc, char **argv);
  /// Whether any of them was MLIR's own.
  bool hasMLIRFlags() const { return foundMLIRFlags; }

private:
  void printHelp() const;
  llvm::Error unknown(llvm::StringRef name) const;

  std::string tool, usage, summary;
  std::vector<Flag> flags;
  bool foundMLIRFlags = false;
};

/// The nearest of `words` to `word`, or empty if none is near.
std::string findNearest(llvm::StringRef word,
                        const std::vector<std::string> &words);

} // namespace sinter::tools

#endif // SINTER_TOOLS_FLAGS_H
