//===- OutputFiles.h - files that appear whole or not at all ---*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_OUTPUTFILES_H
#define SINTER_COMPILER_DRIVER_OUTPUTFILES_H

#include "compiler/driver/Interrupt.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter::driver {

/// Several outputs that appear together: each is written beside its final name,
/// and `commit` renames them all.  What was not committed is removed.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;
  ~OutputFiles();

  /// Makes an empty file for `path` and returns its temporary name; the error
  /// names the file and the cause.
  llvm::Expected<std::string> add(llvm::StringRef path);
  llvm::Error write(llvm::StringRef path, llvm::StringRef contents);
  llvm::Error commit();

private:
  struct Output {
    std::string path, temporary;
    RemovedOnInterrupt guard;
  };
  std::vector<Output> outputs;
};

/// One file, whole or not at all; its folder is made if it is not there.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef contents);

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_OUTPUTFILES_H
