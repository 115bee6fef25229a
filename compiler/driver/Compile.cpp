//===- Compile.cpp - a model through the stages ---------------------------===//
//
// Between stages the module is printed and parsed again.  That costs little
// beside code generation and makes a dump the compiler's real state: text does
// not keep the order of use lists, so nothing after it can depend on one.
//
// An error that a pass emits is about the input; a module that a pass leaves
// invalid, or a failure without an error, is a bug.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Compile.h"

#include "compiler/driver/Freeze.h"
#include "compiler/driver/LargeConstants.h"
#include "compiler/driver/OutputFiles.h"
#include "compiler/driver/Pipeline.h"
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

using namespace mlir;
using namespace sinter;
using namespace sinter::driver;

const char *Reproducer::text = nullptr;
size_t Reproducer::size = 0;

namespace {
/// Verifies after each pass and remembers who was to blame.
struct BlamePasses : PassInstrumentation {
  bool &isBug;
  explicit BlamePasses(bool &isBug) : isBug(isBug) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    if (isBug || succeeded(verify(op)))
      return;
    isBug = true;
    op->emitRemark("the module is invalid after the pass '")
        << pass->getName() << "'";
  }
  void runAfterPassFailed(Pass *pass, Operation *op) override {
    // Stage verifiers hold the compiler to its word, not the user.
    if (pass->getArgument().starts_with("sinter-verify"))
      isBug = true;
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
  return settle();
}

LogicalResult Compilation::verifyStage() {
  PassManager passes(module->getContext());
  passes.enableVerifier(false);
  addStageVerifier(stage, passes);
  return passes.run(*module);
}

LogicalResult Compilation::resolveFacts() {
  bool given = options.cpu || options.optLevel || options.trapOutOfRange ||
               options.debugInfo || !options.freeze.empty();
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
  (*module)->setAttr(ir::optionsAttrName, chosen.toAttr(context));
  return success();
}

Outcome Compilation::fail(Outcome outcome, const Twine &message) {
  reports << "error: " << message << '\n';
  return outcome;
}

Outcome Compilation::settle() {
  if (!options.dumpDir.empty()) {
    llvm::SmallString<128> path(options.dumpDir);
    llvm::sys::path::append(path, getDumpName(stage));
    if (llvm::Error error =
            writeFile(path, printStage(*module, stage, options.elide)))
      return fail(Outcome::InputError, llvm::toString(std::move(error)));
  }
  LargeConstants large(*module);
  std::string printed = printStage(*module, stage);
  module = parseSourceString<ModuleOp>(
      printed, ParserConfig(module->getContext()), getDumpName(stage));
  if (!module) // What reproduces it is the stage before.
    return Outcome::Bug;
  large.restore(*module);
  text = std::move(printed);
  Reproducer::text = text.data();
  Reproducer::size = text.size();
  return Outcome::Done;
}

std::string Compilation::getText() const { return printStage(*module, stage); }

Outcome Compilation::advance() {
  Stage next = Stage(int(stage) + 1);
  TimingScope scope = timing.nest(getStageName(next));
  MLIRContext *context = module->getContext();
  bool isBug = false, hasError = false;
  ScopedDiagnosticHandler watch(context, [&](Diagnostic &diagnostic) {
    hasError |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return failure(); // goes on to the handler that prints it
  });
  PassManager passes(context);
  passes.enableVerifier(false); // BlamePasses does
  passes.enableTiming(scope);
  passes.addInstrumentation(std::make_unique<BlamePasses>(isBug));
  if (options.mlirFlags && failed(applyPassManagerCLOptions(passes)))
    return Outcome::UsageError;
  buildStage(next, passes);
  if (failed(passes.run(*module)) || isBug)
    return isBug || !hasError ? Outcome::Bug : Outcome::InputError;
  stage = next;
  Outcome outcome = settle();
  if (outcome == Outcome::Done && stage == Stage::Fused && options.fusionReport)
    inspect::printFusionReport(*module, reports);
  if (outcome == Outcome::Done && stage == Stage::Loops && options.fusionReport)
    inspect::printScalarKernels(*module, reports);
  if (outcome == Outcome::Done && stage == Stage::Planned &&
      options.memoryReport)
    inspect::printMemoryReport(*module, reports);
  return outcome;
}
