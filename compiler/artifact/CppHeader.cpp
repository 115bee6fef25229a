//===- CppHeader.cpp - the C++20 wrapper of a model -----------------------===//
//
// A class that owns state and workspace, with one member function an entry.
// Arguments are structs of std::span whose sizes are checked; errors are
// exceptions, here and nowhere below.
//
//===----------------------------------------------------------------------===//

#include "compiler/artifact/Header.h"
#include "compiler/ir/HostNames.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace sinter;

namespace {
struct CppHeaderWriter {
  const ir::ModelDescription &model;
  StringRef cHeaderName;
  raw_string_ostream &os;
  // A namespace cannot be a keyword, a symbol's prefix can.
  std::string space = ir::toIdentifier(model.name);
  std::string macro = StringRef(model.name).upper();
  ir::IdentifierScope methods;

  CppHeaderWriter(const ir::ModelDescription &model, StringRef cHeaderName,
                  raw_string_ostream &os)
      : model(model), cHeaderName(cHeaderName), os(os) {
    // What the class has besides the entries.
    for (StringRef member : {"Model", "init", "save", "load", "state", "want",
                             "state_", "workspace_", "host_"})
      methods.add(member);
  }

  void writeArguments(const ir::EntryDescription &entry, StringRef method) {
    os << "  struct " << method << "_args {\n";
    std::vector<std::string> names = artifact::getArgumentNames(entry);
    auto next = names.begin();
    for (const ir::TensorDescription &tensor : entry.inputs)
      os << "    std::span<const " << artifact::getCType(tensor) << "> "
         << *next++ << "; // " << artifact::describeTensor(tensor) << "\n";
    for (const ir::TensorDescription &tensor : entry.outputs)
      os << "    std::span<" << artifact::getCType(tensor) << "> " << *next++
         << "; // out: " << artifact::describeTensor(tensor) << "\n";
    os << "  };\n";
  }

  void writeEntry(const ir::EntryDescription &entry) {
    std::string method = methods.add(entry.name);
    std::string function = ir::getEntrySymbol(model.name, entry.name);
    bool hasArguments = !entry.inputs.empty() || !entry.outputs.empty();
    if (hasArguments)
      writeArguments(entry, method);
    os << "  void " << method << "("
       << (hasArguments ? "const " + method + "_args &a" : std::string())
       << ") {\n";
    std::vector<std::string> names = artifact::getArgumentNames(entry);
    auto next = names.begin();
    for (const auto *list : {&entry.inputs, &entry.outputs})
      for (const ir::TensorDescription &tensor : *list) {
        os << "    want(a." << *next << ".size(), "
           << tensor.bytes / tensor.elementBytes() << ", \"" << method << ": "
           << *next << "\");\n";
        ++next;
      }
    os << "    const ::" << function << "_args args = {";
    if (hasArguments)
      interleaveComma(names, os,
                      [&](StringRef n) { os << "a." << n << ".data()"; });
    else
      os << "nullptr";
    os << "};\n    sinter::check(::" << function
       << "(state_.data(), &args, workspace_.data(), host_),\n"
       << "                  \"" << function << "\");\n  }\n\n";
  }

  void write() {
    std::string init = ir::getEntrySymbol(model.name, "init");
    std::string description = ir::getModelSymbol(model.name);
    os << "// The model `" << model.name << "` for C++20, made by sinter "
       << SINTER_VERSION << ".\n#ifndef SINTER_MODEL_" << macro
       << "_HPP\n#define SINTER_MODEL_" << macro << "_HPP\n\n#include \""
       << cHeaderName
       << "\"\n#include \"sinter_runtime.hpp\"\n\n#include <algorithm>\n"
          "#include <cstddef>\n#include <cstdint>\n#include <span>\n"
          "#include <stdexcept>\n#include <string>\n\n"
       << "namespace " << space << " {\n\n"
       << "// State and workspace of one instance. Errors are exceptions:\n"
          "// std::invalid_argument for a span of the wrong size, else\n"
          "// sinter::Error.\n"
       << "class Model {\npublic:\n"
       << "  // Variables are initialized from `seed`. `host`, which may be\n"
          "  // null, must outlive the model.\n"
       << "  explicit Model(std::uint64_t seed = 0,\n"
       << "                 const sinter_host *host = nullptr) : host_(host) "
          "{\n    init(seed);\n  }\n\n"
       << "  void init(std::uint64_t seed) {\n    sinter::check(::" << init
       << "(state_.data(), seed, workspace_.data(), host_),\n"
       << "                  \"" << init << "\");\n  }\n\n";
    int64_t workspaceBytes = 0;
    for (const ir::EntryDescription &entry : model.entries) {
      workspaceBytes = std::max(workspaceBytes, entry.workspaceBytes);
      if (entry.name != "init")
        writeEntry(entry);
    }
    os << "  void save(const std::string &path) const {\n"
       << "    sinter::save_state(::" << description
       << ", state_.data(), path);\n  }\n"
       << "  void load(const std::string &path) {\n"
       << "    sinter::load_state(::" << description
       << ", state_.data(), path);\n  }\n\n"
       << "  std::span<std::byte> state() { return state_.bytes(); }\n"
       << "  std::span<const std::byte> state() const { return "
          "state_.bytes(); }\n\nprivate:\n"
       << "  static void want(std::size_t size, std::size_t expected,\n"
       << "                   const char *what) {\n"
       << "    if (size != expected)\n"
       << "      throw std::invalid_argument(std::string(what) + \": \" +\n"
       << "          std::to_string(size) + \" elements given, \" +\n"
       << "          std::to_string(expected) + \" expected\");\n  }\n\n"
       << "  sinter::AlignedBytes state_{" << ir::getStateMacro(model.name)
       << "};\n"
       << "  sinter::AlignedBytes workspace_{" << workspaceBytes << "};\n"
       << "  const sinter_host *host_ = nullptr;\n};\n\n} // namespace "
       << space << "\n\n#endif\n";
  }
};
} // namespace

std::string artifact::writeCppHeader(const ir::ModelDescription &model,
                                     StringRef cHeaderName) {
  std::string text;
  raw_string_ostream os(text);
  CppHeaderWriter(model, cHeaderName, os).write();
  return text;
}
