//===- ContractionEmitter.cpp - kernels around a dot_general --------------===//
//
// Brings the operands into the form that MatrixProduct wants (as they lie, or
// packed into scratch, with what the kernel computes them from applied on the
// way), and gives every vector of accumulators to the shared body emitter as
// the value of the dot_general, so that the rest of the kernel happens in
// registers.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/ContractionEmitter.h"

#include "compiler/ir/Panels.h"
#include "compiler/ir/Segments.h"
#include "passes/lower/contraction/ContractionScratch.h"
#include "passes/lower/contraction/MatrixProduct.h"
#include "passes/lower/contraction/OperandPacker.h"
#include "passes/lower/contraction/PackPanels.h"
#include "passes/lower/contraction/PackSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::passes;

namespace {
class Emission {
public:
  Emission(const ContractionKernel &kernel, ValueEmitter &values)
      : c(kernel), t(kernel.tiling), values(values), builder(values.builder),
        dot(kernel.dot), loc(dot.getLoc()), form(ir::ContractionForm::of(dot)),
        element(
            ValueEmitter::registerType(getElementTypeOrSelf(dot.getType()))),
        sharesProducts(t.sharesProducts(form)),
        segments(ir::Segments::of(dot->getParentOfType<ir::KernelOp>())),
        scratch(kernel, form, element, values), computed(dot, form, t, values) {
  }

  void emit() {
    if (form.m == 0 || form.n == 0)
      return;
    // What packs all of B first does one product after the other.
    if (sharesProducts || form.products() == 1 || t.packsAhead(dot))
      return values.share(loc, 0, form.products(), 1,
                          sharesProducts ? t.tasks : 1, [&](Index number) {
                            begin(number);
                            MatrixProduct product = describe();
                            placeOperands(product);
                            emit(product, [&](int64_t count, auto body) {
                              shareBlocks(count, body);
                            });
                          });
    MatrixProduct product = describe();
    emit(product, [&](int64_t count, llvm::function_ref<void(Value)> body) {
      values.share(loc, 0, form.products() * count, 1, t.tasks, [&](Index i) {
        auto [number, block] = values.space.divide(i, count);
        begin(number);
        placeOperands(product);
        values.space.setLanes(1, 1);
        body(values.space.scalar(loc, block));
      });
    });
  }

private:
  static constexpr int64_t cacheLine = 64; // bytes

  /// What follows is of that product: its place in the batch, and the buffers
  /// of its segment.
  void begin(Index number) {
    values.space.setLanes(1, 1);
    auto [segment, place] = values.space.divide(number, form.batch);
    batch = place;
    arguments = c.buffers.arguments;
    for (unsigned i = 0; i < arguments.size(); ++i) {
      if (i < segments.arguments)
        arguments[i] =
            ofSegment(segment, c.buffers.arguments, i, segments.arguments);
      values.bindBuffer(dot->getBlock()->getArgument(i), arguments[i]);
    }
    results.clear();
    for (unsigned i = 0; i < segments.results; ++i)
      results.push_back(ValueEmitter::flatten(
          builder, loc,
          ofSegment(segment, c.buffers.results, i, segments.results)));
    findPrefetched();
  }

  /// That of the segment, of buffers of which each has so many.
  Value ofSegment(Index segment, ArrayRef<Value> buffers, int64_t first,
                  int64_t each) {
    if (segment.isConstant())
      return buffers[segment.constant * each + first];
    IndexMath index(builder, loc);
    Value number = values.space.scalar(loc, segment), found = buffers[first];
    for (int64_t s = 1; s < segments.count; ++s) {
      Value isThat = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::eq, number, index.constant(s));
      found = arith::SelectOp::create(builder, loc, isThat,
                                      buffers[s * each + first], found);
    }
    return found;
  }

  /// Whether a result may be stored over it: a line that is fetched to be read
  /// would then have to be asked for once more.
  bool isOverwritten(BlockArgument argument) {
    auto overwrites = dot->getParentOfType<ir::KernelOp>().getOverwrites();
    return overwrites &&
           llvm::is_contained(*overwrites, int64_t(argument.getArgNumber()));
  }

  /// What the epilogue reads where it stores, which is in no cache that is
  /// near. A tile's worth of it is asked for before the tile's products are
  /// added up, if there are enough of them to hide the way.
  void findPrefetched() {
    constexpr int64_t fewestProducts = 64;
    prefetched.clear();
    if (form.k < fewestProducts || form.m == 1)
      return;
    auto shape = cast<RankedTensorType>(dot.getType()).getShape();
    for (auto [argument, buffer] :
         llvm::zip_equal(dot->getBlock()->getArguments(), arguments)) {
      unsigned number = argument.getArgNumber();
      bool isRead = number < segments.arguments || segments.isShared(number);
      if (isRead && argument != dot.getLhs() && argument != dot.getRhs() &&
          cast<RankedTensorType>(argument.getType()).getShape() == shape)
        prefetched.push_back({ValueEmitter::flatten(builder, loc, buffer),
                              isOverwritten(argument)});
    }
  }

