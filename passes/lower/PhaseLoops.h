//===- PhaseLoops.h - the loop nest of one phase ----------------*- C++ -*-===//
//
// EmitPhases.cpp has what every phase does; PhaseRows.cpp what those do whose
// windows, short rows or turned squares are in registers as a whole.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_PHASELOOPS_H
#define SINTER_PASSES_LOWER_PHASELOOPS_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

class PhaseLoops {
public:
  PhaseLoops(ir::KernelOp kernel, const ir::Phase &phase,
             const ir::KernelPhases &plan, const LoopForm &form,
             const KernelBuffers &buffers, ValueEmitter &emitter)
      : kernel(kernel), phase(phase), plan(plan), form(form), buffers(buffers),
        emitter(emitter), builder(emitter.builder), loc(kernel.getLoc()),
        returned(kernel.getBody().front().getTerminator()->getOperands()) {}

  void emit();

private:
  /// A result's element that is computed and not stored yet: everything is
  /// read before anything is written.
  struct Store {
    unsigned number;
    Point point;
    mlir::Value value;
  };
  void outerPoints(llvm::ArrayRef<Point> points);
  void reduceAt(llvm::ArrayRef<Point> points);
  void compute(unsigned number, const Point &point,
               llvm::SmallVectorImpl<Store> &stores);
  void storeAll(llvm::ArrayRef<Store> stores);
  void writeResults(llvm::ArrayRef<unsigned> numbers,
                    llvm::ArrayRef<Point> points);
  void prefetchNextRow(llvm::ArrayRef<int64_t> shape, const Point &point);
  int64_t unrolling() const;
  bool drawsForFunctions(int64_t unroll);

  // In PhaseRows.cpp.
  bool isFull(unsigned number) const;
  bool fillsWindows() const;
  void windowPoints(llvm::ArrayRef<Point> points);
  void fillRows(const Point &rows, llvm::ArrayRef<int64_t> inner);
  void storeRows(llvm::ArrayRef<Store> columns);
  llvm::SmallVector<llvm::SmallVector<int64_t>> rowBlocks() const;
  bool turn(llvm::ArrayRef<llvm::SmallVector<int64_t>> blocks, size_t across);

  ir::KernelOp kernel;
  const ir::Phase &phase;
  const ir::KernelPhases &plan;
  const LoopForm &form;
  const KernelBuffers &buffers;
  ValueEmitter &emitter;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::OperandRange returned;
};
} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_PHASELOOPS_H
