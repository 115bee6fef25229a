//===- Emit.h - files made from a compiled module --------------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_EMIT_H
#define SINTER_COMPILER_DRIVER_EMIT_H

#include "compiler/driver/Compile.h"
#include "compiler/driver/Installation.h"

#include <string>
#include <vector>

namespace sinter::driver {

/// What `--emit` can name besides a stage.
enum class EmitKind { Exe, Lib, Shared, Obj, Asm, IR, Header, Stage };

/// "exe lib shared obj asm llvm header" or a stage's name (which is `Stage`);
/// nothing for another word.
std::optional<EmitKind> findEmitKind(llvm::StringRef word);

struct EmitRequest {
  std::vector<EmitKind> kinds;
  /// What follows `-o`: a file for a single kind that has that kind's ending,
  /// else the path without ending that all outputs share. Empty: the model's
  /// name. "-" is the standard output, for text.
  std::string output;
};

/// The file of a kind: `out/mlp` gives out/mlp, out/libmlp.a, out/libmlp.so,
/// out/mlp.o, out/mlp.s, out/mlp.ll, out/mlp.h, out/mlp.mlir.
std::string getOutputPath(EmitKind kind, const EmitRequest &request,
                          llvm::StringRef modelName);

/// Writes all files of the request, or none. Errors about the module go to its
/// diagnostics; `message` gets what is wrong with a file.
Outcome emit(Compilation &compilation, const EmitRequest &request,
             const CompileOptions &options, const Installation &installation,
             mlir::TimingScope &timing, std::string &message);

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_EMIT_H
