//===- ProgramBuilder.h - from values to storages, steps, copies -*- C++
//-*-===//
//
// Walks an entry and writes its Program; blocks and calls in BuildProgram.cpp,
// scans in BuildScan.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_PROGRAMBUILDER_H
#define SINTER_PASSES_PLAN_PROGRAMBUILDER_H

#include "passes/plan/Program.h"

#include "llvm/ADT/MapVector.h"

namespace sinter::passes::plan {

/// `target` ← `source`, at the end of a block.
struct Assignment {
  View target;
  mlir::Value source;
  mlir::Location loc;
  Purpose purpose;
  /// Whether the block may read what stood in the target before.
  bool replaces;
};

/// A copy that belongs after the block's op number `after` (−1: before all).
struct Move {
  View source, target;
  mlir::Type type;
  mlir::Location loc;
  Purpose purpose;
  int after = -1;
};

class ProgramBuilder {
public:
  explicit ProgramBuilder(const ScanForms &forms) : forms(forms) {}
  mlir::FailureOr<Program> build(ir::EntryOp entry);

private:
  View newStorage(mlir::Type type, mlir::Location loc, Space space,
                  int64_t place);
  /// In the workspace.
  View newTemporary(mlir::Type type, mlir::Location loc, llvm::StringRef role,
                    llvm::StringRef kernel = {});
  View getStateView(mlir::FlatSymbolRefAttr name, mlir::Operation *user);
  /// Whether the value is there before the block's first op runs.
  static bool isEarly(mlir::Value value);
  View getView(mlir::Value value);
  Operand getOperand(mlir::Value value) {
    return {getView(value), value.getType(), value.getLoc()};
  }

  Step &addStep(Step::Kind kind, mlir::Location loc);
  Step &addCopy(const View &source, const View &target, mlir::Type type,
                mlir::Location loc, Purpose purpose);
  llvm::SmallVector<Move> scheduleMoves(mlir::Block &block,
                                        llvm::ArrayRef<Assignment> assignments);
  mlir::LogicalResult buildBlock(mlir::Block &block,
                                 llvm::ArrayRef<Assignment> assignments);
  void buildCall(ir::CallOp call);
  mlir::LogicalResult buildScan(ir::ScanOp scan);

  /// A scan while it is built.
  struct Scan {
    ir::ScanOp op;
    llvm::SmallVector<View> xs;
    /// Where each carry stands between turns of the loop; a stack if it is one.
    llvm::SmallVector<View> carries;
    llvm::SmallVector<bool> stacked;
    /// Whether this per-step output is part of a carry's stack.
    llvm::SmallVector<bool> shown;
  };
  /// Steps `scale`·(index of the loop) + `shift` of the scan's index.
  struct Turn {
    int loop;
    int64_t scale, shift;
  };
  void startCarries(Scan &scan);
  /// One step of the scan.  The next carries go back to their place if
  /// `closes`; otherwise they become the arguments where they are.
  mlir::LogicalResult buildStep(const Scan &scan, const Turn &turn,
                                bool closes);
  int beginLoop(ir::ScanOp scan, int64_t tripCount);
  void endLoop(ir::ScanOp scan, int loop);

  const ScanForms &forms;
  Program program;
  llvm::DenseMap<mlir::Value, View> views;
  llvm::MapVector<mlir::Attribute, View> state;
  int currentLoop = -1;
};

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_PROGRAMBUILDER_H
