//===- Places.cpp - walking flat memory -----------------------------------===//

#include "passes/lower/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

Value sinter::passes::scratchView(ValueEmitter &emitter, Location loc,
                                  Value scratch, int64_t offset,
                                  Type tensorType, int64_t taskBytes) {
  OpBuilder &builder = emitter.builder;
  MemRefType buffer = getBufferType(tensorType);
  auto flat =
      MemRefType::get({buffer.getNumElements()}, buffer.getElementType());
  Value shift = arith::ConstantIndexOp::create(builder, loc, offset);
  if (emitter.task && taskBytes > 0) {
    Value bytes = arith::ConstantIndexOp::create(builder, loc, taskBytes);
    Value own = arith::MulIOp::create(builder, loc, emitter.task, bytes);
    shift = arith::AddIOp::create(builder, loc, shift, own);
  }
  return memref::ViewOp::create(builder, loc, flat, scratch, shift,
                                ValueRange());
}

void sinter::passes::eachPlace(
    ValueEmitter &emitter, Location loc, const LoopForm &form, int64_t extent,
    llvm::function_ref<void(Index, int64_t, int64_t)> body, int64_t tasks,
    int64_t begin) {
  int64_t whole = form.lanes > 1 ? extent / form.lanes * form.lanes : 0;
  auto lanes = [](Index index) {
    index.lane = 1;
    return index;
  };
  emitter.share(loc, begin, whole, form.lanes, tasks, [&](Index index) {
    body(lanes(index), form.lanes, form.lanes);
  });
  whole = std::max(whole, begin);
  if (whole == extent)
    return;
  if (form.lanes > 1 && form.maskedTails) {
    emitter.enter();
    body(lanes(Index(whole)), form.lanes, extent - whole);
    emitter.leave();
    return;
  }
  emitter.loop(loc, whole, extent, 1, [&](Index index) { body(index, 1, 1); });
}
