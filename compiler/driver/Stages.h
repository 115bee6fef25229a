//===- Stages.h - the named stages of a compilation ------------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_STAGES_H
#define SINTER_COMPILER_DRIVER_STAGES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>

namespace sinter::driver {

/// What stands in the module, in pipeline order.
enum class Stage { Model, Gradient, Simplified, Fused, Planned, Loops, LLVM };
inline constexpr int numStages = 7;

/// "planned"
llvm::StringRef getStageName(Stage stage);
std::optional<Stage> findStage(llvm::StringRef name);
/// "04-planned.mlir"
std::string getDumpName(Stage stage);

/// The stage a module is at: its attribute `sinter.stage`, else what its ops
/// say, so that hand-written IR needs no attribute. An error if the attribute
/// names no stage.
mlir::FailureOr<Stage> detectStage(mlir::ModuleOp module);

/// Writes down the stage in the module, then prints it whole, with locations.
std::string printStage(mlir::ModuleOp module, Stage stage, bool elide = false);

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_STAGES_H
