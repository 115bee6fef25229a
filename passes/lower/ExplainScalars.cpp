//===- ExplainScalars.cpp - why a kernel's code has no vectors ------------===//
//
// `sinter-explain-scalars`: looks at what was emitted, not at what was meant.
// A kernel whose function moves no vector between registers and memory, or
// calls a library for each lane, has in its schedule a `scalar_reason`, which
// the fusion report shows.  At -O0 nobody wanted vectors.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Stage.h"

#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/TaskCost.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXPLAINSCALARS
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

/// The function of a kernel's task, if `op` calls one.
static func::FuncOp taskOf(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  auto function = call ? SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
                             op, call.getCalleeAttr())
                       : func::FuncOp();
  return function && function->hasAttr(sinter::ir::taskAttrName)
             ? function
             : func::FuncOp();
}

/// The function of a mathematics library that each lane of `op` becomes a call
/// of; empty for what the machine does itself.
static std::string libraryFunction(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return taskOf(call) ? std::string() : call.getCallee().str();
  if (isa<arith::RemFOp>(op))
    return "fmod";
  if (isa<math::MathDialect>(op->getDialect()) &&
      isa<FloatType>(getElementTypeOrSelf(op->getResult(0))) &&
      !isa<math::AbsFOp, math::CopySignOp, math::FmaOp, math::SqrtOp,
           math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp>(op))
    return op->getName().stripDialect().str();
  return {};
}

static int64_t bitsOf(VectorType type) {
  int64_t element = type.getElementType().isIndex()
                        ? 64
                        : type.getElementType().getIntOrFloatBitWidth();
  return type.getNumElements() * element;
}

/// Whether the mask is known to have at most one lane.
static bool isSingleLane(Value mask) {
  if (auto constant = mask.getDefiningOp<vector::ConstantMaskOp>())
    return constant.getMaskDimSizes()[0] <= 1;
  DenseElementsAttr lanes;
  return matchPattern(mask, m_Constant(&lanes)) &&
         llvm::count(lanes.getValues<bool>(), true) <= 1;
}

/// Bits of the vector that `op` moves between registers and memory; 0 if it
/// moves none, or a single lane of it.
static int64_t movedBits(Operation *op) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<vector::LoadOp, vector::StoreOp>([](auto op) {
        VectorType type = op.getVectorType();
        return type.getNumElements() == 1 ? 0 : bitsOf(type);
      })
      .Case<vector::MaskedLoadOp, vector::MaskedStoreOp, vector::GatherOp,
            vector::ScatterOp>([](auto op) {
        return isSingleLane(op.getMask()) ? 0 : bitsOf(op.getVectorType());
      })
      .Default([](Operation *) { return 0; });
}

static int64_t computedBits(Operation *op) {
  if (!isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) ||
      isa<arith::ConstantOp>(op))
    return 0;
  auto type = dyn_cast<VectorType>(op->getResult(0).getType());
  return type ? bitsOf(type) : 0;
}

static std::string scalarReason(func::FuncOp kernel) {
  // Less than this fits in general registers.
  constexpr int64_t fewestBits = 128;
  auto schedule = kernel->getAttrOfType<DictionaryAttr>("schedule");
  if (auto kind = schedule.getAs<StringAttr>("kind");
      kind && kind.getValue() == "library")
    return {};
  bool stores = false;
  int64_t moved = 0, computed = 0;
  std::string library;
  auto look = [&](Operation *op) {
    moved = std::max(moved, movedBits(op));
    computed = std::max(computed, computedBits(op));
    stores |= isa<vector::StoreOp, vector::MaskedStoreOp, vector::ScatterOp,
                  memref::StoreOp, memref::CopyOp>(op);
    if (library.empty())
      library = libraryFunction(op);
  };
  kernel.walk(look);
  kernel.walk([&](func::CallOp call) {
    if (func::FuncOp task = taskOf(call))
      task.walk(look);
  });
  if (!library.empty())
    return library + " is called for each element";
  auto scratch = schedule.getAs<IntegerAttr>("scratch_bytes");
  bool single = llvm::all_of(
      kernel.getArgumentTypes().drop_back(scratch && scratch.getInt() > 0),
      [](Type type) { return cast<MemRefType>(type).getNumElements() <= 1; });
  if (!stores)
    return "it has no elements";
  if (single)
    return "it computes single elements";
  if (moved > 0 && std::max(moved, computed) >= fewestBits)
    return {};
  if (moved > 0)
    return "its vectors fit in general registers";
  auto kind = schedule.getAs<StringAttr>("kind");
  if (kind && kind.getValue() == "scalar")
    return "its schedule says scalar";
  if (kind && kind.getValue() == "scatter")
    return "scattered elements are added one by one";
  if (kind && kind.getValue() == "sequence")
    return "elements along a row follow each other";
  auto lanes = schedule.getAs<IntegerAttr>("lanes");
  return "no loop along a row has " +
         (lanes ? std::to_string(lanes.getInt()) + " " : std::string()) +
         "elements to fill a vector";
}

namespace {
struct ExplainScalars
    : sinter::passes::impl::ExplainScalarsBase<ExplainScalars> {
  void runOnOperation() override {
    if (sinter::ir::Options::of(getOperation()).optLevel == 0)
      return;
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      auto schedule = kernel->getAttrOfType<DictionaryAttr>("schedule");
      if (!schedule)
        continue;
      std::string reason = scalarReason(kernel);
      if (reason.empty())
        continue;
      NamedAttrList entries(schedule);
      entries.set("scalar_reason", StringAttr::get(&getContext(), reason));
      kernel->setAttr("schedule", entries.getDictionary(&getContext()));
    }
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createExplainScalarsPass() {
  return std::make_unique<ExplainScalars>();
}
