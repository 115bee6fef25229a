//===- ValueEmitter.h - this value, at these indices ------------*- C++ -*-===//
//
// The shared body emitter of all kernels.  Asked for a tensor value at a point,
// it emits what computes that element (or, with several lanes, a vector of
// elements along the lanes) from the kernel's buffers: pointwise ops become
// arithmetic, movement ops become index maps on the loads below them,
// reductions and contractions become loops.  Everything is memoized by value
// and point, within the region that dominates, so a shared subexpression is
// computed once; values that were stored are read back instead.
//
// A loop-nest emitter makes loops, asks for the results at its points, and
// stores them.  One that computes a value in its own way (an accumulator tile
// of a contraction) tells with `define`, then asks for the epilogue's results.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_VALUEEMITTER_H
#define SINTER_PASSES_LOWER_VALUEEMITTER_H

#include "compiler/ir/Sinter.h"
#include "passes/lower/Index.h"

#include <array>

namespace sinter::passes {

/// Where an element is, in the index space of its tensor.  With several lanes,
/// lane ℓ's indices are those with ℓ put in.  `mask` (vector<lanes x i1>, or
/// null for all) says which lanes count, at most the first `active`; the others
/// may hold anything and touch no memory.
struct Point {
  Indices indices;
  int64_t lanes = 1;
  mlir::Value mask;
  /// Lanes that may count; 0 for all.
  int64_t some = 0;
  /// Whether the mask may leave out any lane, not only those behind the first
  /// that count.
  bool leavesOut = false;

  int64_t active() const { return some == 0 ? lanes : some; }
  /// The same lanes elsewhere.
  Point at(Indices other) const {
    return {std::move(other), lanes, mask, some, leavesOut};
  }
  /// An element.
  static Point scalar(Indices indices) {
    return {std::move(indices), 1, nullptr, 0};
  }
  /// All of `lanes`, or the first `active` of them.
  static Point vector(mlir::OpBuilder &builder, mlir::Location loc,
                      Indices indices, int64_t lanes, int64_t active);
};

class ValueEmitter {
public:
  ValueEmitter(mlir::OpBuilder &builder) : builder(builder), space(builder) {}

  mlir::OpBuilder &builder;
  IndexSpace space;

  /// Vectors for loops that the emitter makes itself (reductions at a point of
  /// one lane): lanes of the inner loop, 1 for plain scalar code.
  int64_t innerLanes = 1;
  /// Whether a partial vector is done with a mask (AVX-512), or by a loop of
  /// single elements.
  bool maskedTails = false;
  /// Whether reductions are written out, their elements kept in registers for
  /// what follows.
  bool writesOut = false;

  /// Set while lanes run over rows that are wanted whole: what lies in their
  /// columns is read row by row and turned (TurnedRows.h).
  bool turnsRows = false;

  /// Bytes of the widest vector of any machine: what results that go past the
  /// caches are aligned to, and all that may be promised of their stores.
  static constexpr int64_t widestVector = 64;
  /// Whether results go past the caches (an i1); null for never.
  mlir::Value streams;

  /// Set while points are done `rows` rows (at most `lanes`) at a time, the
  /// rows' index being `symbol` + `row`: what lies side by side along it is
  /// then read as squares. No symbol but those made before it may depend on the
  /// row.
  struct Square {
    unsigned symbol;
    int64_t lanes;
    int64_t rows;
    int64_t row;
  };
  std::optional<Square> square;

  /// `value` lies in `memref` (identity layout, storage type, or already
  /// flat), whole and final.
  void bindBuffer(mlir::Value value, mlir::Value memref);
  /// The one-dimensional view of a memref of static shape.
  static mlir::Value flatten(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value memref);

  /// `value` at `point` is `element` (of register type) from here on, in the
  /// region that is being emitted.
  void define(mlir::Value value, const Point &point, mlir::Value element);
  /// `value` at `point`.
  mlir::Value emit(mlir::Value value, const Point &point);
  /// Several reductions (or contractions) with operands of one shape and equal
  /// reduced dimensions, that do not depend on each other, at several points,
  /// in one loop; results are defined.
  void emitReductions(llvm::ArrayRef<mlir::Operation *> ops,
                      llvm::ArrayRef<Point> points);
  /// What position `position` of the windows adds to the sum at `point`; −0
  /// where no window has that position there.
  mlir::Value emitFolded(ir::FoldWindowsOp op, const Point &point,
                         const Indices &position);
  /// The product at kernel position and channel `reduced` of the sum at
  /// `point`.
  mlir::Value emitConvolved(ir::ConvOp op, const Point &point,
                            const Indices &reduced);
  /// Writes `element` to place `point` of a tensor of `shape` in `flat`.
  void store(mlir::Location loc, mlir::Value element, mlir::Value flat,
             llvm::ArrayRef<int64_t> shape, const Point &point,
             bool isResult = false);
  /// Writes whole rows, of as many elements as there are `columns`: the first
  /// element of each is at `place`, `point` says which lanes are rows.
  void storeRows(mlir::Location loc, llvm::ArrayRef<mlir::Value> columns,
                 mlir::Value flat, const Index &place, const Point &point);
  /// Asks for the line of `flat` that `place` is in, where there is one, to be
  /// read, or to be written as well.
  void prefetch(mlir::Location loc, mlir::Value flat, const Index &place,
                bool toWrite = false);
  /// Reads an element of `elementType` from a flat buffer.
  mlir::Value load(mlir::Location loc, mlir::Value flat, mlir::Type elementType,
                   const Index &place, const Point &point);

