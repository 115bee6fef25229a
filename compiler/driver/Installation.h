//===- Installation.h - where Sinter's own files are -----------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_INSTALLATION_H
#define SINTER_COMPILER_DRIVER_INSTALLATION_H

#include <string>
#include <vector>

namespace sinter::driver {

/// Paths beside the running program: bin/sinterc finds ../lib and ../include,
/// in a build folder as after an installation.
struct Installation {
  std::string runtimeLibrary;  // lib/libsinter-runtime.a
  std::string frontendLibrary; // lib/libSinterFrontend.so
  std::string oneDnnRuntime;   // lib/libsinter-onednn.a, for models
  std::string oneDnnModule;    // lib/libsinter-onednn.so, for the compiler
  /// oneDNN itself, as this was built with it; empty if it was not.
  std::string oneDnnLibrary;
  std::string includeFolder; // include/sinter/sinter.h, sinter_runtime.h
  /// What programs linked with these libraries need, sanitizers for instance.
  std::vector<std::string> linkFlags;

  static Installation find();
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_INSTALLATION_H
