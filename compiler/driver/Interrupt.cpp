//===- Interrupt.cpp - what an interrupted tool cleans up -----------------===//
//
// The notes are atomics, as a handler may read them at any moment.  What finds
// no place among them is only left behind.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Interrupt.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

using namespace sinter::driver;

/// A compilation has a handful of outputs and dumps.
static std::atomic<char *> files[64];
static std::atomic<pid_t> runningChild;

static void replace(char *before, char *after) {
  for (std::atomic<char *> &file : files) {
    char *expected = before;
    if (file.compare_exchange_strong(expected, after))
      return;
  }
}

RemovedOnInterrupt::RemovedOnInterrupt(llvm::StringRef name)
    : path(strdup(name.str().c_str())) {
  if (path)
    replace(nullptr, path);
}
RemovedOnInterrupt::RemovedOnInterrupt(RemovedOnInterrupt &&other) noexcept
    : path(other.path) {
  other.path = nullptr;
}
RemovedOnInterrupt::~RemovedOnInterrupt() {
  if (path)
    replace(path, nullptr);
  free(path);
}

EndedOnInterrupt::EndedOnInterrupt(pid_t child) { runningChild = child; }
EndedOnInterrupt::~EndedOnInterrupt() { runningChild = 0; }

/// A child that is still writing would make its file again.
static void endChild() {
  pid_t child = runningChild;
  if (child == 0)
    return;
  kill(child, SIGTERM);
  int status;
  waitpid(child < 0 ? -child : child, &status, 0);
}

void sinter::driver::installInterruptHandler() {
  struct sigaction action = {}, before;
  action.sa_flags = SA_RESETHAND;
  action.sa_handler = [](int number) {
    endChild();
    for (std::atomic<char *> &file : files)
      if (const char *path = file)
        unlink(path);
    raise(number); // the default now, and due when this returns
  };
  for (int number : {SIGINT, SIGTERM, SIGHUP}) {
    sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN)
      sigaction(number, &action, nullptr);
  }
}
