//===- Executable.cpp - models compiled and run in this process -----------===//
//
// The model's module goes through the driver to a shared object in a temporary
// file, which is loaded and unlinked.  That is the code, and the C interface,
// that a host would get from sinterc --emit=shared.
//
//===----------------------------------------------------------------------===//

#include "frontend/include/sinter/compile.h"

#include "compiler/artifact/Link.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/Installation.h"
#include "compiler/driver/Jobs.h"
#include "compiler/driver/Pipeline.h"
#include "compiler/target/Parts.h"
#include "frontend/BuildModule.h"
#include "mlir/IR/Diagnostics.h"
#include "sinter_runtime.hpp"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"

#include <dlfcn.h>

using namespace sinter;

struct Executable::Loaded {
  void *library = nullptr;
  const sinter_model *model = nullptr;
  AlignedBytes state, workspace;
  std::vector<const void *> args;

  ~Loaded() {
    if (library)
      dlclose(library);
  }
};

Executable::Executable(std::unique_ptr<Loaded> loaded)
    : loaded_(std::move(loaded)) {}
Executable::Executable(Executable &&) noexcept = default;
Executable &Executable::operator=(Executable &&) noexcept = default;
Executable::~Executable() = default;

std::span<std::byte> Executable::state() { return loaded_->state.bytes(); }
const sinter_model &Executable::model() const { return *loaded_->model; }

void Executable::init(uint64_t seed) {
  check(loaded_->model->init(loaded_->state.data(), seed,
                             loaded_->workspace.data(), nullptr),
        "init");
}

/// The element types that C++ knows are told apart by size and kind.
static bool isFloat(int32_t dtype) {
  return dtype == SINTER_F64 || dtype == SINTER_F32;
}

void Executable::run(std::string_view name,
                     std::initializer_list<Argument> arguments,
                     const sinter_host *host) {
  const sinter_model &model = *loaded_->model;
  const sinter_entry *entry =
      std::find_if(model.entries, model.entries + model.num_entries,
                   [&](const sinter_entry &e) { return e.name == name; });
  auto fail = [&](llvm::StringRef argument, const llvm::Twine &what) {
    throw std::invalid_argument(
        (llvm::StringRef(name) + ": '" + argument + "' " + what).str());
  };
  if (entry == model.entries + model.num_entries)
    fail(name, "is no entry of the model");
  std::vector<const void *> &args = loaded_->args;
  args.clear();
  size_t used = 0;
  auto take = [&](const sinter_tensor &tensor, bool isOutput) {
    const Argument *given =
        std::find_if(arguments.begin(), arguments.end(),
                     [&](const Argument &a) { return a.name == tensor.name; });
    if (given == arguments.end())
      fail(tensor.name, "is missing");
    size_t elementBytes = sinter_dtype_size(tensor.dtype);
    if (given->elementBytes != elementBytes ||
        given->isFloat != isFloat(tensor.dtype))
      fail(tensor.name, llvm::Twine("must have elements of type ") +
                            sinter_dtype_name(tensor.dtype));
    if (given->count * elementBytes != tensor.bytes)
      fail(tensor.name, "has " + llvm::Twine(given->count) +
                            " elements, expected are " +
                            llvm::Twine(tensor.bytes / elementBytes));
    if (isOutput && given->isConst)
      fail(tensor.name, "is an output: it must not be const");
    args.push_back(given->data);
    ++used;
  };
  for (const sinter_tensor &tensor :
       std::span(entry->inputs, entry->num_inputs))
    take(tensor, false);
  for (const sinter_tensor &tensor :
       std::span(entry->outputs, entry->num_outputs))
    take(tensor, true);
  if (used != arguments.size())
    throw std::invalid_argument(std::string(name) +
                                ": more arguments than inputs and outputs");
  check(entry->run(loaded_->state.data(), args.data(),
                   loaded_->workspace.data(), host),
        entry->name);
}

