//===- NativeModule.h - LLVM IR, assembly and object code ------*- C++ -*-===//
//
// A module of the `llvm` stage, or one of its parts, as LLVM IR, optimized
// once, from which text, assembly and an object file are made in memory.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TARGET_NATIVEMODULE_H
#define SINTER_COMPILER_TARGET_NATIVEMODULE_H

#include "compiler/ir/ModelDescription.h"
#include "compiler/ir/ModuleFacts.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetMachine.h"

namespace sinter::target {

/// The platform that code is made for.
inline constexpr llvm::StringLiteral tripleName = "x86_64-unknown-linux-gnu";

/// LLVM's code generator of that platform, initialized on first use.
const llvm::Target &getLLVMTarget();

struct ReportErrors;

class NativeModule {
public:
  /// As the module's target and options say, not optimized yet. `model`: what
  /// the object describes to hosts, or null.
  static mlir::FailureOr<NativeModule>
  translate(mlir::ModuleOp module, llvm::StringRef name,
            const ir::ModelDescription *model);
  void optimize();
  /// Translates and optimizes as the module's target and options say.
  static mlir::FailureOr<NativeModule> make(mlir::ModuleOp module);
  /// `int main` that runs the command line on `modelSymbol`.
  static NativeModule makeMain(llvm::StringRef modelSymbol);

  /// Optimized LLVM IR, as text.
  std::string toIR() const;
  std::string toAssembly() const;
  std::string toObject() const;
  /// The object, for which the IR is used up; failure if an error was said.
  mlir::FailureOr<std::string> takeObject() &&;

private:
  int64_t optLevel = 2;
  std::unique_ptr<llvm::LLVMContext> context;
  /// The context's.
  const ReportErrors *errors = nullptr;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_NATIVEMODULE_H
