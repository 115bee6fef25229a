//===- ContractionScratch.cpp - where a contraction keeps things ----------===//

#include "passes/lower/contraction/ContractionScratch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace sinter::passes {

ContractionScratch::ContractionScratch(const ContractionKernel &kernel,
                                       const ir::ContractionForm &form,
                                       Type element, ValueEmitter &values)
    : c(kernel), t(kernel.tiling), form(form), element(element), values(values),
      builder(values.builder), loc(c.dot->getLoc()) {}

Value ContractionScratch::packedLhs() {
  int64_t bytes = t.lhsBytes(c.dot);
  return view(elements(bytes), 0, bytes, values.task);
}

Value ContractionScratch::waitingSums() {
  int64_t bytes = t.sumBytes(c.dot);
  return view(elements(bytes), t.tasks * t.lhsBytes(c.dot), bytes, values.task);
}

Value ContractionScratch::packedRhs(Value number) {
  int64_t bytes = t.rhsBytes(c.dot);
  return view(elements(bytes),
              t.tasks * (t.lhsBytes(c.dot) + t.sumBytes(c.dot)),
              t.ownsRhs(form) ? std::optional(bytes) : std::nullopt, number);
}

MatrixProduct::Pending ContractionScratch::pendingSums() {
  int64_t place = t.pendingPlaceBytes(), bytes = t.pendingBytes(c.dot);
  int64_t first = t.tasks * (t.lhsBytes(c.dot) + t.sumBytes(c.dot)) +
                  (t.ownsRhs(form) ? t.tasks : 1) * t.rhsBytes(c.dot);
  return {view(elements(bytes - place), first + place, bytes, values.task),
          view(MemRefType::get({3}, builder.getIndexType()), first, bytes,
               values.task)};
}

void ContractionScratch::withPanel(llvm::function_ref<void(Value)> body) {
  // One block, though there might be several tasks, is no task.
  if (!t.takesTurns(form) || !values.task)
    return body(packedRhs());
  Value slot = slots().take(values.task);
  body(packedRhs(slot));
  slots().giveBack(slot);
}

void ContractionScratch::clearSlots() {
  if (t.takesTurns(form))
    slots().clear();
}

PanelSlots ContractionScratch::slots() {
  auto held = MemRefType::get({1}, builder.getI64Type());
  int64_t first = t.neededScratch(c.dot) - t.turnBytes(c.dot);
  return {builder, loc, view(held, first, std::nullopt, nullptr), t.tasks};
}

Value ContractionScratch::view(MemRefType type, int64_t first,
                               std::optional<int64_t> apart, Value number) {
  Value shift = arith::ConstantIndexOp::create(builder, loc, first);
  if (apart && number) {
    Value stride = arith::ConstantIndexOp::create(builder, loc, *apart);
    Value distance = arith::MulIOp::create(builder, loc, number, stride);
    shift = arith::AddIOp::create(builder, loc, shift, distance);
  }
  return memref::ViewOp::create(builder, loc, type, c.buffers.scratch, shift,
                                ValueRange{});
}

MemRefType ContractionScratch::elements(int64_t bytes) {
  Type bits = builder.getI8Type();
  return MemRefType::get({bytes / (element.getIntOrFloatBitWidth() /
                                   bits.getIntOrFloatBitWidth())},
                         element);
}

} // namespace sinter::passes