  /// What all products have in common.
  MatrixProduct describe() {
    MatrixProduct product;
    product.rows = form.rowLoops(t.packLhs);
    if (t.packLhs)
      product.rows.back().lhs = t.passDepth(form);
    product.depth = form.depthLoops(t.packLhs, t.packRhs ? panelWidth() : 0);
    product.n = form.n;
    auto shortRows = t.packRhs ? std::nullopt : form.shortRows();
    product.vectorDistance = shortRows ? shortRows->distance : t.columns;
    product.k = form.k;
    product.element = element;
    product.fma = c.fma;
    product.tiling = t;
    // With no product to add up, operands are never read.
    if (form.k == 0)
      product.tiling.packLhs = product.tiling.packRhs =
          product.tiling.packBeside = false;
    return product;
  }

  /// Where the operands of the product are that was begun; they are packed now,
  /// if they are packed ahead.
  void placeOperands(MatrixProduct &product) {
    IndexMath index(builder, loc);
    Value zero = index.constant(0);
    if (llvm::any_of(product.depth, [](auto &loop) { return loop.bounded; }))
      product.bounds = {*form.border, placeOfWindows()};
    product.lhs = product.rhs = {Value(), zero};
    if (form.k == 0)
      return;
    if (!t.packLhs)
      product.lhs = placeOf(*form.lhs, form.lhsBatch);
    if (t.readsPanels(dot)) {
      product.rhs = panels();
    } else if (t.packRhs) {
      product.rhs.memory = scratch.packedRhs();
      packRhs(product.rhs.memory);
    } else {
      product.rhs = placeOf(*form.rhs, form.rhsBatch);
    }
  }

  void emit(MatrixProduct &product,
            llvm::function_ref<void(int64_t count,
                                    llvm::function_ref<void(Value)> body)>
                share) {
    auto fill = [&](Value row, Value rows, Value first, int64_t count) {
      product.lhs.memory = scratch.packedLhs();
      computed.packLhs(batch, row, rows, first, count, product.lhs.memory);
    };
    auto waiting = [&] { return scratch.waitingSums(); };
    auto panel = [&](llvm::function_ref<void(Value)> body) {
      scratch.withPanel(body);
    };
    auto store = [&](TileRow place, Value sum) { storeRow(place, sum); };
    auto ask = [&](TileRow place) { prefetchRow(place); };
    auto pending = [&] { return scratch.pendingSums(); };
    product.share = share;
    product.prefetch = ask;
    product.packLhs = fill;
    product.withPanel = panel;
    product.waitingSums = waiting;
    product.store = store;
    product.pending = pending;
    scratch.clearSlots();
    product.emit(builder, loc);
  }

  void shareBlocks(int64_t count, llvm::function_ref<void(Value)> body) {
    values.space.setLanes(1, 1);
    values.share(loc, 0, count, 1, sharesProducts ? 1 : t.tasks,
                 [&](Index i) { body(values.space.scalar(loc, i)); });
  }

  int64_t panelWidth() const { return t.width(); }

  /// The place of the windows with a border, if the batch knows it.
  Value placeOfWindows() {
    const ir::StridedDims &dims =
        form.rhsHasBorder ? form.rhsBatch : form.lhsBatch;
    Indices parts = values.space.delinearize(batch, dims.extents);
    for (auto [part, d] : llvm::zip(parts, dims.dimensions))
      if (d == form.border->place)
        return values.space.scalar(loc, part);
    return nullptr;
  }

  /// Where an operand's matrix of this batch begins in memory.
  OperandPlace placeOf(const ir::OperandView &view,
                       const ir::StridedDims &batchDims) {
    Index offset(view.offset);
    Indices parts = values.space.delinearize(batch, batchDims.extents);
    for (auto [part, stride] : llvm::zip(parts, batchDims.strides))
      offset = offset + part * stride;
    unsigned number = view.argument.getArgNumber();
    return {ValueEmitter::flatten(builder, loc, arguments[number]),
            values.space.scalar(loc, offset)};
  }

