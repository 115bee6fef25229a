//===- KernelToFunction.cpp - kernels become functions over memrefs -------===//
//
// `sinter-kernel-to-function`: a kernel's function takes its arguments, its
// results and its scratch as memrefs.  The schedule says how it is emitted; a
// kernel of kind `scalar`, and every kernel at -O0, gets plain loops over
// single elements.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/ScheduleUses.h"
#include "passes/lower/EmitPhases.h"
#include "passes/lower/Stage.h"
#include "passes/lower/contraction/ContractionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::passes {
#define GEN_PASS_DEF_KERNELTOFUNCTION
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

void sinter::passes::bindArguments(KernelOp kernel,
                                   const KernelBuffers &buffers,
                                   ValueEmitter &emitter) {
  for (auto [argument, buffer] :
       llvm::zip_equal(kernel.getArguments(), buffers.arguments))
    emitter.bindBuffer(argument, buffer);
  for (auto constant : kernel.getBody().front().getOps<ConstantOp>()) {
    DenseElementsAttr elements = constant.getDenseValue();
    if (elements.isSplat())
      continue;
    // Bytes as they lie in memory: i1 as 0 and 1, bf16 as its bits.
    MemRefType buffer = getBufferType(constant.getType());
    auto flat = RankedTensorType::get({buffer.getNumElements()},
                                      buffer.getElementType());
    if (elements.getElementType().isBF16())
      elements = elements.bitcast(flat.getElementType());
    SmallVector<Attribute> values;
    for (Attribute value : elements.getValues<Attribute>()) {
      if (auto integer = dyn_cast<IntegerAttr>(value))
        value = IntegerAttr::get(
            flat.getElementType(),
            integer.getValue().zextOrTrunc(
                flat.getElementType().getIntOrFloatBitWidth()));
      values.push_back(value);
    }
    OpBuilder before(kernel);
    auto type = MemRefType::get(flat.getShape(), flat.getElementType());
    auto global = memref::GlobalOp::create(
        before, constant.getLoc(), (kernel.getSymName() + "_constant").str(),
        before.getStringAttr("private"), type,
        DenseElementsAttr::get(flat, values),
        /*constant=*/true, before.getI64IntegerAttr(64));
    buffers.symbols->insert(global);
    emitter.bindBuffer(constant, memref::GetGlobalOp::create(
                                     emitter.builder, constant.getLoc(), type,
                                     global.getSymName()));
  }
}

/// Lanes: as many of the widest element as a vector register holds, so that no
/// value takes several registers; bytes and flags ride along.
static int64_t chooseLanes(KernelOp kernel, const TargetFacts &target) {
  unsigned widest = 32;
  auto look = [&](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && tensor.getNumElements() > 1)
      widest =
          std::max(widest, tensor.getElementType().getIntOrFloatBitWidth());
  };
  kernel.walk([&](Operation *op) {
    for (Type type : op->getOperandTypes())
      look(type);
    for (Type type : op->getResultTypes())
      look(type);
  });
  return target.lanes(widest);
}

static LoopForm chooseForm(KernelOp kernel) {
  LoopForm form;
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto kind = schedule ? schedule.getAs<StringAttr>("kind") : StringAttr();
  if (Options::of(kernel).optLevel == 0 ||
      (kind && kind.getValue() == "scalar"))
    return form;
  TargetFacts target = TargetFacts::of(kernel);
  auto lanes = schedule ? schedule.getAs<IntegerAttr>("lanes") : IntegerAttr();
  form.lanes = lanes ? lanes.getInt() : chooseLanes(kernel, target);
  constexpr int64_t shortestBits = 128;
  form.fewestLanes =
      std::max<int64_t>(1, form.lanes * shortestBits / target.vectorBits);
  auto tail = schedule ? schedule.getAs<StringAttr>("tail") : StringAttr();
  form.maskedTails = tail ? tail.getValue() == "masked" : hasMasks(target);
  form.prefetchesRows = schedule && schedule.contains("prefetches_rows");
  return form;
}

