//===- Program.h - an entry as steps on storages ----------------*- C++ -*-===//
//
// The planner's own form of an entry.  Every value gets a storage of its own,
// every assignment (a variable's write, a returned value, a loop's carry) is a
// copy: obviously right, and wasteful.  ShareStorage.h then puts storages on
// the same bytes and so removes the copies.  This is how compilers leave SSA
// form (Boissinot et al., "Revisiting out-of-SSA translation", 2009): copies
// first, coalescing after.
//
// Steps stand in one list, loops as a pair of markers, so that a position in
// the list is a moment in time.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_PROGRAM_H
#define SINTER_PASSES_PLAN_PROGRAM_H

#include "compiler/ir/Sinter.h"

#include <limits>

namespace sinter::passes::plan {

enum class Space { Workspace, State, Input, Output, Constant };

/// Bytes for a value.
struct Storage {
  Space space = Space::Workspace;
  int64_t bytes = 0;
  /// Offset in the state, or number of the input, output or constant.
  int64_t place = 0;
  /// Of the value; its name is what the report shows.
  mlir::Location loc;
  /// Where the value has no name: the kernel that makes it or needs it, and
  /// what it is.
  llvm::StringRef kernel = {}, role = {};
};

/// `offset` + Σ index of loop·stride in a storage.
struct View {
  int storage = -1;
  int64_t offset = 0;
  llvm::SmallVector<std::pair<int, int64_t>, 1> strides = {};
  bool operator==(const View &) const = default;
};

/// A view together with what stands there.
struct Operand {
  View view;
  mlir::Type type;
  mlir::Location loc;
  int64_t getBytes() const { return ir::getByteSize(type); }
};

/// Why a copy is there, in the order in which copies are removed: where two
/// removals exclude each other, the earlier one wins.
enum class Purpose { WriteState, Return, NextCarry, FirstCarry, Stack, Swap };

struct Step {
  enum Kind {
    /// `op` is a call; reads its operands, writes its results.
    Launch,
    /// One read, one write of the same type.
    Copy,
    /// Stores the index of `loop` as a tensor<i64>.
    StoreIndex,
    /// What the written storage held before is gone: a loop is about to fill it
    /// slice by slice.
    Begin,
    LoopBegin,
    LoopEnd,
  };
  Kind kind;
  mlir::Location loc;
  mlir::Operation *op = nullptr;
  llvm::SmallVector<Operand> reads = {}, writes = {};
  /// Launches: the kernel's result r may be written over argument i.
  llvm::SmallVector<int64_t> overwrites = {};
  /// Launches: the storage of the kernel's scratch, or −1.
  int scratch = -1;
  /// The innermost loop around the step, −1 if none; for markers and
  /// StoreIndex the loop itself.
  int loop = -1;
  Purpose purpose = Purpose::Swap;
  /// What the written storage held before is gone, although only a part of it
  /// is written.
  bool fresh = false;
  /// StoreIndex: what is stored is `scale`·index + `shift`.
  int64_t scale = 1, shift = 0;
};

struct Loop {
  int begin = -1, end = -1;
  int parent = -1;
  int64_t tripCount = 0;
  bool reverse = false;
};

struct Program {
  std::vector<Storage> storages;
  std::vector<Step> steps;
  std::vector<Loop> loops;
  /// Entry-level constants, by number.
  std::vector<ir::ConstantOp> constants;

  bool coversStorage(const Operand &operand) const {
    const View &view = operand.view;
    return view.strides.empty() && view.offset == 0 &&
           operand.getBytes() == storages[view.storage].bytes;
  }
  /// `number` times how often the steps directly inside this loop run in one
  /// call; the most that can be counted if it is more.
  int64_t getInAll(int64_t number, int loop) const {
    for (; loop >= 0; loop = loops[loop].parent)
      if (__builtin_mul_overflow(number, loops[loop].tripCount, &number))
        return std::numeric_limits<int64_t>::max();
    return number;
  }
};

/// How scans hand their carries on.  Plainly, each carry has a place, and the
/// next value is copied there unless it can be computed there.
struct ScanForms {
  /// Scans in which a carry that is also a per-step output (its value before or
  /// after the step) lives in that output's stack: a step reads one slice and
  /// writes the next.
  llvm::DenseSet<mlir::Operation *> stacked;
  /// Scans of which one turn of the loop is two steps, so that a carry may go
  /// from one place to another and back.
  llvm::DenseSet<mlir::Operation *> alternating;
};
/// The carries of the scan that `stacked` is about, each with the number of its
/// per-step outputs.
llvm::SmallVector<std::pair<int, llvm::SmallVector<int, 2>>>
getStackableCarries(ir::ScanOp scan);

/// The program of a `fused` entry.  Fails with an error at ops that are none of
/// calls, reads, writes, reshapes, constants, scans.
mlir::FailureOr<Program> buildProgram(ir::EntryOp entry,
                                      const ScanForms &forms = {});

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_PROGRAM_H
