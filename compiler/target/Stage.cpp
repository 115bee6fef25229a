//===- Stage.cpp - from loops to the LLVM dialect -------------------------===//
//
// Upstream passes in upstream's usual order.  Nothing here reassociates:
// what a float reduction computes is written by the emitters.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Stage.h"
#include "compiler/target/DebugInfo.h"
#include "compiler/target/EntryPoints.h"
#include "compiler/target/FlattenConstants.h"
#include "compiler/target/ShareTasks.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void sinter::target::buildLLVMStage(OpPassManager &passes) {
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;

  passes.addPass(createRequestTasksPass());
  // What is nested, the context's threads do for several functions at a time.
  OpPassManager &loops = passes.nest<func::FuncOp>();
  loops.addPass(memref::createExpandStridedMetadataPass());
  loops.addPass(createLowerAffinePass());
  loops.addPass(createCanonicalizerPass());
  loops.addPass(createCSEPass());
  loops.addPass(createConvertVectorToSCFPass());
  loops.addPass(vector::createLowerVectorMultiReductionPass());
  loops.addPass(createSCFToControlFlowPass());
  loops.addPass(createConvertVectorToLLVMPass(vectors));
  loops.addPass(memref::createExpandStridedMetadataPass());
  loops.addPass(createLowerAffinePass());
  loops.addPass(arith::createArithExpandOpsPass());
  loops.addPass(createConvertMathToLLVMPass());
  // What has no LLVM intrinsic is a call of libm: f64, and everything at -O0.
  passes.addPass(createConvertMathToLibmPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass(functions));
  // Arithmetic before branches, or a branch may hand on an index.
  OpPassManager &values = passes.nest<LLVM::LLVMFuncOp>();
  values.addPass(createConvertVectorToLLVMPass(vectors));
  values.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass(functions));
  passes.addPass(createConvertControlFlowToLLVMPass());
  OpPassManager &bodies = passes.nest<LLVM::LLVMFuncOp>();
  bodies.addPass(createConvertIndexToLLVMPass());
  bodies.addPass(createUBToLLVMConversionPass());
  bodies.addPass(createReconcileUnrealizedCastsPass());
  bodies.addPass(createCanonicalizerPass());
  bodies.addPass(createCSEPass());
  passes.addPass(createFlattenConstantsPass());
  passes.addPass(createRunTasksPass());
  passes.addPass(createMakeEntryPointsPass());
  passes.addPass(createAddDebugInfoPass());
  passes.addPass(createVerifyLLVMStagePass());
}

void sinter::target::registerDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect,
                  cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  ub::UBDialect, vector::VectorDialect,
                  x86vector::X86VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}
