//===- Pipeline.cpp - the way of a model, stage by stage ------------------===//
//
// The table of contents of the compiler.  Each stage's own folder says which
// passes make it and ends them with its verifier.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Pipeline.h"

#include "compiler/ir/Sinter.h"
#include "compiler/target/Stage.h"
#if __has_include("passes/differentiate/Stage.h")
#include "passes/differentiate/Stage.h"
#define SINTER_HAS_DIFFERENTIATE
#endif
#if __has_include("passes/simplify/Stage.h")
#include "passes/simplify/Stage.h"
#define SINTER_HAS_SIMPLIFY
#endif
#if __has_include("passes/fuse/Stage.h")
#include "passes/fuse/Stage.h"
#define SINTER_HAS_FUSE
#endif
#if __has_include("passes/plan/Stage.h")
#include "passes/plan/Stage.h"
#define SINTER_HAS_PLAN
#endif
#if __has_include("passes/lower/Stage.h")
#include "passes/lower/Stage.h"
#define SINTER_HAS_LOWER
#endif

using namespace mlir;
using namespace sinter;

void driver::buildStage(Stage stage, OpPassManager &passes) {
  switch (stage) {
  case Stage::Model: // made by frontend/
    return;
  case Stage::Gradient: // no derivative requests left
#ifdef SINTER_HAS_DIFFERENTIATE
    return sinter::passes::buildGradientStage(passes);
#endif
    return;
  case Stage::Simplified: // canonical, no dead code
#ifdef SINTER_HAS_SIMPLIFY
    return sinter::passes::buildSimplifiedStage(passes);
#endif
    return;
  case Stage::Fused: // kernels, and entries that call them
#ifdef SINTER_HAS_FUSE
    return sinter::passes::buildFusedStage(passes);
#endif
    return;
  case Stage::Planned: // every value that crosses kernels has its place
#ifdef SINTER_HAS_PLAN
    return sinter::passes::buildPlannedStage(passes);
#endif
    return;
  case Stage::Loops: // functions of loops and vectors over memrefs
#ifdef SINTER_HAS_LOWER
    return sinter::passes::buildLoopsStage(passes);
#endif
    return;
  case Stage::LLVM: // the LLVM dialect, with the C interface
    return target::buildLLVMStage(passes);
  }
}

void driver::registerDialects(DialectRegistry &registry) {
  registry.insert<ir::SinterDialect>();
  target::registerDialects(registry);
}
