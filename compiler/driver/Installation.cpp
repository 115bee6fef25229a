//===- Installation.cpp - where Sinter's own files are --------------------===//
//
// Found from the program's own path, so that a tree can be moved whole.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Installation.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace sinter::driver;

Installation Installation::find() {
  Installation found;
  // The address of this very function: an executable's, or the shared
  // library's that it is in.
  std::string self = sys::fs::getMainExecutable(
      nullptr, reinterpret_cast<void *>(&Installation::find));
  StringRef root = sys::path::parent_path(sys::path::parent_path(self));
  auto under = [&](StringRef folder, StringRef name) {
    SmallString<128> path(root);
    sys::path::append(path, folder, name);
    return path.str().str();
  };
  // SINTER_LIBDIR is where the libraries are installed; a build folder has lib.
  std::string folder = "lib";
  if (!sys::fs::exists(under(folder, "libsinter-runtime.a")))
    folder = SINTER_LIBDIR;
  found.runtimeLibrary = under(folder, "libsinter-runtime.a");
  found.frontendLibrary = under(folder, "libSinterFrontend.so");
  found.oneDnnRuntime = under(folder, "libsinter-onednn.a");
  found.oneDnnModule = under(folder, "libsinter-onednn.so");
  found.oneDnnLibrary = SINTER_ONEDNN_LIBRARY;
  found.includeFolder = under("include", "");
  if (StringRef sanitizers = SINTER_SANITIZERS; !sanitizers.empty())
    found.linkFlags.push_back(("-fsanitize=" + sanitizers).str());
  return found;
}
