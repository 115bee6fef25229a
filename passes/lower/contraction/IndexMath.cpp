//===- IndexMath.cpp - index arithmetic and loops over it -----------------===//

#include "passes/lower/contraction/IndexMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::passes {

Value IndexMath::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value IndexMath::add(Value a, Value b) {
  return builder.createOrFold<arith::AddIOp>(loc, a, b);
}

Value IndexMath::multiply(Value a, int64_t factor) {
  return builder.createOrFold<arith::MulIOp>(loc, a, constant(factor));
}

Value IndexMath::subtract(Value a, Value b) {
  return builder.createOrFold<arith::SubIOp>(loc, a, b);
}

Value IndexMath::least(Value a, int64_t b) {
  return builder.createOrFold<arith::MinSIOp>(loc, a, constant(b));
}

Value IndexMath::most(Value a, int64_t b) {
  return builder.createOrFold<arith::MaxSIOp>(loc, a, constant(b));
}

std::pair<Value, Value> IndexMath::divide(Value a, int64_t divisor) {
  return {builder.createOrFold<arith::DivUIOp>(loc, a, constant(divisor)),
          builder.createOrFold<arith::RemUIOp>(loc, a, constant(divisor))};
}

void IndexMath::ifLast(Value number, int64_t count,
                       llvm::function_ref<void()> body) {
  if (count == 1)
    return body();
  Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       number, constant(count - 1));
  auto branch = scf::IfOp::create(builder, loc, isLast,
                                  /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

void IndexMath::loop(Value end, int64_t step,
                     llvm::function_ref<void(Value)> body) {
  APInt known;
  if (matchPattern(end, m_ConstantInt(&known))) {
    if (known.getSExtValue() <= 0)
      return;
    if (known.getSExtValue() <= step)
      return body(constant(0));
  }
  auto loop =
      scf::ForOp::create(builder, loc, constant(0), end, constant(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

} // namespace sinter::passes
