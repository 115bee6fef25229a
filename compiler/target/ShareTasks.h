//===- ShareTasks.h - tasks that the host's threads take -------*- C++ -*-===//
//
// A kernel's tasks are an `scf.parallel` around one call.  Two passes, before
// and after everything else becomes the LLVM dialect, make of it
//
//   run_tasks(call, n, @kernel_task_body, &arguments)
//
// where `call` is what the entry knows of its host, a struct on its stack that
// is passed on to the kernels that need it (those that call a library do, which
// shares out what it likes), and run_tasks the one function that
// asks host->parallel_for, or runs the tasks one after the other without it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TARGET_SHARETASKS_H
#define SINTER_COMPILER_TARGET_SHARETASKS_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::target {

/// Marks entries' bodies whose last argument is the call.
inline constexpr llvm::StringLiteral sharesAttrName = "sinter.shares";

/// Members of the struct for one call of an entry.
enum CallMember { ParallelFor, Self, Status, Message };
/// {ptr parallel_for, ptr self, i32 status, ptr message}: status is what the
/// hook returned, message why a library failed.  It is `sinter_onednn_frame`.
mlir::LLVM::LLVMStructType getCallType(mlir::MLIRContext *context);

/// Turns each scf.parallel into a call of an external function, and passes the
/// call on.
std::unique_ptr<mlir::Pass> createRequestTasksPass();
/// Gives those functions their bodies.
std::unique_ptr<mlir::Pass> createRunTasksPass();

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_SHARETASKS_H
