//===- Jobs.cpp - the threads that compile --------------------------------===//

#include "compiler/driver/Jobs.h"

#include "llvm/Support/Threading.h"

using namespace sinter::driver;

Jobs::Jobs(int64_t count) {
  llvm::ThreadPoolStrategy strategy =
      llvm::hardware_concurrency(static_cast<unsigned>(count));
  if (strategy.compute_thread_count() > 1)
    pool = std::make_unique<llvm::DefaultThreadPool>(strategy);
}

Jobs::~Jobs() = default;

void Jobs::serve(mlir::MLIRContext &context) {
  if (pool)
    context.setThreadPool(*pool);
}
