//===- Crash.h - exit code 70 and a reproducer -----------------*- C++ -*-===//

#ifndef SINTER_TOOLS_CRASH_H
#define SINTER_TOOLS_CRASH_H

namespace sinter::tools {

/// From here on a crash, a failed assertion or LLVM's fatal error end the
/// process with 70, after writing the module of the stage before.
void installCrashHandler();

/// Writes the reproducer and exits with 70.
[[noreturn]] void reportBug();

} // namespace sinter::tools

#endif // SINTER_TOOLS_CRASH_H
