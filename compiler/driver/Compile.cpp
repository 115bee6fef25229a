//===- Compile.cpp - a model through the stages ---------------------------===//
//
// A dump is the compiler's real state: what its text does not show is made the
// same after each stage.  While modules are small they are printed and parsed
// again, which also keeps the text for a reproducer at hand; loops and what
// follows them are many times as large, and only put in order.
//
// An error that a pass emits is about the input; a module that a pass leaves
// invalid, or a failure without an error, is a bug.  To look after each pass
// costs a fifth of a compilation, so it is done once for a stage, and a stage
// that went wrong is run again to find out whose fault it was.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Compile.h"

#include "compiler/driver/Freeze.h"
#include "compiler/driver/LargeConstants.h"
#include "compiler/driver/OutputFiles.h"
#include "compiler/driver/Pipeline.h"
#include "compiler/driver/UseOrder.h"
#include "compiler/inspect/FusionReport.h"
#include "compiler/inspect/MemoryReport.h"
#include "compiler/ir/ModelDescription.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/target/Cpu.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Path.h"

#include <atomic>

using namespace mlir;
using namespace sinter;
using namespace sinter::driver;

const char *Reproducer::text = nullptr;
size_t Reproducer::size = 0;

namespace {
/// Stage verifiers hold the compiler to its word, not the user.
struct WatchStageVerifiers : PassInstrumentation {
  std::atomic<bool> &isBug;
  explicit WatchStageVerifiers(std::atomic<bool> &isBug) : isBug(isBug) {}

  void runAfterPassFailed(Pass *pass, Operation *op) override {
    if (pass->getArgument().starts_with("sinter-verify"))
      isBug = true;
  }
};

/// Verifies after each pass and says who was to blame, and nothing else.
struct BlamePasses : PassInstrumentation {
  bool &isBug;
  explicit BlamePasses(bool &isBug) : isBug(isBug) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    if (isBug)
      return;
    bool isValid;
    {
      ScopedDiagnosticHandler quiet(op->getContext(),
                                    [](Diagnostic &) { return success(); });
      isValid = succeeded(verify(op));
    }
    if (isValid)
      return;
    isBug = true;
    (void)verify(op);
    op->emitRemark("the module is invalid after the pass '")
        << pass->getName() << "'";
  }
};
} // namespace

Compilation::Compilation(OwningOpRef<ModuleOp> module,
                         const CompileOptions &options, raw_ostream &reports,
                         TimingScope &timing)
    : module(std::move(module)), options(options), reports(reports),
      timing(timing) {}

Compilation::~Compilation() {
  if (Reproducer::text == text.data())
    Reproducer::text = nullptr;
}

Outcome Compilation::run() {
  Outcome outcome = begin();
  while (outcome == Outcome::Done && stage < options.stopAfter)
    outcome = advance();
  return outcome;
}

Outcome Compilation::begin() {
  if (failed(verify(*module)) || failed(verifyResources(*module)))
    return Outcome::InputError;
  FailureOr<Stage> detected = detectStage(*module);
  if (failed(detected))
    return Outcome::InputError;
  stage = *detected;
  // A dump may have been edited.
  if (failed(ir::verifyFacts(*module)) || failed(verifyStage()) ||
      (stage >= Stage::Planned && failed(ir::ModelDescription::of(*module))))
    return Outcome::InputError;
  if (options.stopAfter < stage) {
    module->emitError("the module is at stage '")
        << getStageName(stage) << "' already: it cannot stop after '"
        << getStageName(options.stopAfter) << "'";
    return Outcome::UsageError;
  }
  if (failed(resolveFacts()))
    return Outcome::UsageError;
  if (!options.freeze.empty() && failed(freeze(*module, options, reports)))
    return Outcome::InputError;
  if (llvm::Error error = target::checkFacts(ir::TargetFacts::of(*module))) {
    module->emitError(llvm::toString(std::move(error)));
    return Outcome::InputError;
  }
  return settle(/*isInput=*/true);
}

LogicalResult Compilation::verifyStage() {
  PassManager passes(module->getContext());
  passes.enableVerifier(false);
  addStageVerifier(stage, passes);
  return passes.run(*module);
}

