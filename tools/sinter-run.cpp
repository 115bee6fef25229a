//===- sinter-run.cpp - the command line of a model in a shared library ---===//
//
//   sinter-run libmlp.so train --input images=F …
//
// What a compiled executable does, for a library made with --emit=shared. The
// model is the symbol that ends in `_model`; with several, --model=NAME.
//
//===----------------------------------------------------------------------===//

#include "sinter_runtime.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/raw_ostream.h"

#include <dlfcn.h>

#include <string>
#include <vector>

using namespace llvm;

static int fail(int code, const Twine &message) {
  errs() << "sinter-run: error: " << message << '\n';
  return code;
}

/// The names of all models that a shared library exports.
static Expected<std::vector<std::string>> findModels(StringRef path) {
  auto file = object::ObjectFile::createObjectFile(path);
  if (!file)
    return file.takeError();
  auto *elf = dyn_cast<object::ELFObjectFileBase>(file->getBinary());
  if (!elf)
    return createStringError("not an ELF shared library");
  std::vector<std::string> models;
  for (const object::ELFSymbolRef &symbol : elf->getDynamicSymbolIterators()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (name->consume_back("_model") && symbol.getELFType() == ELF::STT_OBJECT)
      models.push_back(name->str());
  }
  return models;
}

/// Whether the file says which loader is to start it.
static bool isProgram(StringRef path) {
  auto file = object::ObjectFile::createObjectFile(path);
  if (!file) {
    consumeError(file.takeError());
    return false;
  }
  auto *elf = dyn_cast<object::ELF64LEObjectFile>(file->getBinary());
  if (!elf)
    return false;
  auto headers = elf->getELFFile().program_headers();
  if (!headers) {
    consumeError(headers.takeError());
    return false;
  }
  return any_of(*headers, [](const object::ELF64LE::Phdr &header) {
    return header.p_type == ELF::PT_INTERP;
  });
}

int main(int argc, char **argv) {
  const char *usage = "usage: sinter-run LIBRARY.so [--model=NAME] ENTRY … "
                      "(--describe shows the entries)";
  if (argc < 2 || StringRef(argv[1]) == "--help" ||
      StringRef(argv[1]) == "-h") {
    (argc < 2 ? errs() : outs()) << usage << '\n';
    return argc < 2 ? 2 : 0;
  }
  std::string path = argv[1];
  if (StringRef(path).starts_with("-"))
    return fail(2, "the library comes first\n" + Twine(usage));
  auto models = findModels(path);
  if (!models)
    return fail(1,
                "cannot read '" + path + "': " + toString(models.takeError()));
  std::vector<char *> rest = {argv[1]};
  std::string wanted;
  for (int k = 2; k < argc; ++k) {
    StringRef arg = argv[k];
    if (arg.consume_front("--model="))
      wanted = arg.str();
    else if (arg == "--model" && k + 1 == argc)
      return fail(2, "--model needs a value\n" + Twine(usage));
    else if (arg == "--model")
      wanted = argv[++k];
    else
      rest.push_back(argv[k]);
  }
  if (models->empty() && isProgram(path))
    return fail(1, "'" + path + "' is a program, not a library: run it itself");
  if (wanted.empty() && models->size() > 1)
    return fail(2, "'" + path + "' holds several models (" +
                       join(*models, ", ") + "): choose with --model=NAME");
  if (wanted.empty() && !models->empty())
    wanted = models->front();
  if (!is_contained(*models, wanted))
    return fail(1, "'" + path + "' holds no model" +
                       (wanted.empty() ? "" : " '" + wanted + "'") +
                       ": make it with sinterc --emit=shared");

  // A bare name would be searched for on the system's paths.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fail(1, "cannot load '" + path + "': " + dlerror());
  void *symbol = dlsym(library, (wanted + "_model").c_str());
  if (!symbol)
    return fail(1, dlerror());
  const auto *model = static_cast<const sinter_model *>(symbol);
  if (model->abi_version != SINTER_ABI_VERSION)
    return fail(1, "'" + path + "' was compiled for version " +
                       Twine(model->abi_version) +
                       " of the C interface, this "
                       "is version " +
                       Twine(SINTER_ABI_VERSION));
  rest.push_back(nullptr);
  return sinter_run(model, int(rest.size()) - 1, rest.data());
}