/// Whether results may be stored past the caches: hosts need not align them to
/// vectors, and one that lies over an argument is in the caches already.
static Value mayStream(OpBuilder &builder, KernelOp kernel,
                       const KernelBuffers &buffers) {
  Location loc = kernel.getLoc();
  auto address = [&](Value buffer) -> Value {
    return memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, buffer);
  };
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  auto compare = [&](arith::CmpIPredicate predicate, Value a,
                     Value b) -> Value {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  };
  Value bits = number(0), may;
  for (Value result : buffers.results)
    bits = arith::OrIOp::create(builder, loc, bits, address(result));
  bits = arith::AndIOp::create(builder, loc, bits,
                               number(ValueEmitter::widestVector - 1));
  may = compare(arith::CmpIPredicate::eq, bits, number(0));
  if (auto overwrites = kernel.getOverwrites())
    for (auto [result, argument] : llvm::enumerate(*overwrites))
      if (argument >= 0)
        may = arith::AndIOp::create(
            builder, loc, may,
            compare(arith::CmpIPredicate::ne, address(buffers.results[result]),
                    address(buffers.arguments[argument])));
  return may;
}

/// No other argument of a call is the same memory, unless the kernel says it
/// may be: then neither of the two is marked.
static void markAliases(func::FuncOp function, KernelOp kernel) {
  unsigned inputs = kernel.getNumArguments();
  SmallVector<bool> shared(function.getNumArguments(), false);
  if (auto overwrites = kernel.getOverwrites())
    for (auto [result, argument] : llvm::enumerate(*overwrites))
      if (argument >= 0)
        shared[argument] = shared[inputs + result] = true;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!shared[i])
      function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(),
                          UnitAttr::get(function.getContext()));
}

static LogicalResult convert(KernelOp kernel, SymbolTable &symbols) {
  OpBuilder builder(kernel);
  Location loc = kernel.getLoc();
  SmallVector<Type> types;
  for (Type type : kernel.getArgumentTypes())
    types.push_back(getBufferType(type));
  for (Type type : kernel.getResultTypes())
    types.push_back(getBufferType(type));
  int64_t scratchBytes = 0;
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    if (auto bytes = schedule.getAs<IntegerAttr>("scratch_bytes"))
      scratchBytes = bytes.getInt();
  if (scratchBytes > 0)
    types.push_back(MemRefType::get({scratchBytes}, builder.getI8Type()));

  auto function =
      func::FuncOp::create(builder, loc, kernel.getSymName(),
                           builder.getFunctionType(types, TypeRange()));
  function.setPrivate();
  if (Attribute schedule = kernel.getScheduleAttr())
    function->setAttr("schedule", schedule);
  markAliases(function, kernel);
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);

  unsigned inputs = kernel.getNumArguments();
  unsigned outputs = kernel.getResultTypes().size();
  KernelBuffers buffers;
  buffers.symbols = &symbols;
  for (unsigned i = 0; i < inputs; ++i)
    buffers.arguments.push_back(body->getArgument(i));
  for (unsigned i = 0; i < outputs; ++i)
    buffers.results.push_back(body->getArgument(inputs + i));
  if (scratchBytes > 0)
    buffers.scratch = body->getArguments().back();

  ValueEmitter emitter(builder);
  LoopForm form = chooseForm(kernel);
  DotGeneralOp dot = findContraction(kernel);
  auto tiling = ContractionTiling::from(kernel.getScheduleAttr());
  bindArguments(kernel, buffers, emitter);
  if (form.lanes > 1 && kernel.getScheduleAttr().contains("streams"))
    emitter.streams = mayStream(builder, kernel, buffers);
  if (dot && tiling && form.lanes > 1) {
    emitter.innerLanes = form.lanes;
    emitter.maskedTails = form.maskedTails;
    emitContraction({dot, *tiling, TargetFacts::of(kernel).fma, buffers},
                    emitter);
    if (emitter.failed())
      return failure();
  } else if (failed(emitPhases(kernel, form, buffers, emitter))) {
    return failure();
  }
  builder.setInsertionPointToEnd(body);
  func::ReturnOp::create(builder, loc);
  kernel.erase();
  return success();
}

namespace {
struct KernelToFunctionPass
    : sinter::passes::impl::KernelToFunctionBase<KernelToFunctionPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (KernelOp kernel :
         llvm::make_early_inc_range(getOperation().getOps<KernelOp>()))
      if (failed(convert(kernel, symbols)))
        return signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createKernelToFunctionPass() {
  return std::make_unique<KernelToFunctionPass>();
}