LogicalResult Compilation::resolveFacts() {
  bool given = options.cpu || options.optLevel || options.trapOutOfRange ||
               options.debugInfo || options.library || !options.freeze.empty();
  if (stage > Stage::Model) {
    if (given)
      return module->emitError(
                 "target, options and state were settled when this "
                 "module was at stage 'model': now it is at '")
             << getStageName(stage) << "'; start again from the model, or edit "
             << "the attributes 'sinter.target' and 'sinter.options'";
    return success();
  }
  MLIRContext *context = module->getContext();
  if (options.cpu || !(*module)->hasAttr(ir::targetAttrName)) {
    auto facts = target::resolveCpu(options.cpu.value_or("native"));
    if (!facts) {
      fail(Outcome::UsageError, llvm::toString(facts.takeError()));
      return failure();
    }
    (*module)->setAttr(ir::targetAttrName, facts->toAttr(context));
  }
  ir::Options chosen = ir::Options::of(*module);
  chosen.optLevel = options.optLevel.value_or(chosen.optLevel);
  chosen.trapOutOfRange =
      options.trapOutOfRange.value_or(chosen.trapOutOfRange);
  chosen.debugInfo = options.debugInfo.value_or(chosen.debugInfo);
  chosen.library = options.library.value_or(chosen.library);
  (*module)->setAttr(ir::optionsAttrName, chosen.toAttr(context));
  return ir::verifyFacts(*module);
}

Outcome Compilation::fail(Outcome outcome, const Twine &message) {
  reports << "error: " << message << '\n';
  return outcome;
}

Outcome Compilation::settle(bool isInput) {
  (*module)->setAttr(ir::stageAttrName, StringAttr::get(module->getContext(),
                                                        getStageName(stage)));
  if (!options.dumpDir.empty()) {
    llvm::SmallString<128> path(options.dumpDir);
    llvm::sys::path::append(path, getDumpName(stage));
    if (llvm::Error error =
            writeFile(path, printStage(*module, stage, options.elide)))
      return fail(Outcome::InputError, llvm::toString(std::move(error)));
  }
  if (isInput || stage < Stage::Loops) {
    LargeConstants large(*module);
    std::string printed = printStage(*module, stage);
    module = parse(printed, stage);
    if (!module) // What reproduces it is the stage before.
      return Outcome::Bug;
    large.restore(*module);
    text = std::move(printed);
    textStage = stage;
    Reproducer::text = text.data();
    Reproducer::size = text.size();
  }
  orderUses(*module);
  return Outcome::Done;
}

OwningOpRef<ModuleOp> Compilation::parse(StringRef text, Stage of) {
  return parseSourceString<ModuleOp>(text, ParserConfig(module->getContext()),
                                     getDumpName(of));
}

bool Compilation::blame(Stage last) {
  module->getContext()->disableMultithreading(); // one pass at a time
  OwningOpRef<ModuleOp> again = parse(text, textStage);
  for (Stage at = textStage; again && at < last;) {
    at = Stage(int(at) + 1);
    bool isBug = false, isDone;
    PassManager passes(module->getContext());
    passes.enableVerifier(false);
    passes.addInstrumentation(std::make_unique<BlamePasses>(isBug));
    buildStage(at, passes);
    {
      ScopedDiagnosticHandler known(
          module->getContext(), [&](Diagnostic &) { return success(!isBug); });
      isDone = succeeded(passes.run(*again));
    }
    if (isBug)
      return true;
    if (!isDone)
      return false;
  }
  return false;
}

std::string Compilation::getText() const { return printStage(*module, stage); }

Outcome Compilation::advance() {
  Stage next = Stage(int(stage) + 1);
  TimingScope scope = timing.nest(getStageName(next));
  MLIRContext *context = module->getContext();
  std::atomic<bool> isBug = false;
  bool hasError = false, isValid = true;
  {
    ScopedDiagnosticHandler watch(context, [&](Diagnostic &diagnostic) {
      hasError |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
      return failure(); // goes on to the handler that prints it
    });
    PassManager passes(context);
    passes.enableVerifier(false);
    passes.enableTiming(scope);
    passes.addInstrumentation(std::make_unique<WatchStageVerifiers>(isBug));
    if (options.mlirFlags && failed(applyPassManagerCLOptions(passes)))
      return Outcome::UsageError;
    buildStage(next, passes);
    if (failed(passes.run(*module)))
      return isBug || !hasError || blame(next) ? Outcome::Bug
                                               : Outcome::InputError;
  }
  {
    TimingScope verifying = scope.nest("verify");
    ScopedDiagnosticHandler quiet(context,
                                  [](Diagnostic &) { return success(); });
    isValid = succeeded(verify(*module));
  }
  if (!isValid) {
    if (!blame(next))
      (void)verify(*module);
    return Outcome::Bug;
  }
  stage = next;
  Outcome outcome = settle(/*isInput=*/false);
  if (outcome == Outcome::Done && stage == Stage::Fused && options.fusionReport)
    inspect::printFusionReport(*module, reports);
  if (outcome == Outcome::Done && stage == Stage::Loops && options.fusionReport)
    inspect::printScalarKernels(*module, reports);
  if (outcome == Outcome::Done && stage == Stage::Planned &&
      options.memoryReport)
    inspect::printMemoryReport(*module, reports);
  return outcome;
}