/// The object of a model, or all its mistakes as an exception.
static std::string makeObject(const ModelDefinition &model,
                              const CompileSettings &settings) {
  mlir::DialectRegistry registry;
  driver::registerDialects(registry);
  if (settings.optimization < 0 || settings.optimization > 3)
    throw CompileError(
        "optimization = " + std::to_string(settings.optimization) +
        ": there are 0, 1, 2 and 3");
  if (settings.jobs < 0 || settings.jobs > driver::mostJobs)
    throw CompileError("jobs = " + std::to_string(settings.jobs) +
                       ": there may be 1 to " +
                       std::to_string(driver::mostJobs) +
                       ", or 0 for as many as there are cores");
  driver::Jobs jobs(settings.jobs);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  jobs.serve(context);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  std::string messages;
  llvm::raw_string_ostream os(messages);
  std::vector<Mistake> mistakes;
  auto module = buildModule(model, settings.options, context, mistakes);
  for (const Mistake &mistake : mistakes)
    os << mistake.render();
  if (!module)
    throw CompileError(messages);

  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context, os);
  driver::CompileOptions options;
  options.cpu = settings.cpu;
  options.optLevel = settings.optimization;
  if (!settings.library.empty())
    options.library = settings.library;
  mlir::DefaultTimingManager timingManager;
  mlir::TimingScope timing = timingManager.getRootScope();
  driver::Compilation compilation(std::move(module), options, os, timing);
  if (compilation.run() != driver::Outcome::Done)
    throw CompileError(messages);
  auto objects = target::makeObjects(compilation.getModule(), timing);
  if (failed(objects))
    throw CompileError(messages);
  auto object = artifact::joinObjects(*objects);
  if (!object)
    throw CompileError(llvm::toString(object.takeError()));
  return std::move(*object);
}

Executable sinter::compile(const ModelDefinition &model,
                           const CompileSettings &settings) {
  auto orThrow = [](llvm::Error error) {
    if (error)
      throw CompileError(llvm::toString(std::move(error)));
  };
  std::string object = makeObject(model, settings);
  llvm::SmallString<128> objectPath, libraryPath;
  for (auto [path, ending] :
       {std::pair(&objectPath, "o"), std::pair(&libraryPath, "so")})
    orThrow(llvm::errorCodeToError(
        llvm::sys::fs::createTemporaryFile("sinter", ending, *path)));
  llvm::scope_exit remove([&] {
    llvm::sys::fs::remove(objectPath);
    llvm::sys::fs::remove(libraryPath);
  });
  std::error_code code;
  {
    llvm::raw_fd_ostream out(objectPath, code);
    orThrow(llvm::errorCodeToError(code));
    out << object;
  }
  // What the model does not call is left out.
  std::vector<std::string> inputs;
  if (!settings.library.empty()) {
    driver::Installation installation = driver::Installation::find();
    inputs = {installation.oneDnnRuntime, installation.oneDnnLibrary};
  }
  orThrow(artifact::linkShared(objectPath, libraryPath, inputs));

  auto loaded = std::make_unique<Executable::Loaded>();
  loaded->library = dlopen(libraryPath.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded->library)
    throw CompileError(dlerror());
  loaded->model = static_cast<const sinter_model *>(
      dlsym(loaded->library, (std::string(model.name) + "_model").c_str()));
  if (!loaded->model)
    throw CompileError(dlerror());
  uint64_t workspaceBytes = loaded->model->init_workspace_bytes;
  for (const sinter_entry &entry :
       std::span(loaded->model->entries, loaded->model->num_entries))
    workspaceBytes = std::max(workspaceBytes, entry.workspace_bytes);
  loaded->state = AlignedBytes(loaded->model->state_bytes);
  loaded->workspace = AlignedBytes(workspaceBytes);
  Executable executable(std::move(loaded));
  executable.init(0);
  return executable;
}
