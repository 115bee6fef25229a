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
#include "llvm/ADT/StringSwitch.h"
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
  const target::NativeModule *native;
  OutputFiles files;
  std::string object;

  llvm::Error writeText(StringRef path, StringRef text) {
    if (request.output != "-")
      return files.write(path, text);
    llvm::outs() << text;
    return llvm::Error::success();
  }

  const std::string &getObject() {
    if (object.empty())
      object = native->toObject();
    return object;
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
    auto object = writeTemporary(temporaries, path.str() + ".o", getObject());
    if (!object)
      return object.takeError();
    if (kind == EmitKind::Shared)
      return artifact::linkShared(*object, *output);
    std::string main =
        target::NativeModule::makeMain(ir::getModelSymbol(model.name))
            .toObject();
    auto mainObject = writeTemporary(temporaries, path.str() + ".main.o", main);
    if (!mainObject)
      return mainObject.takeError();
    return artifact::linkExecutable({*object, *mainObject,
                                     installation.runtimeLibrary,
                                     installation.linkFlags},
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
    switch (kind) {
    case EmitKind::Exe:
    case EmitKind::Shared:
      return emitLinked(kind, path);
    case EmitKind::Lib: {
      auto archive = artifact::makeArchive(getObject(), model.name + ".o");
      return archive ? files.write(path, *archive) : archive.takeError();
    }
    case EmitKind::Obj:
      return files.write(path, getObject());
    case EmitKind::Asm:
      return writeText(path, native->toAssembly());
    case EmitKind::IR:
      return writeText(path, native->toIR());
    case EmitKind::Header:
      return emitHeader(path);
    case EmitKind::Stage:
      return writeText(path, compilation.getText());
    }
    llvm_unreachable("all kinds are emitted");
  }
};
} // namespace

static llvm::Error dumpNative(const CompileOptions &options, StringRef name,
                              const target::NativeModule &native) {
  llvm::SmallString<128> path(options.dumpDir);
  path::append(path, name);
  if (llvm::Error error = writeFile((path + ".ll").str(), native.toIR()))
    return error;
  return writeFile((path + ".s").str(), native.toAssembly());
}

Outcome driver::emit(Compilation &compilation, const EmitRequest &request,
                     const CompileOptions &options,
                     const Installation &installation, TimingScope &timing,
                     std::string &message) {
  ModuleOp module = compilation.getModule();
  bool isNative = compilation.getStage() == Stage::LLVM;
  ir::ModelDescription model;
  std::optional<target::NativeModule> native;
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
    TimingScope scope = timing.nest("LLVM IR");
    FailureOr<target::NativeModule> made = target::NativeModule::make(module);
    if (failed(made))
      return Outcome::Bug;
    native = std::move(*made);
  } else {
    model.name = module.getSymName().value_or("model").str();
  }

  TimingScope scope = timing.nest("code");
  auto fail = [&](llvm::Error error) {
    message = llvm::toString(std::move(error));
    return Outcome::InputError;
  };
  if (native && !options.dumpDir.empty())
    if (llvm::Error error = dumpNative(options, model.name, *native))
      return fail(std::move(error));
  Emitter emitter{
      compilation, request, installation, model, native ? &*native : nullptr,
      {},          {}};
  for (EmitKind kind : request.kinds)
    if (llvm::Error error = emitter.emit(kind))
      return fail(std::move(error));
  if (llvm::Error error = emitter.files.commit())
    return fail(std::move(error));
  return Outcome::Done;
}
