//===- Link.h - archives, shared objects, executables ----------*- C++ -*-===//

#ifndef SINTER_COMPILER_ARTIFACT_LINK_H
#define SINTER_COMPILER_ARTIFACT_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace sinter::artifact {

/// The bytes of a static library that holds `object` as `memberName`.
llvm::Expected<std::string> makeArchive(llvm::StringRef object,
                                        llvm::StringRef memberName);

/// One object of several, in process.  What is hidden in them becomes local, so
/// that it meets no other object's symbols.
llvm::Expected<std::string> joinObjects(llvm::ArrayRef<std::string> objects);

/// Links `objectPath` to the shared object `path`, in process, with further
/// `inputs`: archives, and shared libraries that it will need.  libm is named
/// as needed only if the object calls it.
llvm::Error linkShared(llvm::StringRef objectPath, llvm::StringRef path,
                       llvm::ArrayRef<std::string> inputs = {});

struct ExecutableParts {
  /// The model, and the `main` that runs the command line on it.
  std::string modelObjectPath, mainObjectPath;
  /// libsinter-runtime.a
  std::string runtimeLibraryPath;
  /// Further arguments of the host's C compiler.
  std::vector<std::string> flags;
};

/// Links an executable with the host's C compiler, which knows where the C
/// library's start files are.
llvm::Error linkExecutable(const ExecutableParts &parts, llvm::StringRef path);

} // namespace sinter::artifact

#endif // SINTER_COMPILER_ARTIFACT_LINK_H
