//===- ModelProgram.h - from model.cpp to its module -----------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_MODELPROGRAM_H
#define SINTER_COMPILER_DRIVER_MODELPROGRAM_H

#include "compiler/driver/Installation.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter::driver {

/// A model in C++: compiled with the host's compiler against the frontend's
/// library, then run as a child, which sends its module back over a pipe.
struct ModelProgram {
  std::string source;
  /// Which model, if the source defines several.
  std::string model;
  /// `name=value` for the model's own parameters.
  std::vector<std::string> parameters;
  /// Further arguments of the host's compiler.
  std::vector<std::string> compilerFlags;

  /// The module's text. What the compiler and the child have to say goes to
  /// stderr; the error is what is left to say, possibly nothing.
  llvm::Expected<std::string> run(const Installation &installation) const;
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_MODELPROGRAM_H
