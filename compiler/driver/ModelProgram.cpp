//===- ModelProgram.cpp - from model.cpp to its module --------------------===//
//
// The model runs as a child, so that whatever it does (print, crash, loop on
// its own data) cannot harm the compiler; the pipe is a descriptor of its own,
// so its standard output stays its own too.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/ModelProgram.h"

#include "compiler/driver/Interrupt.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;
using namespace sinter::driver;

extern char **environ;

static Expected<std::string> findCompiler() {
  for (const char *name : {"c++", "g++", "clang++"})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return createStringError("no C++ compiler (c++, g++, clang++) found to "
                           "compile the model: install g++");
}

/// Starts `args`, in a process group of its own if it has children too.
static Expected<pid_t> spawn(ArrayRef<std::string> args, bool isGroup) {
  std::vector<char *> argv;
  for (const std::string &arg : args)
    argv.push_back(const_cast<char *>(arg.c_str()));
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (isGroup)
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child;
  int code =
      posix_spawn(&child, argv[0], nullptr, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (code)
    return createStringError("cannot run '" + args[0] +
                             "': " + std::strerror(code));
  return child;
}

static int wait(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

/// The signal that ended a child, if one did.
static Error checkSignal(int status, const Twine &what) {
  if (WIFEXITED(status))
    return Error::success();
  int number = WTERMSIG(status);
  const char *name = sigabbrev_np(number);
  return createStringError(what + " was ended by signal SIG" +
                           (name ? name : std::to_string(number)) + " (" +
                           strsignal(number) + ")");
}

static Expected<std::string> readAll(int descriptor) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count > 0)
      text.append(buffer, count);
    else if (count == 0)
      return text;
    else if (errno != EINTR)
      return createStringError(std::string("cannot read the model's module: ") +
                               std::strerror(errno));
  }
}

static Error compile(const ModelProgram &model,
                     const Installation &installation, StringRef program) {
  Expected<std::string> compiler = findCompiler();
  if (!compiler)
    return compiler.takeError();
  StringRef folder = sys::path::parent_path(installation.frontendLibrary);
  std::vector<std::string> args = {*compiler,
                                   "-std=c++20",
                                   "-O0",
                                   "-I" + installation.includeFolder,
                                   "-x",
                                   "c++",
                                   model.source,
                                   "-x",
                                   "none",
                                   "-o",
                                   program.str(),
                                   installation.frontendLibrary,
                                   "-Wl,-rpath," + folder.str()};
  for (const auto *flags : {&installation.linkFlags, &model.compilerFlags})
    args.insert(args.end(), flags->begin(), flags->end());
  Expected<pid_t> child = spawn(args, /*isGroup=*/true);
  if (!child)
    return child.takeError();
  EndedOnInterrupt guard(-*child);
  int status = wait(*child);
  if (Error error = checkSignal(status, "the C++ compiler"))
    return error;
  // It said why.
  return WEXITSTATUS(status) == 0 ? Error::success() : createStringError("");
}

Expected<std::string>
ModelProgram::run(const Installation &installation) const {
  if (!sys::fs::exists(installation.frontendLibrary))
    return createStringError("'" + installation.frontendLibrary +
                             "' is missing: models in C++ need the frontend");
  SmallString<128> program;
  if (std::error_code code =
          sys::fs::createTemporaryFile("sinter-model", "", program))
    return createStringError("cannot make a temporary file: " + code.message());
  scope_exit remove([&] { sys::fs::remove(program); });
  RemovedOnInterrupt programGuard(program);
  if (Error error = compile(*this, installation, program))
    return error;

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return createStringError(std::string("cannot make a pipe: ") +
                             std::strerror(errno));
  scope_exit closeRead([&] { close(ends[0]); });
  // The child alone keeps its end open across exec.
  fcntl(ends[1], F_SETFD, 0);
  std::vector<std::string> args = {program.str().str(), "--emit-to-fd",
                                   std::to_string(ends[1])};
  if (!model.empty())
    args.insert(args.end(), {"--model", model});
  for (const std::string &parameter : parameters) {
    args.push_back("-P");
    args.push_back(parameter);
  }
  Expected<pid_t> child = spawn(args, /*isGroup=*/false);
  close(ends[1]);
  if (!child)
    return child.takeError();
  EndedOnInterrupt childGuard(*child);
  Expected<std::string> text = readAll(ends[0]);
  int status = wait(*child);
  if (!text)
    return text;
  if (Error error = checkSignal(status, "the model program"))
    return error;
  int code = WEXITSTATUS(status);
  if (code != 0 && *text == "mistakes\n")
    return createStringError(""); // they were said
  if (code != 0 || text->empty())
    return createStringError("the model program ended with code " +
                             Twine(code) +
                             " before its model was complete: "
                             "a model must not call exit");
  return text;
}
