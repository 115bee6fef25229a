//===- NativeModule.h - LLVM IR, assembly and object code ------*- C++ -*-===//
//
// A module of the `llvm` stage as LLVM IR, optimized once, from which text,
// assembly and an object file are made in memory.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TARGET_NATIVEMODULE_H
#define SINTER_COMPILER_TARGET_NATIVEMODULE_H

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

class NativeModule {
public:
  /// Translates and optimizes as the module's target and options say.
  static mlir::FailureOr<NativeModule> make(mlir::ModuleOp module);
  /// `int main` that runs the command line on `modelSymbol`.
  static NativeModule makeMain(llvm::StringRef modelSymbol);

  /// Optimized LLVM IR, as text.
  std::string toIR() const;
  std::string toAssembly() const;
  std::string toObject() const;

private:
  std::string emit(llvm::CodeGenFileType kind) const;

  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_NATIVEMODULE_H