  /// B of this batch, which is packed already.
  OperandPlace panels() {
    unsigned number = ir::Panels::of(dot, form)->argument.getArgNumber();
    int64_t elements = form.k * llvm::alignTo(form.n, panelWidth());
    return {ValueEmitter::flatten(builder, loc, arguments[number]),
            values.space.scalar(loc, batch * elements)};
  }

  /// All of B as panels.
  void packRhs(Value target) {
    bool simple = form.rhs && !form.rhsHasBorder && form.rhsK.stride() &&
                  form.rhsN.stride();
    if (simple) {
      IndexMath index(builder, loc);
      OperandPlace place = placeOf(*form.rhs, form.rhsBatch);
      StridedMatrix source{place.memory, place.base, *form.rhsK.stride(),
                           *form.rhsN.stride()};
      if (t.packsSteps())
        return packSteps(builder, loc, source, target, form.k, form.n,
                         t.columns, t.steps);
      return packPanels(
          builder, loc, source, target, index.constant(0), form.k, form.n,
          panelWidth(), t.lanes,
          [&](int64_t count, llvm::function_ref<void(Value)> body) {
            shareBlocks(count, body);
          });
    }
    computed.packRhs(batch, sharesProducts ? 1 : t.tasks, target);
  }

  /// Asks for what one row of a tile's results will be computed from.
  void prefetchRow(TileRow place) {
    values.space.setLanes(1, 1);
    auto shape = cast<RankedTensorType>(dot.getType()).getShape();
    for (auto [flat, isOverwritten] : prefetched) {
      int64_t line = cacheLine * 8 /
                     cast<MemRefType>(flat.getType()).getElementTypeBitWidth();
      for (int64_t column = 0; column < place.valid; column += line)
        values.prefetch(
            loc, flat,
            values.space.linearize(
                resultIndices(computed.indexOf(place.row, form.m),
                              computed.indexOf(place.column, form.n) +
                                  Index(column)),
                shape),
            isOverwritten);
    }
  }

  Indices resultIndices(Index row, Index column) {
    Indices indices = values.space.delinearize(batch, form.lhsBatch.extents);
    llvm::append_range(indices,
                       values.space.delinearize(row, form.lhsM.extents));
    llvm::append_range(indices,
                       values.space.delinearize(column, form.rhsN.extents));
    return indices;
  }

  /// The kernel's results for one vector of sums.
  void storeRow(TileRow place, Value sum) {
    Index row = computed.indexOf(place.row, form.m);
    Index column = computed.indexOf(place.column, form.n);
    if (place.valid == place.lanes || values.maskedTails)
      return storeResults(row, OperandPacker::withLanes(column, place.lanes),
                          place.lanes, place.valid, sum);
    for (int64_t lane = 0; lane < place.valid; ++lane) {
      Value one = vector::ExtractOp::create(builder, loc, sum, lane);
      storeResults(row, column + Index(lane), 1, 1, one);
    }
  }

  void storeResults(Index row, Index column, int64_t lanes, int64_t active,
                    Value sum) {
    if (lanes == 1 && isa<VectorType>(sum.getType()))
      sum = vector::ExtractOp::create(builder, loc, sum, int64_t(0));
    values.enter();
    values.space.setLanes(lanes, active);
    Point point =
        Point::vector(builder, loc, resultIndices(row, column), lanes, active);
    values.define(dot.getResult(), point, sum);
    auto end = cast<ir::ReturnOp>(dot->getBlock()->getTerminator());
    // Everything is read before anything is stored: results may lie over
    // arguments.
    SmallVector<Value> elements;
    ValueRange own = end.getValues().take_front(segments.results);
    for (Value value : own)
      elements.push_back(values.emit(value, point));
    for (auto [value, element, memory] :
         llvm::zip_equal(own, elements, results)) {
      auto shape = cast<RankedTensorType>(value.getType()).getShape();
      values.store(value.getLoc(), element, memory, shape, point);
    }
    values.leave();
    values.space.setLanes(1, 1);
  }

  const ContractionKernel &c;
  const ir::ContractionTiling &t;
  ValueEmitter &values;
  OpBuilder &builder;
  ir::DotGeneralOp dot;
  Location loc;
  ir::ContractionForm form;
  Type element;
  bool sharesProducts;
  ir::Segments segments;
  ContractionScratch scratch;
  OperandPacker computed;
  /// Of the product that was begun: its place in the batch, and the buffers of
  /// its segment; those that are stored and asked for are flat, and some of
  /// these are overwritten.
  Index batch;
  SmallVector<Value> arguments, results;
  SmallVector<std::pair<Value, bool>> prefetched;
};
} // namespace

void sinter::passes::emitContraction(const ContractionKernel &contraction,
                                     ValueEmitter &values) {
  Emission(contraction, values).emit();
}
