//===- EmitLibraryCall.cpp - a call of the runtime ------------------------===//
//
// The descriptor becomes a constant of the module; buffers are handed over as
// addresses.  The runtime's function has one more argument, what the entry
// knows of its host, which compiler/target adds.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitLibraryCall.h"

#include "compiler/ir/LibraryPrimitive.h"
#include "passes/lower/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// void sinter_onednn_run(descriptor, buffers…, scratch), addresses all.
static func::FuncOp declare(KernelOp kernel, SymbolTable &symbols) {
  if (auto known = symbols.lookup<func::FuncOp>(onednnFunction))
    return known;
  OpBuilder builder(kernel);
  SmallVector<Type> types(SINTER_ONEDNN_BUFFERS + 2, builder.getIndexType());
  auto function =
      func::FuncOp::create(builder, kernel.getLoc(), onednnFunction,
                           builder.getFunctionType(types, TypeRange()));
  function.setPrivate();
  symbols.insert(function);
  return function;
}

static memref::GlobalOp makeDescriptor(KernelOp kernel, LibraryCallOp op,
                                       const sinter_onednn_call &call,
                                       SymbolTable &symbols) {
  OpBuilder builder(kernel);
  SmallVector<int64_t> words = toWords(call);
  int64_t count = words.size();
  auto global = memref::GlobalOp::create(
      builder, op.getLoc(), (kernel.getSymName() + "_primitive").str(),
      builder.getStringAttr("private"),
      MemRefType::get({count}, builder.getI64Type()),
      DenseElementsAttr::get(
          RankedTensorType::get({count}, builder.getI64Type()),
          ArrayRef<int64_t>(words)),
      /*constant=*/true, builder.getI64IntegerAttr(64));
  symbols.insert(global);
  return global;
}

LogicalResult sinter::passes::emitLibraryCall(
    LibraryCallOp op, const Phase &phase, const KernelPhases &plan,
    KernelOp kernel, const KernelBuffers &buffers, ValueEmitter &emitter) {
  OpBuilder &builder = emitter.builder;
  Location loc = op.getLoc();
  SmallVector<Type> types(op.getOperandTypes());
  types.push_back(op.getType());
  FailureOr<sinter_onednn_call> call =
      fromAttr(op.getPrimitive(), types, [&] { return op.emitOpError(); });
  if (failed(call))
    return failure();
  auto address = [&](Value buffer) -> Value {
    return memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, buffer);
  };
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  memref::GlobalOp descriptor =
      makeDescriptor(kernel, op, *call, *buffers.symbols);
  SmallVector<Value> operands = {address(memref::GetGlobalOp::create(
      builder, loc, descriptor.getType(), descriptor.getSymName()))};
  for (Value operand : op.getOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument)
      return op.emitOpError("must be given arguments of its kernel");
    operands.push_back(address(buffers.arguments[argument.getArgNumber()]));
  }
  auto inScratch = [&](int64_t offset) -> Value {
    return arith::AddIOp::create(builder, loc, address(buffers.scratch),
                                 number(offset));
  };
  OperandRange returned =
      kernel.getBody().front().getTerminator()->getOperands();
  auto kept = plan.stored.find(op.getResult());
  SmallVector<Value> targets;
  for (auto [value, buffer] : llvm::zip_equal(returned, buffers.results))
    if (value == op.getResult())
      targets.push_back(buffer);
  operands.push_back(kept != plan.stored.end() ? inScratch(kept->second)
                                               : address(targets.front()));
  while (operands.size() < SINTER_ONEDNN_BUFFERS + 1)
    operands.push_back(number(0));
  operands.push_back(call->scratch_bytes > 0 ? inScratch(phase.ownOffset)
                                             : number(0));
  func::CallOp::create(builder, loc, declare(kernel, *buffers.symbols),
                       operands);
  for (Value other : ArrayRef(targets).drop_front(!targets.empty()))
    memref::CopyOp::create(builder, loc, targets.front(), other);
  return success();
}
