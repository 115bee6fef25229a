//===- ContractionEmitter.h - kernels around a dot_general ------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_CONTRACTIONEMITTER_H
#define SINTER_PASSES_LOWER_CONTRACTION_CONTRACTIONEMITTER_H

#include "compiler/ir/ContractionTiling.h"
#include "passes/lower/EmitPhases.h"
#include "passes/lower/ValueEmitter.h"

namespace sinter::passes {

/// What the skeleton of a kernel gives to the emitter of its loops.
struct ContractionKernel {
  ir::DotGeneralOp dot;
  ir::ContractionTiling tiling;
  bool fma;
  const KernelBuffers &buffers;
};

/// Emits the kernel: packing of operands, the product's loops, and per tile
/// whatever the kernel computes from the sums.
void emitContraction(const ContractionKernel &contraction,
                     ValueEmitter &values);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_CONTRACTIONEMITTER_H
