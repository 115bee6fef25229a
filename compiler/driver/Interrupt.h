//===- Interrupt.h - what an interrupted tool cleans up --------*- C++ -*-===//
//
// Ctrl-C or a termination leaves neither temporary files nor children.  The
// guards only take notes; a handler that acts on them is a tool's to install,
// never a library's.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_INTERRUPT_H
#define SINTER_COMPILER_DRIVER_INTERRUPT_H

#include "llvm/ADT/StringRef.h"

#include <sys/types.h>

namespace sinter::driver {

/// From here SIGINT, SIGTERM and SIGHUP end the process as they would, after
/// the guards' work is done.  Signals that were ignored stay so.
void installInterruptHandler();

/// While it lives, the file is removed if the tool is interrupted.
class RemovedOnInterrupt {
public:
  explicit RemovedOnInterrupt(llvm::StringRef path);
  RemovedOnInterrupt(RemovedOnInterrupt &&other) noexcept;
  ~RemovedOnInterrupt();

private:
  char *path;
};

/// While it lives, the child (or, negative, the group of children) is ended if
/// the tool is interrupted.
class EndedOnInterrupt {
public:
  explicit EndedOnInterrupt(pid_t child);
  EndedOnInterrupt(const EndedOnInterrupt &) = delete;
  ~EndedOnInterrupt();
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_INTERRUPT_H
