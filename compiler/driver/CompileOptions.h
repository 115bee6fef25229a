//===- CompileOptions.h - all that a compilation can be told ---*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_COMPILEOPTIONS_H
#define SINTER_COMPILER_DRIVER_COMPILEOPTIONS_H

#include "compiler/driver/Stages.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter::driver {

/// Only these; no pass reads anything else.  What concerns passes is put into
/// the module when its compilation begins (compiler/ir/ModuleFacts.h), so it
/// can be chosen for a model, not for a dump of a later stage.
struct CompileOptions {
  /// "native" unless given.
  std::optional<std::string> cpu;
  /// 0…3, 2 unless given.
  std::optional<int64_t> optLevel;
  std::optional<bool> trapOutOfRange;
  /// Line tables in the object.
  std::optional<bool> debugInfo;
  /// "onednn" or "onednn:all", see compiler/ir/ModuleFacts.h.
  std::optional<std::string> library;
  /// A safetensors file whose values the state has for good, or empty.
  std::string freeze;
  /// With it, the entries to keep; empty: all that learn nothing.
  std::vector<std::string> entries;

  /// The last stage to make.
  Stage stopAfter = Stage::LLVM;
  /// A folder that gets one file a stage, or empty.
  std::string dumpDir;
  /// Large constants cut short in dumps; such dumps are for reading only.
  bool elide = false;
  /// Threads that compile; 0: as many as there are cores.
  int64_t jobs = 0;
  /// Prints times, per pass, when the compilation is done.
  bool timePasses = false;
  bool memoryReport = false;
  bool fusionReport = false;
  /// The program has registered MLIR's own flags, which then are heeded.
  bool mlirFlags = false;
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_COMPILEOPTIONS_H
