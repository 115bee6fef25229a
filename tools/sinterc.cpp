//===- sinterc.cpp - the compiler -----------------------------------------===//
//
//   sinterc model.cpp -o mlp           an executable
//   sinterc 03-fused.mlir --emit=obj   from a dump on
//
// Exit codes: 0 done, 1 an error in the input or around it (a file that cannot
// be written, no C++ compiler), 2 wrong usage, 70 a bug in Sinter, with a
// reproducer.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Emit.h"
#include "compiler/driver/Interrupt.h"
#include "compiler/driver/Jobs.h"
#include "compiler/driver/ModelProgram.h"
#include "compiler/driver/Pipeline.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/Timing.h"
#include "tools/CompilerFlags.h"
#include "tools/Crash.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::driver;

static int fail(Outcome outcome, const Twine &message) {
  llvm::errs() << "sinterc: error: " << message << '\n';
  return int(outcome);
}

namespace {
struct Request {
  CompileOptions options;
  EmitRequest emit;
  ModelProgram program;
  std::string input;
};
} // namespace

static llvm::Error parseEmit(StringRef words, Request &request) {
  for (StringRef word : llvm::split(words, ',')) {
    std::optional<EmitKind> kind = findEmitKind(word);
    if (!kind) {
      std::vector<std::string> known = {"exe", "lib",  "shared", "obj",
                                        "asm", "llvm", "header"};
      for (int k = 0; k != numStages; ++k)
        known.push_back(getStageName(Stage(k)).str());
      std::string nearest = tools::findNearest(word, known);
      return llvm::createStringError(
          "unknown kind of output '" + word + "': " +
          (nearest.empty() ? "there are " + llvm::join(known, ", ")
                           : "did you mean '" + nearest + "'?"));
    }
    if (*kind == EmitKind::Stage)
      request.options.stopAfter = *findStage(word);
    request.emit.kinds.push_back(*kind);
  }
  return llvm::Error::success();
}

static llvm::Error parseFlags(int argc, char **argv, Request &request) {
  tools::Flags flags(
      "sinterc", "sinterc MODEL.cpp|DUMP.mlir [flags]",
      "Compiles a model to native code: an executable, or what --emit says.");
  std::string stopAfter;
  flags.addText("-o", "PATH", "the output; without ending if there are several",
                request.emit.output);
  flags.add("--emit", "KINDS",
            "exe,lib,shared,obj,asm,llvm,header or a stage; default exe",
            [&](StringRef words) { return parseEmit(words, request); });
  flags.add("-P", "NAME=VALUE", "a parameter of the model's own",
            [&](StringRef value) -> llvm::Error {
              if (!value.contains('='))
                return llvm::createStringError("'-P " + value +
                                               "' must be -P NAME=VALUE");
              request.program.parameters.push_back(value.str());
              return llvm::Error::success();
            });
  flags.add("--model", "NAME", "which of several models in one file",
            [&](StringRef value) -> llvm::Error {
              request.program.model = value.str();
              return llvm::Error::success();
            });
  flags.add("-I", "FOLDER", "where the model's own headers are",
            [&](StringRef value) -> llvm::Error {
              request.program.compilerFlags.push_back(("-I" + value).str());
              return llvm::Error::success();
            });
  flags.addText("--stop-after", "STAGE", "print the module at that stage",
                stopAfter);
  tools::addCompilerFlags(flags, request.options);

  auto rest = flags.parse(argc, argv);
  if (!rest)
    return rest.takeError();
  if (rest->size() != 1)
    return llvm::createStringError(
        rest->empty() ? "no input: sinterc MODEL.cpp|DUMP.mlir [flags]"
                      : "several inputs ('" + (*rest)[0] + "', '" + (*rest)[1] +
                            "'): one is compiled at a time");
  // They print as they go, which only one thread does in order.
  if (flags.hasMLIRFlags())
    request.options.jobs = 1;
  request.input = rest->front();
  if (StringRef(request.input).ends_with(".mlir")) {
    const ModelProgram &program = request.program;
    StringRef flag = !program.parameters.empty()      ? "-P"
                     : !program.model.empty()         ? "--model"
                     : !program.compilerFlags.empty() ? "-I"
                                                      : "";
    if (!flag.empty())
      return llvm::createStringError("'" + flag + "' is for models in C++: '" +
                                     request.input + "' is built already");
  }
  if (!request.options.entries.empty() && request.options.freeze.empty())
    return llvm::createStringError("'--entry' is for --freeze: without it, "
                                   "all entries are compiled");
  if (StringRef(request.emit.output).ends_with("/"))
    return llvm::createStringError("'-o " + request.emit.output +
                                   "' is a folder: name a file in it");
  if (!stopAfter.empty()) {
    if (!request.emit.kinds.empty())
      return llvm::createStringError("--stop-after and --emit contradict");
    auto stage = tools::parseStage(stopAfter);
    if (!stage)
      return stage.takeError();
    request.options.stopAfter = *stage;
    request.emit.kinds = {EmitKind::Stage};
    if (request.emit.output.empty())
      request.emit.output = "-";
  }
  auto &kinds = request.emit.kinds;
  if (kinds.empty())
    kinds = {EmitKind::Exe};
  bool hasStage = llvm::is_contained(kinds, EmitKind::Stage);
  if (hasStage && kinds.size() > 1)
    return llvm::createStringError(
        "a stage is emitted alone: --dump-dir writes all of them");
  bool isText = hasStage || (kinds.size() == 1 && (kinds[0] == EmitKind::Asm ||
                                                   kinds[0] == EmitKind::IR));
  if (request.emit.output == "-" && !isText)
    return llvm::createStringError("'-o -' is for text: asm, llvm, a stage");
  return llvm::Error::success();
}

