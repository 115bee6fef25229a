//===- NativeModule.cpp - LLVM IR, assembly and object code ---------------===//
//
// The kernels arrive as finished loops of vector code, so the IR passes here
// are few: promote what the emitters left in memory or repeated, move
// invariants out, and let the code generator do the rest at its highest level.
// On contractions this gives the speed of the whole -O3 pipeline in a fraction
// of its time.  Floating point is never contracted or reassociated.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/NativeModule.h"
#include "compiler/target/ModelConstant.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace sinter;
using target::NativeModule;

const llvm::Target &target::getLLVMTarget() {
  static const llvm::Target *found = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser(); // a dump may have been given inline assembly
    std::string error;
    auto *target = TargetRegistry::lookupTarget(Triple(tripleName), error);
    assert(target && "the x86 code generator was just registered");
    return target;
  }();
  return *found;
}

static std::unique_ptr<TargetMachine> makeMachine(const ir::TargetFacts &facts,
                                                  int64_t optLevel) {
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  options.FunctionSections = true;
  options.DataSections = true;
  CodeGenOptLevel level =
      optLevel == 0 ? CodeGenOptLevel::None : CodeGenOptLevel::Aggressive;
  return std::unique_ptr<TargetMachine>(
      target::getLLVMTarget().createTargetMachine(
          Triple(target::tripleName), facts.cpu, facts.features, options,
          Reloc::PIC_, std::nullopt, level));
}

namespace sinter::target {
/// LLVM would end the process at an error.
struct ReportErrors : DiagnosticHandler {
  mlir::Location at;
  bool any = false;
  explicit ReportErrors(mlir::Location at) : at(at) {}

  bool handleDiagnostics(const DiagnosticInfo &info) override {
    if (info.getSeverity() != DS_Error)
      return true;
    any = true;
    std::string text;
    raw_string_ostream os(text);
    DiagnosticPrinterRawOStream printer(os);
    info.print(printer);
    mlir::emitError(at) << "code generation: " << text;
    return true;
  }
};
} // namespace sinter::target

static void addAttributes(Module &module, const ir::TargetFacts &facts) {
  for (Function &function : module) {
    function.addFnAttr(Attribute::NoUnwind);
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", facts.cpu);
    if (!facts.features.empty())
      function.addFnAttr("target-features", facts.features);
    function.addFnAttr("prefer-vector-width", std::to_string(facts.vectorBits));
    // Kernels: a vector that is spilled to a stack of 16 bytes' alignment would
    // lie on two cache lines more often than not.
    if (function.hasFnAttribute(Attribute::NoInline))
      function.addFnAttr("stackrealign");
  }
}

void NativeModule::optimize() {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(machine.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  StringRef pipeline =
      optLevel == 0 ? "always-inline"
                    : "cgscc(inline),"
                      "function(sroa<modify-cfg>,early-cse<memssa>,simplifycfg,"
                      "instcombine<no-verify-fixpoint>,"
                      "loop-mssa(loop-rotate,licm),gvn,"
                      "instcombine<no-verify-fixpoint>,"
                      "simplifycfg),globaldce";
  ModulePassManager passes;
  cantFail(builder.parsePassPipeline(passes, pipeline));
  passes.run(*module, modules);
}

mlir::FailureOr<NativeModule>
NativeModule::translate(mlir::ModuleOp source, StringRef name,
                        const ir::ModelDescription *model) {
  ir::TargetFacts facts = ir::TargetFacts::of(source);
  NativeModule native;
  native.optLevel = ir::Options::of(source).optLevel;
  native.context = std::make_unique<LLVMContext>();
  auto handler = std::make_unique<ReportErrors>(source.getLoc());
  native.errors = handler.get();
  native.context->setDiagnosticHandler(std::move(handler));
  native.module = mlir::translateModuleToLLVMIR(source, *native.context, name);
  if (!native.module)
    return mlir::failure();
  native.machine = makeMachine(facts, native.optLevel);
  native.module->setDataLayout(native.machine->createDataLayout());
  native.module->setTargetTriple(Triple(tripleName));
  addAttributes(*native.module, facts);
  if (model)
    addModelConstant(*native.module, *model, facts.cpu);
  return native;
}

mlir::FailureOr<NativeModule> NativeModule::make(mlir::ModuleOp source) {
  mlir::FailureOr<ir::ModelDescription> model =
      ir::ModelDescription::of(source);
  if (mlir::failed(model))
    return mlir::failure();
  mlir::FailureOr<NativeModule> native =
      translate(source, model->name, &*model);
  if (mlir::succeeded(native))
    native->optimize();
  return native;
}

NativeModule NativeModule::makeMain(StringRef modelSymbol) {
  NativeModule native;
  native.context = std::make_unique<LLVMContext>();
  LLVMContext &context = *native.context;
  native.module = std::make_unique<Module>("main", context);
  Module &module = *native.module;
  native.machine = makeMachine({}, /*optLevel=*/2);
  module.setDataLayout(native.machine->createDataLayout());
  module.setTargetTriple(Triple(tripleName));

  IRBuilder<> b(context);
  PointerType *pointer = b.getPtrTy();
  auto *model =
      new GlobalVariable(module, b.getInt8Ty(), /*isConstant=*/true,
                         GlobalValue::ExternalLinkage, nullptr, modelSymbol);
  FunctionCallee run = module.getOrInsertFunction(
      "sinter_run",
      FunctionType::get(b.getInt32Ty(), {pointer, b.getInt32Ty(), pointer},
                        /*isVarArg=*/false));
  Function *function = Function::Create(
      FunctionType::get(b.getInt32Ty(), {b.getInt32Ty(), pointer}, false),
      GlobalValue::ExternalLinkage, "main", module);
  b.SetInsertPoint(BasicBlock::Create(context, "", function));
  b.CreateRet(
      b.CreateCall(run, {model, function->getArg(0), function->getArg(1)}));
  addAttributes(module, {});
  return native;
}

std::string NativeModule::toIR() const {
  std::string text;
  raw_string_ostream(text) << *module;
  return text;
}

static std::string emit(Module &module, TargetMachine &machine,
                        CodeGenFileType kind) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  [[maybe_unused]] bool unsupported =
      machine.addPassesToEmitFile(passes, stream, nullptr, kind);
  assert(!unsupported && "x86 emits assembly and objects");
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

// The code generator changes the IR it works on.
std::string NativeModule::toAssembly() const {
  return emit(*CloneModule(*module), *machine, CodeGenFileType::AssemblyFile);
}
std::string NativeModule::toObject() const {
  return emit(*CloneModule(*module), *machine, CodeGenFileType::ObjectFile);
}

mlir::FailureOr<std::string> NativeModule::takeObject() && {
  std::string object = emit(*module, *machine, CodeGenFileType::ObjectFile);
  if (errors->any)
    return mlir::failure();
  return object;
}
