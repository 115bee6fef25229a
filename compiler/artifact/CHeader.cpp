//===- CHeader.cpp - the C99 header of a model ----------------------------===//
//
// Written from the model's description alone.  It compiles without warnings as
// C99 and C++ under -Wpedantic, and holds nothing that depends on where or when
// it was made.
//
//===----------------------------------------------------------------------===//

#include "compiler/artifact/Header.h"
#include "compiler/ir/HostNames.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace sinter;

StringRef artifact::getCType(const ir::TensorDescription &tensor) {
  return StringSwitch<StringRef>(tensor.dtype)
      .Case("f64", "double")
      .Case("f32", "float")
      .Cases({"bf16", "f16"}, "uint16_t")
      .Case("i64", "int64_t")
      .Case("i32", "int32_t")
      .Case("i16", "int16_t")
      .Case("i8", "int8_t")
      .Default("uint8_t");
}

std::string artifact::describeTensor(const ir::TensorDescription &tensor) {
  std::string text;
  raw_string_ostream os(text);
  os << '[';
  interleaveComma(tensor.shape, os);
  os << "] " << tensor.dtype;
  if (tensor.batchAxis >= 0)
    os << ", batch axis " << tensor.batchAxis;
  return text;
}

std::vector<std::string>
artifact::getArgumentNames(const ir::EntryDescription &entry) {
  ir::IdentifierScope scope;
  std::vector<std::string> names;
  for (const auto *list : {&entry.inputs, &entry.outputs})
    for (const ir::TensorDescription &tensor : *list)
      names.push_back(scope.add(tensor.name));
  return names;
}

/// A user's name inside a comment must not end it.
static std::string inComment(StringRef text) {
  std::string result = text.str();
  for (size_t at; (at = result.find("*/")) != std::string::npos;)
    result.replace(at, 2, "* /");
  return result;
}

namespace {
struct CHeaderWriter {
  const ir::ModelDescription &model;
  raw_string_ostream &os;
  StringRef name = model.name;
  std::string macro = name.upper();

  void writeSizes() {
    os << "/* Bytes of the state, and of the workspace of each entry; both\n"
          " * must be aligned to SINTER_ALIGNMENT. */\n"
       << "#define " << ir::getStateMacro(name) << " " << model.stateBytes
       << "\n";
    for (const ir::EntryDescription &entry : model.entries)
      os << "#define " << ir::getWorkspaceMacro(name, entry.name) << " "
         << entry.workspaceBytes << "\n";
    os << "\n";
  }

  void writeVariables() {
    if (model.variables.empty())
      return;
    os << "/* Where each variable lies in the state, dense and row-major. */\n";
    ir::HostNames names(name);
    for (const ir::EntryDescription &entry : model.entries)
      names.addEntry(entry.name);
    for (const ir::TensorDescription &variable : model.variables)
      os << "/* " << inComment(variable.name) << ": "
         << artifact::describeTensor(variable) << " */\n#define "
         << names.addOffset(variable.name) << " " << variable.offset << "\n";
    os << "\n";
  }

  void writeArguments(const ir::EntryDescription &entry) {
    std::string type = ir::getEntrySymbol(name, entry.name);
    os << "typedef struct " << type << "_args {\n";
    std::vector<std::string> names = artifact::getArgumentNames(entry);
    auto next = names.begin();
    for (const ir::TensorDescription &tensor : entry.inputs)
      os << "  const " << artifact::getCType(tensor) << " *" << *next++
         << "; /* in: " << artifact::describeTensor(tensor) << " */\n";
    for (const ir::TensorDescription &tensor : entry.outputs)
      os << "  " << artifact::getCType(tensor) << " *" << *next++
         << "; /* out: " << artifact::describeTensor(tensor) << " */\n";
    if (names.empty())
      os << "  const void *unused; /* the entry takes and gives nothing */\n";
    os << "} " << type << "_args;\n";
  }

  void writeEntry(const ir::EntryDescription &entry) {
    std::string function = ir::getEntrySymbol(name, entry.name);
    if (entry.name == "init") {
      os << "/* Writes every variable; the same seed gives the same bits. */\n"
         << "int32_t " << function
         << "(void *state, uint64_t seed, void *workspace,\n"
         << "    const sinter_host *host);\n\n";
      return;
    }
    writeArguments(entry);
    os << "int32_t " << function << "(" << (entry.writesState ? "" : "const ")
       << "void *state, const " << function << "_args *args,\n"
       << "    void *workspace, const sinter_host *host);\n\n";
  }

  void write() {
    os << "/* The model `" << inComment(name)
       << "`, compiled by sinter " SINTER_VERSION ".\n"
          " *\n"
          " * Entries return a sinter_status. They never allocate and keep no\n"
          " * global state; `host` may be NULL (serial and silent)."
       << (model.library.empty()
               ? ""
               : "\n *\n * Its kernels call oneDNN, which allocates of its own "
                 "and keeps what it has\n * made: link libsinter-onednn.a and "
                 "-ldnnl -ldl with an archive or object;\n * a shared library "
                 "needs libdnnl.so.2 where it runs.")
       << " */\n"
       << "#ifndef SINTER_MODEL_" << macro << "_H\n#define SINTER_MODEL_"
       << macro << "_H\n\n#include \"sinter_runtime.h\"\n\n"
       << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    writeSizes();
    for (const ir::EntryDescription &entry : model.entries)
      writeEntry(entry);
    writeVariables();
    os << "/* Names, dtypes, shapes, offsets and sizes of all of this. */\n"
       << "extern const sinter_model " << ir::getModelSymbol(name) << ";\n\n"
       << "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  }
};
} // namespace

std::string artifact::writeCHeader(const ir::ModelDescription &model) {
  std::string text;
  raw_string_ostream os(text);
  CHeaderWriter{model, os}.write();
  return text;
}
