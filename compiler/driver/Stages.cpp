//===- Stages.cpp - the named stages of a compilation ---------------------===//
//
// A stage's dump is the compiler's state: everything is printed, with
// locations, and what reads it back goes on as the compiler would have.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Stages.h"

#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter;
using driver::Stage;

static constexpr StringLiteral names[driver::numStages] = {
    "model", "gradient", "simplified", "fused", "planned", "loops", "llvm"};

StringRef driver::getStageName(Stage stage) { return names[int(stage)]; }

std::optional<Stage> driver::findStage(StringRef name) {
  for (int k = 0; k != numStages; ++k)
    if (names[k] == name)
      return Stage(k);
  return std::nullopt;
}

std::string driver::getDumpName(Stage stage) {
  return "0" + std::to_string(int(stage)) + "-" + getStageName(stage).str() +
         ".mlir";
}

FailureOr<Stage> driver::detectStage(ModuleOp module) {
  for (auto nested : module.getOps<ModuleOp>())
    return nested.emitError(
        "a module within a module: a model is one module of variables and "
        "entries");
  if (Attribute attr = module->getAttr(ir::stageAttrName)) {
    auto name = dyn_cast<StringAttr>(attr);
    if (std::optional<Stage> stage = findStage(name ? name.getValue() : ""))
      return *stage;
    return module.emitError("unknown 'sinter.stage' ")
           << attr
           << ": the stages are model, gradient, simplified, fused, "
              "planned, loops and llvm";
  }
  Stage stage = Stage::Model;
  module.walk([&](Operation *op) {
    Stage at = isa<LLVM::LLVMFuncOp>(op)             ? Stage::LLVM
               : isa<func::FuncOp>(op)               ? Stage::Loops
               : isa<ir::LaunchOp, ir::BufferOp>(op) ? Stage::Planned
               : isa<ir::KernelOp>(op)               ? Stage::Fused
                                                     : Stage::Model;
    stage = std::max(stage, at);
  });
  return stage;
}

std::string driver::printStage(ModuleOp module, Stage stage, bool elide) {
  module->setAttr(ir::stageAttrName,
                  StringAttr::get(module.getContext(), getStageName(stage)));
  OpPrintingFlags flags;
  flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  // What is read back is whole, whatever MLIR's own flags say.
  constexpr int64_t whole = std::numeric_limits<int64_t>::max();
  flags.elideLargeElementsAttrs(whole).elideLargeResourceString(whole);
  if (elide)
    flags.elideLargeElementsAttrs().elideLargeResourceString();
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, flags);
  os << '\n';
  return text;
}
