//===- ModelMain.cpp - the main function of a model's program -------------===//
//
// sinterc compiles a model together with this and runs it as a child process:
//
//   PROGRAM --emit-to-fd N [--model NAME] [-P name=value]…
//
// writes the module as text with its locations to the file descriptor N, never
// to stdout, which is the model's own.  Mistakes go to stderr; after them, the
// text is `mistakes` alone, which tells them from a model that calls exit.
//
//   PROGRAM --list-options [--model NAME] [-P name=value]…
//   PROGRAM --list-models
//
// print one item a line (an option as name, type, default and value, separated
// by tabs).  Exit status: 0 done, 1 a mistake in the model, 2 wrong usage.
//
//===----------------------------------------------------------------------===//

#include "frontend/BuildModule.h"

#include "mlir/IR/OperationSupport.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace sinter;

namespace {

struct Arguments {
  std::optional<int> fd;
  bool listOptions = false, listModels = false;
  std::string model;
  OptionValues options;
};

/// The usage error, or an empty string.
std::string parse(ArrayRef<const char *> arguments, Arguments &result) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    StringRef flag = arguments[i];
    auto next = [&]() -> std::optional<StringRef> {
      if (i + 1 >= arguments.size())
        return std::nullopt;
      return StringRef(arguments[++i]);
    };
    if (flag == "--list-options") {
      result.listOptions = true;
    } else if (flag == "--list-models") {
      result.listModels = true;
    } else if (flag == "--emit-to-fd") {
      auto text = next();
      int fd;
      if (!text || text->getAsInteger(10, fd) || fd < 0)
        return "--emit-to-fd needs the number of a file descriptor";
      result.fd = fd;
    } else if (flag == "--model") {
      auto text = next();
      if (!text)
        return "--model needs a name";
      result.model = text->str();
    } else if (flag.consume_front("-P")) {
      auto text = flag.empty() ? next() : std::optional(flag);
      if (!text || !text->contains('='))
        return "-P needs name=value";
      auto [name, value] = text->split('=');
      result.options.emplace_back(name.str(), value.str());
    } else {
      return "unknown argument '" + flag.str() + "'";
    }
  }
  if (!result.fd && !result.listOptions && !result.listModels)
    return "needs --emit-to-fd N, --list-options or --list-models: compile a "
           "model with sinterc, which runs this program";
  return {};
}

/// The model asked for; null after a message if there is none.
const ModelDefinition *choose(StringRef name) {
  const std::vector<ModelDefinition> &models = registeredModels();
  std::string known;
  for (const ModelDefinition &model : models) {
    if (name == model.name)
      return &model;
    known += (known.empty() ? "" : ", ") + std::string(model.name);
  }
  if (models.empty())
    llvm::errs() << "error: the program defines no model: use "
                    "SINTER_MODEL(name)\n";
  else if (name.empty() && models.size() == 1)
    return &models.front();
  else if (name.empty())
    llvm::errs() << "error: the program defines several models (" << known
                 << "): choose one with --model NAME\n";
  else
    llvm::errs() << "error: there is no model '" << name << "' among " << known
                 << "\n";
  return nullptr;
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments;
  std::string usage =
      parse(ArrayRef<const char *>(argv + 1, argv + argc), arguments);
  if (!usage.empty()) {
    llvm::errs() << "error: " << usage << "\n";
    return 2;
  }
  if (arguments.listModels) {
    for (const ModelDefinition &model : registeredModels())
      llvm::outs() << model.name << "\n";
    return 0;
  }
  const ModelDefinition *definition = choose(arguments.model);
  auto failed = [&](int code) {
    if (arguments.fd)
      llvm::raw_fd_ostream(*arguments.fd, /*shouldClose=*/false)
          << "mistakes\n";
    return code;
  };
  if (!definition)
    return failed(arguments.model.empty() ? 1 : 2);

  MLIRContext context(MLIRContext::Threading::DISABLED);
  std::vector<Mistake> mistakes;
  std::vector<OptionInfo> declared;
  OwningOpRef<ModuleOp> module =
      buildModule(*definition, arguments.options, context, mistakes, &declared);
  if (arguments.listOptions)
    for (const OptionInfo &option : declared)
      llvm::outs() << option.name << '\t' << option.type << '\t'
                   << option.otherwise << '\t' << option.value << '\n';
  for (const Mistake &mistake : mistakes)
    llvm::errs() << mistake.render();
  if (!module)
    return failed(1);
  if (!arguments.fd)
    return 0;
  llvm::raw_fd_ostream out(*arguments.fd, /*shouldClose=*/false);
  OpPrintingFlags flags;
  flags.enableDebugInfo(true, /*prettyForm=*/false);
  module->print(out, flags);
  out << "\n";
  out.flush();
  if (out.has_error()) {
    llvm::errs() << "error: cannot write the module: " << out.error().message()
                 << "\n";
    out.clear_error();
    return 1;
  }
  return 0;
}
