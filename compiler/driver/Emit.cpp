//===- Emit.cpp - files made from a compiled module -----------------------===//
//
// Object code is made once and goes into every artefact that holds it.  All
// files are written beside their names and renamed at the end.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Emit.h"

#include "compiler/artifact/Header.h"
#include "compiler/artifact/Link.h"
#include "compiler/driver/OutputFiles.h"
#include "compiler/ir/HostNames.h"
#include "compiler/target/NativeModule.h"
#include "compiler/target/Parts.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::driver;
namespace path = llvm::sys::path;

std::optional<EmitKind> driver::findEmitKind(StringRef word) {
  // `llvm` is LLVM IR here; its dialect is had with --stop-after=llvm.
  auto kind = llvm::StringSwitch<std::optional<EmitKind>>(word)
                  .Case("exe", EmitKind::Exe)
                  .Case("lib", EmitKind::Lib)
                  .Case("shared", EmitKind::Shared)
                  .Case("obj", EmitKind::Obj)
                  .Case("asm", EmitKind::Asm)
                  .Case("llvm", EmitKind::IR)
                  .Case("header", EmitKind::Header)
                  .Default(std::nullopt);
  if (!kind && findStage(word))
    kind = EmitKind::Stage;
  return kind;
}

static StringRef getEnding(EmitKind kind) {
  switch (kind) {
  case EmitKind::Exe:
    return "";
  case EmitKind::Lib:
    return ".a";
  case EmitKind::Shared:
    return ".so";
  case EmitKind::Obj:
    return ".o";
  case EmitKind::Asm:
    return ".s";
  case EmitKind::IR:
    return ".ll";
  case EmitKind::Header:
    return ".h";
  case EmitKind::Stage:
    return ".mlir";
  }
  llvm_unreachable("all kinds have an ending");
}

std::string driver::getOutputPath(EmitKind kind, const EmitRequest &request,
                                  StringRef modelName) {
  StringRef output = request.output.empty() ? modelName : request.output;
  StringRef ending = getEnding(kind);
  if (request.kinds.size() == 1 && output.ends_with(ending))
    return output.str();
  if (kind == EmitKind::Header && request.kinds.size() == 1)
    output.consume_back(".hpp"); // its sibling
  bool isLibrary = kind == EmitKind::Lib || kind == EmitKind::Shared;
  llvm::SmallString<128> result = path::parent_path(output);
  path::append(result,
               (isLibrary ? "lib" : "") + path::filename(output) + ending);
  return result.str().str();
}

namespace {
/// The artefacts of one compilation. Each function returns an error that names
/// the file and the cause.
struct Emitter {
  Compilation &compilation;
  const EmitRequest &request;
  const Installation &installation;
  const ir::ModelDescription &model;
  TimingScope &timing;
  OutputFiles files;
  std::string object;
  /// All in one, for those who read it.
  std::optional<target::NativeModule> whole;
  Outcome outcome = Outcome::InputError;

  llvm::Error writeText(StringRef path, StringRef text) {
    if (request.output != "-")
      return files.write(path, text);
    llvm::outs() << text;
    return llvm::Error::success();
  }

  llvm::Error fail(Outcome why) {
    outcome = why;
    return llvm::createStringError("");
  }

  /// Makes the object unless it is made.
  llvm::Error makeObject() {
    if (!object.empty())
      return llvm::Error::success();
    bool hasError = false;
    ScopedDiagnosticHandler watch(
        compilation.getModule().getContext(), [&](Diagnostic &diagnostic) {
          hasError |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
          return failure(); // goes on to the handler that prints it
        });
    auto objects = target::makeObjects(compilation.getModule(), timing);
    if (failed(objects))
      return fail(hasError ? Outcome::InputError : Outcome::Bug);
    TimingScope scope = timing.nest("join");
    llvm::Expected<std::string> joined = artifact::joinObjects(*objects);
    if (!joined)
      return joined.takeError();
    object = std::move(*joined);
    return llvm::Error::success();
  }

  llvm::Error makeWhole() {
    if (whole)
      return llvm::Error::success();
    TimingScope scope = timing.nest("all in one");
    auto made = target::NativeModule::make(compilation.getModule());
    if (failed(made))
      return fail(Outcome::Bug);
    whole = std::move(*made);
    return llvm::Error::success();
  }

  /// Writes bytes to a file that is gone afterwards.
  llvm::Expected<std::string>
  writeTemporary(OutputFiles &temporaries, StringRef path, StringRef contents) {
    llvm::Expected<std::string> name = temporaries.add(path);
    if (!name)
      return name;
    std::error_code code;
    llvm::raw_fd_ostream os(*name, code);
    os << contents;
    os.close();
    if (os.has_error()) {
      code = os.error();
      os.clear_error();
    }
    if (code)
      return llvm::createStringError("cannot write '" + path +
                                     "': " + code.message());
    return name;
  }

