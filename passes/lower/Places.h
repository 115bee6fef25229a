//===- Places.h - walking flat memory ---------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_PLACES_H
#define SINTER_PASSES_LOWER_PLACES_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

/// The part of the scratch where a tensor of this type lies, flat.
mlir::Value scratchView(ValueEmitter &emitter, mlir::Location loc,
                        mlir::Value scratch, int64_t offset,
                        mlir::Type tensorType, int64_t taskBytes = 0);

/// Calls `body` for the places 0 … extent−1: whole vectors, then the rest; with
/// an index along the lanes, how many they are and how many of them count.
void eachPlace(
    ValueEmitter &emitter, mlir::Location loc, const LoopForm &form,
    int64_t extent,
    llvm::function_ref<void(Index, int64_t lanes, int64_t active)> body,
    int64_t tasks = 1, int64_t begin = 0);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_PLACES_H
