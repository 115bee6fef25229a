//===- Jobs.cpp - the threads that compile --------------------------------===//

#include "compiler/driver/Jobs.h"

#include "llvm/Support/Threading.h"

#include <csignal>
#include <latch>

using namespace sinter::driver;

/// As much as a tool's crash handler has in the first thread.
static constexpr size_t stackBytes = 1 << 16;

Jobs::Jobs(int64_t count) {
  llvm::ThreadPoolStrategy strategy =
      llvm::hardware_concurrency(static_cast<unsigned>(count));
  strategy.Limit = true; // more than the cores bring nothing
  unsigned numThreads = strategy.compute_thread_count();
  if (numThreads < 2)
    return;
  handlerStacks = std::make_unique<char[]>(numThreads * stackBytes);
  pool = std::make_unique<llvm::DefaultThreadPool>(strategy);
  // One task for each thread, none of which takes two.
  std::latch started(numThreads);
  for (unsigned k = 0; k != numThreads; ++k)
    pool->async([&, k] {
      stack_t stack = {};
      stack.ss_sp = handlerStacks.get() + k * stackBytes;
      stack.ss_size = stackBytes;
      sigaltstack(&stack, nullptr);
      started.arrive_and_wait();
    });
  pool->wait();
}

Jobs::~Jobs() = default;

void Jobs::serve(mlir::MLIRContext &context) {
  if (pool)
    context.setThreadPool(*pool);
}
