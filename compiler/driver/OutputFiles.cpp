//===- OutputFiles.cpp - files that appear whole or not at all ------------===//
//
// A file is written beside its final name and renamed when everything is done,
// so a failed compilation leaves what was there before.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/OutputFiles.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace sinter::driver;

static Error describe(StringRef path, std::error_code code) {
  return createStringError("cannot write '" + path + "': " + code.message());
}

OutputFiles::~OutputFiles() {
  for (const Output &output : outputs)
    sys::fs::remove(output.temporary);
}

Expected<std::string> OutputFiles::add(StringRef path) {
  if (sys::fs::is_directory(path))
    return describe(path, std::make_error_code(std::errc::is_a_directory));
  StringRef folder = sys::path::parent_path(path);
  if (!folder.empty())
    if (std::error_code code = sys::fs::create_directories(folder))
      return describe(path, code);
  SmallString<128> temporary;
  if (std::error_code code =
          sys::fs::createUniqueFile(path + ".%%%%%%.tmp", temporary,
                                    sys::fs::all_read | sys::fs::all_write))
    return describe(path, code);
  outputs.push_back(
      {path.str(), temporary.str().str(), RemovedOnInterrupt(temporary)});
  return temporary.str().str();
}

Error OutputFiles::write(StringRef path, StringRef contents) {
  Expected<std::string> temporary = add(path);
  if (!temporary)
    return temporary.takeError();
  std::error_code code;
  raw_fd_ostream os(*temporary, code);
  if (code)
    return describe(path, code);
  os << contents;
  os.close();
  if (os.has_error()) {
    code = os.error();
    os.clear_error();
    return describe(path, code);
  }
  return Error::success();
}

Error OutputFiles::commit() {
  for (const Output &output : outputs) {
    // A device or a pipe is written to, not replaced.
    bool replace =
        !sys::fs::exists(output.path) || sys::fs::is_regular_file(output.path);
    if (std::error_code code =
            replace ? sys::fs::rename(output.temporary, output.path)
                    : sys::fs::copy_file(output.temporary, output.path))
      return describe(output.path, code);
    if (!replace)
      sys::fs::remove(output.temporary);
  }
  outputs.clear();
  return Error::success();
}

Error sinter::driver::writeFile(StringRef path, StringRef contents) {
  OutputFiles files;
  if (Error error = files.write(path, contents))
    return error;
  return files.commit();
}