/// The module of the input, or nothing with an error said and `outcome` set.
static OwningOpRef<ModuleOp> readInput(Request &request, MLIRContext &context,
                                       llvm::SourceMgr &sources,
                                       const Installation &installation,
                                       TimingScope &timing, Outcome &outcome) {
  StringRef input = request.input;
  outcome = Outcome::InputError;
  auto buffer = llvm::MemoryBuffer::getFile(input);
  if (!buffer || llvm::sys::fs::is_directory(input)) {
    std::error_code code = buffer
                               ? std::make_error_code(std::errc::is_a_directory)
                               : buffer.getError();
    fail(outcome, "cannot read '" + input + "': " + code.message());
    return nullptr;
  }
  StringRef ending = llvm::sys::path::extension(input);
  if (ending == ".mlir") {
    sources.AddNewSourceBuffer(std::move(*buffer), {});
    return parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  }
  if (ending != ".cpp" && ending != ".cc" && ending != ".cxx") {
    outcome = Outcome::UsageError;
    fail(outcome, "'" + input +
                      "' is neither a model (.cpp) nor a dump "
                      "(.mlir)");
    return nullptr;
  }
  request.program.source = request.input;
  TimingScope scope = timing.nest("model program");
  llvm::Expected<std::string> text = request.program.run(installation);
  if (!text) {
    std::string message = llvm::toString(text.takeError());
    if (!message.empty())
      llvm::errs() << input << ": error: " << message << '\n';
    return nullptr;
  }
  outcome = Outcome::Bug;
  return parseSourceString<ModuleOp>(*text, ParserConfig(&context), "model");
}

int main(int argc, char **argv) {
  tools::installCrashHandler();
  installInterruptHandler();
  Request request;
  if (llvm::Error error = parseFlags(argc, argv, request))
    return fail(Outcome::UsageError, llvm::toString(std::move(error)));

  DefaultTimingManager timingManager;
  timingManager.setEnabled(request.options.timePasses);
  TimingScope timing = timingManager.getRootScope();
  DialectRegistry registry;
  registerDialects(registry);
  Jobs jobs(request.options.jobs);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  jobs.serve(context);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);

  Installation installation = Installation::find();
  Outcome outcome;
  OwningOpRef<ModuleOp> module =
      readInput(request, context, sources, installation, timing, outcome);
  if (!module) {
    if (outcome == Outcome::Bug)
      tools::reportBug();
    return int(outcome);
  }
  Compilation compilation(std::move(module), request.options, llvm::errs(),
                          timing);
  outcome = compilation.run();
  std::string message;
  if (outcome == Outcome::Done)
    outcome = emit(compilation, request.emit, request.options, installation,
                   timing, message);
  if (!message.empty())
    fail(outcome, message);
  if (outcome == Outcome::Bug)
    tools::reportBug();
  return int(outcome);
}
