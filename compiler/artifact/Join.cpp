//===- Join.cpp - one object of several -----------------------------------===//
//
// The linker reads and writes files, so it is given one that is in memory alone
// and a pipe: nothing is left behind, however the process ends.
//
//===----------------------------------------------------------------------===//

#include "compiler/artifact/Link.h"
#include "compiler/artifact/Linker.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ELF/ELFConfig.h"
#include "llvm/ObjCopy/ELF/ELFObjcopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace llvm;
using namespace sinter;

static std::string getPath(int file) {
  return "/proc/self/fd/" + std::to_string(file);
}

static Error cannotJoin(std::error_code code) {
  return createStringError("cannot join the parts of the model: " +
                           code.message());
}

namespace {
/// A file without a place in any folder.
struct MemoryFile {
  int number = memfd_create("sinter", MFD_CLOEXEC);

  MemoryFile() = default;
  MemoryFile(const MemoryFile &) = delete;
  ~MemoryFile() {
    if (number >= 0)
      close(number);
  }
  Error write(StringRef bytes) {
    if (number < 0)
      return cannotJoin(errnoAsErrorCode());
    raw_fd_ostream os(number, /*shouldClose=*/false, /*unbuffered=*/true);
    os << bytes;
    std::error_code code = os.error();
    os.clear_error();
    return code ? cannotJoin(code) : Error::success();
  }
};

/// Collects what is written to a pipe, which takes a thread of its own.
class PipeReader {
public:
  Error start() {
    if (pipe2(ends, O_CLOEXEC) != 0)
      return cannotJoin(errnoAsErrorCode());
    reader = std::thread([this] {
      char block[1 << 16];
      while (ssize_t count = read(ends[0], block, sizeof block)) {
        if (count > 0)
          bytes.append(block, count);
        else if (errno != EINTR)
          break;
      }
    });
    return Error::success();
  }
  ~PipeReader() { finish(); }

  std::string getWritePath() const { return getPath(ends[1]); }
  std::string finish() {
    if (reader.joinable()) {
      close(ends[1]);
      reader.join();
      close(ends[0]);
    }
    return std::move(bytes);
  }

private:
  int ends[2] = {-1, -1};
  std::string bytes;
  std::thread reader;
};
} // namespace

static Error makeHiddenLocal(MemoryBufferRef object, std::string &result) {
  auto parsed = object::ObjectFile::createELFObjectFile(object);
  if (!parsed)
    return parsed.takeError();
  objcopy::CommonConfig common;
  objcopy::ELFConfig elf;
  elf.LocalizeHidden = true;
  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  if (Error error = objcopy::elf::executeObjcopyOnBinary(
          common, elf, cast<object::ELFObjectFileBase>(**parsed), os))
    return error;
  result.assign(bytes.begin(), bytes.end());
  return Error::success();
}

Expected<std::string> artifact::joinObjects(ArrayRef<std::string> objects) {
  if (objects.size() == 1)
    return objects.front();
  std::vector<std::string> names;
  for (size_t k = 0; k != objects.size(); ++k)
    names.push_back(std::to_string(k) + ".o");
  std::vector<NewArchiveMember> members;
  for (auto [object, name] : zip_equal(objects, names))
    members.emplace_back(MemoryBufferRef(object, name));
  auto archive = writeArchiveToBuffer(members, SymtabWritingMode::NoSymtab,
                                      object::Archive::K_GNU,
                                      /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  MemoryFile input;
  if (Error error = input.write((*archive)->getBuffer()))
    return error;
  archive->reset();
  PipeReader output;
  if (Error error = output.start())
    return error;
  std::string from = getPath(input.number), to = output.getWritePath();
  if (Error error = runLinker({"ld.lld", "-r", "--threads=1", "-o", to.c_str(),
                               "--whole-archive", from.c_str()},
                              "the parts of the model"))
    return error;
  std::string joined = output.finish(), result;
  if (Error error = makeHiddenLocal(MemoryBufferRef(joined, "model"), result))
    return error;
  return result;
}
