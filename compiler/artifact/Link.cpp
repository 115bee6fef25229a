//===- Link.cpp - archives, shared objects, executables -------------------===//
//
// Archives and shared objects are made in process.  An executable needs the C
// library's start files, which only the host's compiler finds on every system,
// so that one is asked; what the model does not use of the runtime is left out.
//
//===----------------------------------------------------------------------===//

#include "compiler/artifact/Link.h"
#include "compiler/artifact/Linker.h"

#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

using namespace llvm;
using namespace sinter;

LLD_HAS_DRIVER(elf)

Expected<std::string> artifact::makeArchive(StringRef object,
                                            StringRef memberName) {
  NewArchiveMember member(MemoryBufferRef(object, memberName));
  SmallVector<NewArchiveMember, 1> members;
  members.push_back(std::move(member));
  auto buffer = writeArchiveToBuffer(members, SymtabWritingMode::NormalSymtab,
                                     object::Archive::K_GNU,
                                     /*Deterministic=*/true, /*Thin=*/false);
  if (!buffer)
    return buffer.takeError();
  return (*buffer)->getBuffer().str();
}

/// The shared libm itself: development files are not needed to run a model.
static std::string findLibm() {
  for (StringRef folder : {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
                           "/lib64", "/usr/lib64", "/lib", "/usr/lib"}) {
    std::string path = (folder + "/libm.so.6").str();
    if (sys::fs::exists(path))
      return path;
  }
  return {};
}

Error artifact::runLinker(ArrayRef<const char *> args, const Twine &what) {
  // It keeps its state in globals, and a program may compile in two threads.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::string messages;
  raw_string_ostream os(messages);
  lld::Result result =
      lld::lldMain(args, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return createStringError("linking " + what + " failed: " + messages);
  return Error::success();
}

Error artifact::linkShared(StringRef objectPath, StringRef path,
                           ArrayRef<std::string> inputs) {
  std::string object = objectPath.str(), output = path.str(), libm = findLibm();
  std::vector<const char *> args = {"ld.lld",
                                    "-shared",
                                    "--gc-sections",
                                    "--build-id=none",
                                    "-z",
                                    "noexecstack",
                                    "-o",
                                    output.c_str(),
                                    object.c_str(),
                                    "--exclude-libs=ALL",
                                    "--as-needed"};
  for (const std::string &input : inputs)
    args.push_back(input.c_str());
  if (!libm.empty())
    args.push_back(libm.c_str());
  return runLinker(args, "'" + path + "'");
}

Error artifact::linkExecutable(const ExecutableParts &parts, StringRef path) {
  if (!sys::fs::exists(parts.runtimeLibraryPath))
    return createStringError("'" + parts.runtimeLibraryPath +
                             "' is missing: the executable needs the runtime");
  ErrorOr<std::string> compiler = std::make_error_code(std::errc());
  for (StringRef name : {"cc", "gcc", "clang"})
    if ((compiler = sys::findProgramByName(name)))
      break;
  if (!compiler)
    return createStringError(
        "no C compiler (cc, gcc, clang) found to link an executable: install "
        "one, or ask for --emit=lib,header");
  std::vector<StringRef> args = {*compiler,
                                 "-o",
                                 path,
                                 parts.mainObjectPath,
                                 parts.modelObjectPath,
                                 parts.runtimeLibraryPath,
                                 "-Wl,--gc-sections",
                                 "-Wl,--build-id=none",
                                 "-Wl,--as-needed",
                                 "-lz",
                                 "-lm",
                                 "-pthread"};
  args.insert(args.end(), parts.flags.begin(), parts.flags.end());
  std::string message;
  int status =
      sys::ExecuteAndWait(*compiler, args, std::nullopt, {}, 0, 0, &message);
  if (status != 0)
    return createStringError("linking '" + path + "' with " + *compiler +
                             " failed" +
                             (message.empty() ? "" : ": " + message));
  return Error::success();
}