  llvm::Error emitLinked(EmitKind kind, StringRef path) {
    llvm::Expected<std::string> output = files.add(path);
    if (!output)
      return output.takeError();
    OutputFiles temporaries;
    auto objectFile = writeTemporary(temporaries, path.str() + ".o", object);
    if (!objectFile)
      return objectFile.takeError();
    TimingScope scope = timing.nest("link");
    std::vector<std::string> library;
    if (!model.library.empty())
      library = {installation.oneDnnRuntime, installation.oneDnnLibrary};
    for (const std::string &file : library)
      if (!llvm::sys::fs::exists(file))
        return llvm::createStringError("the model calls oneDNN, but '" + file +
                                       "' is missing");
    if (kind == EmitKind::Shared)
      return artifact::linkShared(*objectFile, *output, library);
    library.insert(library.end(), installation.linkFlags.begin(),
                   installation.linkFlags.end());
    std::string main =
        target::NativeModule::makeMain(ir::getModelSymbol(model.name))
            .toObject();
    auto mainObject = writeTemporary(temporaries, path.str() + ".main.o", main);
    if (!mainObject)
      return mainObject.takeError();
    return artifact::linkExecutable(
        {*objectFile, *mainObject, installation.runtimeLibrary, library},
        *output);
  }

  llvm::Error emitHeader(StringRef path) {
    if (llvm::Error error = writeText(path, artifact::writeCHeader(model)))
      return error;
    llvm::SmallString<128> cpp(path);
    path::replace_extension(cpp, "hpp");
    return writeText(cpp,
                     artifact::writeCppHeader(model, path::filename(path)));
  }

  llvm::Error emit(EmitKind kind) {
    std::string path = getOutputPath(kind, request, model.name);
    bool isText = kind == EmitKind::Asm || kind == EmitKind::IR;
    bool isCode = kind != EmitKind::Header && kind != EmitKind::Stage;
    if (isCode)
      if (llvm::Error error = isText ? makeWhole() : makeObject())
        return error;
    switch (kind) {
    case EmitKind::Exe:
    case EmitKind::Shared:
      return emitLinked(kind, path);
    case EmitKind::Lib: {
      auto archive = artifact::makeArchive(object, model.name + ".o");
      return archive ? files.write(path, *archive) : archive.takeError();
    }
    case EmitKind::Obj:
      return files.write(path, object);
    case EmitKind::Asm:
      return writeText(path, whole->toAssembly());
    case EmitKind::IR:
      return writeText(path, whole->toIR());
    case EmitKind::Header:
      return emitHeader(path);
    case EmitKind::Stage:
      return writeText(path, compilation.getText());
    }
    llvm_unreachable("all kinds are emitted");
  }

  /// The last dumps.
  llvm::Error dump(StringRef folder) {
    if (llvm::Error error = makeWhole())
      return error;
    llvm::SmallString<128> path(folder);
    path::append(path, model.name);
    if (llvm::Error error = writeFile((path + ".ll").str(), whole->toIR()))
      return error;
    return writeFile((path + ".s").str(), whole->toAssembly());
  }
};
} // namespace

Outcome driver::emit(Compilation &compilation, const EmitRequest &request,
                     const CompileOptions &options,
                     const Installation &installation, TimingScope &timing,
                     std::string &message) {
  ModuleOp module = compilation.getModule();
  bool isNative = compilation.getStage() == Stage::LLVM;
  ir::ModelDescription model;
  if (isNative) {
    FailureOr<ir::ModelDescription> described =
        ir::ModelDescription::of(module);
    if (failed(described))
      return Outcome::InputError;
    model = std::move(*described);
    if (!model.find("init")) {
      module.emitError("the model has no entry 'init', which hosts call first");
      return Outcome::InputError;
    }
    if (model.entries.size() == 1) {
      module.emitError("the model has no entry, so there is nothing to run");
      return Outcome::InputError;
    }
  } else {
    model.name = module.getSymName().value_or("model").str();
  }

  TimingScope scope = timing.nest("code");
  Emitter emitter{compilation, request, installation, model, scope, {}, {}, {}};
  auto fail = [&](llvm::Error error) {
    message = llvm::toString(std::move(error));
    return emitter.outcome;
  };
  if (isNative && !options.dumpDir.empty())
    if (llvm::Error error = emitter.dump(options.dumpDir))
      return fail(std::move(error));
  for (EmitKind kind : request.kinds)
    if (llvm::Error error = emitter.emit(kind))
      return fail(std::move(error));
  if (llvm::Error error = emitter.files.commit())
    return fail(std::move(error));
  return Outcome::Done;
}
