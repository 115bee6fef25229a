//===- Crash.cpp - exit code 70 and a reproducer --------------------------===//
//
// The handler runs in a broken process, so it calls the kernel alone; the text
// it writes was made before the stage began.
//
//===----------------------------------------------------------------------===//

#include "tools/Crash.h"

#include "compiler/driver/Compile.h"
#include "llvm/Support/ErrorHandling.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using sinter::driver::Reproducer;

static void say(const char *text) {
  [[maybe_unused]] ssize_t count = write(STDERR_FILENO, text, strlen(text));
}

static bool save(const char *path, int flags) {
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
  if (file < 0)
    return false;
  const char *from = Reproducer::text;
  size_t left = Reproducer::size;
  while (left > 0) {
    ssize_t count = write(file, from, left);
    if (count <= 0)
      break;
    from += count;
    left -= count;
  }
  close(file);
  return left == 0;
}

/// "/tmp/sinter-reproducer-<process>.mlir", which nobody else writes.
static const char *getTemporaryPath() {
  static char path[] = "/tmp/sinter-reproducer-0000000000.mlir";
  char *digit = strrchr(path, '.');
  for (pid_t number = getpid(); number != 0; number /= 10)
    *--digit = static_cast<char>('0' + number % 10);
  return path;
}

[[noreturn]] static void finish() {
  say("sinter: this is a bug in Sinter, not in your model\n");
  if (Reproducer::text) {
    const char *path = "sinter-reproducer.mlir";
    bool saved = save(path, O_TRUNC);
    if (!saved)
      saved = save(path = getTemporaryPath(), O_EXCL);
    if (saved) {
      say("sinter: `sinterc ");
      say(path);
      say("` reproduces it\n");
    }
  }
  _exit(70);
}

/// Several threads may crash at once: the first one says so.  One that crashes
/// again while it does has said all it can.
static void beTheFirst() {
  static std::atomic<pid_t> first;
  pid_t none = 0, self = gettid();
  if (first.compare_exchange_strong(none, self))
    return;
  if (none == self)
    _exit(70);
  while (true)
    pause();
}

void sinter::tools::reportBug() {
  beTheFirst();
  finish();
}

void sinter::tools::installCrashHandler() {
  static char stack[1 << 16];
  stack_t alternative = {};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  struct sigaction action = {};
  action.sa_flags = SA_ONSTACK;
  action.sa_handler = [](int number) {
    beTheFirst();
    say("sinter: the compiler was ended by signal SIG");
    say(sigabbrev_np(number));
    say("\n");
    finish();
  };
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    sigaction(number, &action, nullptr);
  llvm::install_fatal_error_handler(
      [](void *, const char *reason, bool) {
        beTheFirst();
        say("sinter: ");
        say(reason);
        say("\n");
        finish();
      },
      nullptr);
}
