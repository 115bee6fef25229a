//===- PanelSlots.cpp - panels that tasks take turns with -----------------===//
//
//   take:       for slot = 0 in the first half of the tasks, 1 in the second,
//                   and on, around the end:
//                 until not (held |= 1 << slot) >> slot & 1
//   give back:  held &= ~(1 << slot)
//
// with atomic updates, which also order what the tasks do with the panel.
// There are as many slots as tasks, so one is always free.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/PanelSlots.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::passes {

void PanelSlots::clear() {
  memref::StoreOp::create(builder, loc, constant(0), held, first());
}

Value PanelSlots::take(Value task) {
  Value half = arith::ConstantIndexOp::create(builder, loc, tasks / 2);
  Value isLate = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge,
                                       task, half);
  Value begin =
      arith::ExtUIOp::create(builder, loc, builder.getI64Type(), isLate);
  auto isTaken = [&](OpBuilder &, Location, ValueRange slot) {
    Value before = memref::AtomicRMWOp::create(
        builder, loc, arith::AtomicRMWKind::ori, bitOf(slot[0]), held, first());
    Value bit = arith::ShRUIOp::create(builder, loc, before, slot[0]);
    Value taken =
        arith::TruncIOp::create(builder, loc, builder.getI1Type(), bit);
    scf::ConditionOp::create(builder, loc, taken, slot);
  };
  auto next = [&](OpBuilder &, Location, ValueRange slot) {
    Value following = arith::AddIOp::create(builder, loc, slot[0], constant(1));
    Value around =
        arith::RemUIOp::create(builder, loc, following, constant(tasks));
    scf::YieldOp::create(builder, loc, around);
  };
  auto search = scf::WhileOp::create(builder, loc, builder.getI64Type(), begin,
                                     isTaken, next);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    search.getResult(0));
}

void PanelSlots::giveBack(Value slot) {
  Value number =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), slot);
  Value others =
      arith::XOrIOp::create(builder, loc, bitOf(number), constant(-1));
  memref::AtomicRMWOp::create(builder, loc, arith::AtomicRMWKind::andi, others,
                              held, first());
}

Value PanelSlots::bitOf(Value slot) {
  return arith::ShLIOp::create(builder, loc, constant(1), slot);
}

Value PanelSlots::constant(int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 64);
}

Value PanelSlots::first() {
  return arith::ConstantIndexOp::create(builder, loc, 0);
}

} // namespace sinter::passes