  /// Regions: what is emitted inside is forgotten on leaving.
  void enter();
  void leave();

  /// A loop variable from 0 to `extent` by `step`: calls `body` with the index
  /// inside the loop.  Nothing for an empty range, no loop for a single trip.
  void loop(mlir::Location loc, int64_t begin, int64_t end, int64_t step,
            llvm::function_ref<void(Index)> body);

  /// From 0 to `end`, which is at most `most`.
  void loop(mlir::Location loc, mlir::Value end, int64_t most,
            llvm::function_ref<void(Index)> body);
  /// As `loop`, the trips shared out, in runs of neighbours, to at most `tasks`
  /// tasks that threads may take at once.  Inside, `task` is the task's number.
  void share(mlir::Location loc, int64_t begin, int64_t end, int64_t step,
             int64_t tasks, llvm::function_ref<void(Index)> body);
  /// Null outside of `share`.
  mlir::Value task;

  /// The first error, if an op could not be emitted.
  bool failed() const { return error; }

  /// The type an element has in a register: ui8 is i8, bf16 i16.
  static mlir::Type registerType(mlir::Type elementType);
  /// That, or a vector of it.
  static mlir::Type registerType(mlir::Type elementType, int64_t lanes);
  /// `element` in all lanes, if there are several.
  mlir::Value splat(mlir::Location loc, mlir::Value element, int64_t lanes);
  mlir::Value constant(mlir::Location loc, mlir::TypedAttr scalar,
                       int64_t lanes);

  /// Row buffers: a value computed by one inner loop and wanted by later ones
  /// is stored as it is computed (see RowCache in EmitPhases.cpp).
  struct RowCache {
    mlir::Value flat;
    llvm::SmallVector<int64_t> innerShape;
    bool filling = false, filled = false;
  };
  std::map<void *, RowCache> rowCaches;
  /// The outer indices that row caches hold now.
  Indices rowIndices;

private:
  using Key = std::tuple<void *, Indices, int64_t, void *>;
  static Key key(mlir::Value value, const Point &point);
  mlir::Value compute(mlir::Value value, const Point &point);
  mlir::Value computeConstant(ir::ConstantOp op, const Point &point);
  mlir::Value computeIota(ir::IotaOp op, const Point &point);
  mlir::Value computeBroadcast(ir::BroadcastOp op, const Point &point);
  mlir::Value computePad(ir::PadOp op, const Point &point);
  mlir::Value computeConcatenate(ir::ConcatenateOp op, const Point &point);
  mlir::Value computeWindows(ir::WindowsOp op, const Point &point);
  mlir::Value computeGather(ir::GatherOp op, const Point &point);
  mlir::Value computeScatter(ir::ScatterAddOp op, const Point &point);
  mlir::Value computeRandom(mlir::Operation *op, const Point &point);
  mlir::Value uniform(mlir::Location loc, mlir::Value key, uint32_t stream,
                      mlir::Type elementType, mlir::ArrayRef<int64_t> shape,
                      const Point &point);
  mlir::Value squareRow(mlir::Location loc, mlir::Value flat,
                        mlir::Type storage, const Index &place,
                        const Point &point);
  mlir::Value turnedColumn(mlir::Location loc, mlir::Value flat,
                           mlir::Type storage, const Index &place,
                           const Point &point);
  mlir::Value fromRow(mlir::Value value, const Point &point);
  void toRow(mlir::Value value, const Point &point, mlir::Value element);

  /// Whether low ≤ index < high: an i1 (all lanes alike) or a vector of i1, or
  /// null where it is known to hold.  The index comes back so that it is in
  /// range in every lane.
  mlir::Value clamp(mlir::Location loc, Index &index, int64_t low, int64_t high,
                    const Point &point);
  mlir::Value zero(mlir::Location loc, mlir::Type elementType, int64_t lanes);
  /// Both conditions, either of which may be null (true), shared by all lanes,
  /// or a vector.
  mlir::Value both(mlir::Location loc, mlir::Value a, mlir::Value b);
  /// Whether step divides the index; quotient in its place.  Null if it does.
  mlir::Value divideExactly(mlir::Location loc, Index &index, int64_t step,
                            const Point &point);

  /// Memo and row caches, by region.
  std::vector<std::map<Key, mlir::Value>> memo =
      std::vector<std::map<Key, mlir::Value>>(1);
  /// Words of Philox blocks, by key, stream, block and lanes.
  using BlockName = std::tuple<void *, uint32_t, Index, int64_t>;
  using Blocks = std::map<BlockName, std::array<mlir::Value, 4>>;
  std::vector<Blocks> blocks = std::vector<Blocks>(1);
  /// Squares in registers, by buffer and place of the first element.
  using Squares =
      std::map<std::pair<void *, Index>, llvm::SmallVector<mlir::Value>>;
  std::vector<Squares> squares = std::vector<Squares>(1);
  /// Columns in registers, by buffer, place of the first row's first element,
  /// length of the rows, and the first column.
  using ColumnsName = std::tuple<void *, Index, int64_t, int64_t>;
  using Columns = std::map<ColumnsName, llvm::SmallVector<mlir::Value>>;
  std::vector<Columns> turned = std::vector<Columns>(1);
  std::map<void *, mlir::Value> buffers;
  bool error = false;
};

/// An op with the trait Pointwise on elements in registers, scalars or vectors.
mlir::Value emitPointwise(mlir::OpBuilder &builder, mlir::Operation *op,
                          mlir::ValueRange operands);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_VALUEEMITTER_H
