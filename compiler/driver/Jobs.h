//===- Jobs.h - the threads that compile -----------------------*- C++ -*-===//
//
// What they make does not depend on how many they are.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_JOBS_H
#define SINTER_COMPILER_DRIVER_JOBS_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/ThreadPool.h"

#include <memory>

namespace sinter::driver {

/// More is a mistake.
inline constexpr int64_t mostJobs = 1024;

/// Lives longer than the contexts that it serves.
class Jobs {
public:
  /// 0: as many as there are cores.
  explicit Jobs(int64_t count);
  ~Jobs();

  /// For contexts made without threads.
  void serve(mlir::MLIRContext &context);

private:
  /// On which a handler can run when a thread has used up its stack.
  std::unique_ptr<char[]> handlerStacks;
  /// None for one job, which is done by who asks for it.
  std::unique_ptr<llvm::DefaultThreadPool> pool;
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_JOBS_H
