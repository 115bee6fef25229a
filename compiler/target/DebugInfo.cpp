//===- DebugInfo.cpp - line tables for generated code ---------------------===//
//
// The ops have kept their places all the way.  A place within a library
// function counts as the line that called it, in the model's own file: that is
// the line that a debugger or a profiler should show.  An op without a place
// takes its function's.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/DebugInfo.h"

#include "compiler/ir/ModuleFacts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/BinaryFormat/Dwarf.h"

using namespace mlir;
using namespace sinter;

/// The user's line; null if the location has none.
static FileLineColLoc getUserPlace(Location loc) {
  return TypeSwitch<Location, FileLineColLoc>(loc)
      .Case([](FileLineColLoc place) { return place; })
      .Case([](NameLoc named) { return getUserPlace(named.getChildLoc()); })
      .Case([](CallSiteLoc call) {
        FileLineColLoc caller = getUserPlace(call.getCaller());
        return caller ? caller : getUserPlace(call.getCallee());
      })
      .Case([](FusedLoc fused) {
        for (Location part : fused.getLocations())
          if (FileLineColLoc place = getUserPlace(part))
            return place;
        return FileLineColLoc();
      })
      .Default([](Location) { return FileLineColLoc(); });
}

namespace {
struct AddDebugInfo : PassWrapper<AddDebugInfo, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AddDebugInfo)
  StringRef getArgument() const override { return "sinter-add-debug-info"; }
  StringRef getDescription() const override {
    return "give functions and ops the user's lines as debug scopes";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect>();
  }

  LLVM::DIFileAttr getFile(FileLineColLoc place) {
    return LLVM::DIFileAttr::get(&getContext(), place.getFilename().getValue(),
                                 /*directory=*/"");
  }

  void describe(LLVM::LLVMFuncOp function, LLVM::DICompileUnitAttr unit,
                FileLineColLoc modulePlace) {
    MLIRContext *context = &getContext();
    FileLineColLoc place = getUserPlace(function.getLoc());
    if (!place)
      place = modulePlace;
    auto type =
        LLVM::DISubroutineTypeAttr::get(context, llvm::dwarf::DW_CC_normal, {});
    auto subprogram = LLVM::DISubprogramAttr::get(
        context, DistinctAttr::create(UnitAttr::get(context)), unit,
        getFile(place), function.getNameAttr(), function.getNameAttr(),
        getFile(place), place.getLine(), place.getLine(),
        LLVM::DISubprogramFlags::Definition |
            LLVM::DISubprogramFlags::Optimized,
        type, /*retainedNodes=*/{}, /*annotations=*/{});
    function->setLoc(FusedLoc::get(context, {place}, subprogram));
    function.walk([&](Operation *op) {
      if (op == function)
        return;
      FileLineColLoc at = getUserPlace(op->getLoc());
      if (!at)
        at = place;
      Location loc = at;
      if (at.getFilename() != place.getFilename())
        loc = FusedLoc::get(
            context, {at},
            LLVM::DILexicalBlockFileAttr::get(subprogram, getFile(at), 0));
      op->setLoc(loc);
    });
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!ir::Options::of(module).debugInfo)
      return markAllAnalysesPreserved();
    MLIRContext *context = &getContext();
    FileLineColLoc place = getUserPlace(module.getLoc());
    if (!place)
      place = FileLineColLoc::get(context, "model", 0, 0);
    auto unit = LLVM::DICompileUnitAttr::get(
        DistinctAttr::create(UnitAttr::get(context)),
        llvm::dwarf::DW_LANG_C_plus_plus_14, getFile(place),
        StringAttr::get(context, "sinter " SINTER_VERSION),
        /*isOptimized=*/true, LLVM::DIEmissionKind::LineTablesOnly);
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (!function.isExternal())
        describe(function, unit, place);
  }
};
} // namespace

std::unique_ptr<Pass> target::createAddDebugInfoPass() {
  return std::make_unique<AddDebugInfo>();
}
