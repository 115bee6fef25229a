//===- Pipeline.h - the stages' passes -------------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_PIPELINE_H
#define SINTER_COMPILER_DRIVER_PIPELINE_H

#include "compiler/driver/Stages.h"
#include "mlir/Pass/PassManager.h"

namespace sinter::driver {

/// Adds the passes that make `stage` from the one before it.
void buildStage(Stage stage, mlir::OpPassManager &passes);

/// Adds the pass that holds a module to what `stage` promises.
void addStageVerifier(Stage stage, mlir::OpPassManager &passes);

/// All dialects of all stages.
void registerDialects(mlir::DialectRegistry &registry);

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_PIPELINE_H
