//===- BrokenPass.cpp - a compiler with a bug in it -----------------------===//
//
// Linked with sinterc's own sources, with `buildStage` wrapped by the linker:
// behind the passes of the stage named by BROKEN_STAGE stands one that does
// what BROKEN_HOW says.  Without these it is sinterc.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Pipeline.h"
#include "compiler/ir/Sinter.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/ErrorHandling.h"

#include <cstdlib>
#include <new>

using namespace mlir;
using namespace sinter;

namespace {
/// Uses all of the stack.
[[gnu::noinline]] int recurse(volatile int *depth) {
  volatile int frame[256];
  frame[0] = *depth + 1;
  if (frame[0] == 0) // never, but the compiler cannot know
    return 0;
  return recurse(frame) + frame[0];
}

struct BrokenPass : PassWrapper<BrokenPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BrokenPass)
  StringRef getArgument() const override { return "sinter-broken"; }

  void runOnOperation() override {
    StringRef how = std::getenv("BROKEN_HOW");
    if (how == "segfault")
      *reinterpret_cast<volatile int *>(8) = 0;
    if (how == "abort")
      std::abort();
    if (how == "fatal")
      llvm::report_fatal_error("no such thing");
    if (how == "recursion") {
      int depth = 0;
      recurse(&depth);
    }
    if (how == "recursion in a thread")
      parallelFor(&getContext(), 0, 8, [](size_t) {
        int depth = 0;
        recurse(&depth);
      });
    if (how == "memory")
      throw std::bad_alloc();
    if (how == "silent")
      return signalPassFailure();
    if (how == "invalid")
      for (Operation &op : getOperation().getOps())
        if (op.getNumRegions() == 1 && !op.getRegion(0).empty())
          op.getRegion(0).back().back().erase();
  }
};
} // namespace

// The linker's names for driver::buildStage.
extern "C" {
void __real__ZN6sinter6driver10buildStageENS0_5StageERN4mlir13OpPassManagerE(
    driver::Stage stage, OpPassManager &passes);
void __wrap__ZN6sinter6driver10buildStageENS0_5StageERN4mlir13OpPassManagerE(
    driver::Stage stage, OpPassManager &passes) {
  __real__ZN6sinter6driver10buildStageENS0_5StageERN4mlir13OpPassManagerE(
      stage, passes);
  const char *broken = std::getenv("BROKEN_STAGE");
  if (broken && driver::getStageName(stage) == broken)
    passes.addPass(std::make_unique<BrokenPass>());
}
}
