//===- sinter-opt.cpp - one stage of the way, or several ------------------===//
//
//   sinter-opt --from=fused --to=planned 03-fused.mlir
//
// Reads a module, runs the stages after `--from` up to `--to`, and prints it.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Compile.h"
#include "compiler/driver/Interrupt.h"
#include "compiler/driver/Jobs.h"
#include "compiler/driver/OutputFiles.h"
#include "compiler/driver/Pipeline.h"
#include "compiler/ir/ModuleFacts.h"
#include "mlir/Parser/Parser.h"
#include "tools/CompilerFlags.h"
#include "tools/Crash.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::driver;

static int fail(Outcome outcome, const Twine &message) {
  llvm::errs() << "sinter-opt: error: " << message << '\n';
  return int(outcome);
}

int main(int argc, char **argv) {
  tools::installCrashHandler();
  installInterruptHandler();
  CompileOptions options;
  std::optional<Stage> from, to;
  std::string output = "-";
  tools::Flags flags("sinter-opt", "sinter-opt [flags] [FILE.mlir]",
                     "Takes a module through some of the stages and prints it "
                     "(- or no file: standard input).");
  auto stageFlag = [&](std::string name, std::string help,
                       std::optional<Stage> &stage) {
    flags.add(std::move(name), "STAGE", std::move(help),
              [&stage](StringRef value) -> llvm::Error {
                auto parsed = tools::parseStage(value);
                if (!parsed)
                  return parsed.takeError();
                stage = *parsed;
                return llvm::Error::success();
              });
  };
  stageFlag("--from", "the stage the module is at; found out by default", from);
  stageFlag("--to", "the last stage to make; default llvm", to);
  flags.addText("-o", "PATH", "where to write it; default standard output",
                output);
  tools::addCompilerFlags(flags, options);
  auto rest = flags.parse(argc, argv);
  if (!rest)
    return fail(Outcome::UsageError, llvm::toString(rest.takeError()));
  if (rest->size() > 1)
    return fail(Outcome::UsageError, "several inputs");
  options.stopAfter = to.value_or(Stage::LLVM);
  // They print as they go, which only one thread does in order.
  if (flags.hasMLIRFlags())
    options.jobs = 1;

  std::string input = rest->empty() ? "-" : rest->front();
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(input);
  if (!buffer)
    return fail(Outcome::InputError,
                "cannot read '" + input + "': " + buffer.getError().message());
  DefaultTimingManager timingManager;
  timingManager.setEnabled(options.timePasses);
  TimingScope timing = timingManager.getRootScope();
  DialectRegistry registry;
  registerDialects(registry);
  Jobs jobs(options.jobs);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  jobs.serve(context);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), {});
  SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module)
    return int(Outcome::InputError);
  if (from)
    (*module)->setAttr(ir::stageAttrName,
                       StringAttr::get(&context, getStageName(*from)));

  Compilation compilation(std::move(module), options, llvm::errs(), timing);
  Outcome outcome = compilation.run();
  if (outcome == Outcome::Bug)
    tools::reportBug();
  if (outcome != Outcome::Done)
    return int(outcome);
  if (output == "-")
    llvm::outs() << compilation.getText();
  else if (llvm::Error error = writeFile(output, compilation.getText()))
    return fail(Outcome::InputError, llvm::toString(std::move(error)));
  return 0;
}
