//===- Stage.cpp - the `simplified` stage ---------------------------------===//
//
// Algebra and merging run again after the scans were taken apart, for what
// leaves a loop meets ops outside that it can join.
//
//===----------------------------------------------------------------------===//

#include "passes/simplify/Stage.h"

using namespace mlir;

static void addAlgebra(OpPassManager &passes) {
  passes.addPass(sinter::passes::createFoldConstants());
  passes.addPass(sinter::passes::createCanonicalize());
  passes.addPass(sinter::passes::createMergeEqualOps());
}

void sinter::passes::buildSimplifiedStage(OpPassManager &passes) {
  passes.addPass(createTrapOutOfRange());
  passes.addPass(createExpandRandom());
  passes.addPass(createExchangeKernels());
  // What is written twice is turned once.
  passes.addPass(createMergeEqualOps());
  passes.addPass(createChooseLayouts());
  passes.addPass(createExpandConvolutions());
  addAlgebra(passes);
  passes.addPass(createSimplifyScans());
  addAlgebra(passes);
  passes.addPass(createHoistFromScan());
  passes.addPass(createSinkFromScan());
  // A step output that was added for the sum outside may need no carry.
  passes.addPass(createHoistFromScan());
  passes.addPass(createSimplifyScans());
  addAlgebra(passes);
  passes.addPass(createWidenStorage());
  passes.addPass(createSumVectorProducts());
  passes.addPass(createUpdateRows());
  addAlgebra(passes);
  // Algebra takes transposes of products into them.
  passes.addPass(createExchangeOperands());
  passes.addPass(createLimitSorts());
  passes.addPass(createVerifySimplified());
}
