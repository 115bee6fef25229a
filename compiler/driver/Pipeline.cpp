//===- Pipeline.cpp - the way of a model, stage by stage ------------------===//
//
// The table of contents of the compiler.  Each stage's own folder says which
// passes make it and ends them with its verifier.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Pipeline.h"

#include "compiler/driver/Installation.h"
#include "compiler/ir/Sinter.h"
#include "compiler/target/Stage.h"
#include "passes/differentiate/Stage.h"
#include "passes/fuse/Stage.h"
#include "passes/fuse/VerifyFused.h"
#include "passes/library/Stage.h"
#include "passes/lower/Stage.h"
#include "passes/plan/Stage.h"
#include "passes/simplify/Stage.h"

using namespace mlir;
using namespace sinter;

void driver::buildStage(Stage stage, OpPassManager &passes) {
  std::string oneDnn = Installation::find().oneDnnModule;
  switch (stage) {
  case Stage::Model: // made by frontend/
    return;
  case Stage::Gradient: // no derivative requests left
    return sinter::passes::buildGradientStage(passes);
  case Stage::Simplified: // canonical, no dead code
    passes.addPass(sinter::passes::createKeepConvolutionsPass(oneDnn));
    return sinter::passes::buildSimplifiedStage(passes);
  case Stage::Fused: // kernels, and entries that call them
    sinter::passes::formKernels(passes);
    passes.addPass(sinter::passes::createChooseLibraryPass(oneDnn));
    return sinter::passes::scheduleKernels(passes);
  case Stage::Planned: // every value that crosses kernels has its place
    return sinter::passes::buildPlannedStage(passes);
  case Stage::Loops: // functions of loops and vectors over memrefs
    return sinter::passes::buildLoopsStage(passes);
  case Stage::LLVM: // the LLVM dialect, with the C interface
    return target::buildLLVMStage(passes);
  }
}

void driver::addStageVerifier(Stage stage, OpPassManager &passes) {
  switch (stage) {
  case Stage::Model: // the ops' own verifiers
    return;
  case Stage::Gradient:
    return passes.addPass(sinter::passes::createVerifyGradientStagePass());
  case Stage::Simplified:
    return passes.addPass(sinter::passes::createVerifySimplified());
  case Stage::Fused:
    return passes.addPass(sinter::passes::createVerifyFusedPass());
  case Stage::Planned:
    return passes.addPass(sinter::passes::createVerifyPlannedStagePass());
  case Stage::Loops:
    return passes.addPass(sinter::passes::createVerifyLoopsStagePass());
  case Stage::LLVM:
    return passes.addPass(target::createVerifyLLVMStagePass());
  }
}

void driver::registerDialects(DialectRegistry &registry) {
  registry.insert<ir::SinterDialect>();
  target::registerDialects(registry);
}
