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

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXPLAINSCALARS
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

/// The function of a mathematics library that each lane of `op` becomes a call
/// of; empty for what the machine does itself.
static std::string libraryFunction(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return call.getCallee().str();
  if (isa<arith::RemFOp>(op))
    return "fmod";
  if (isa<math::MathDialect>(op->getDialect()) &&
      isa<FloatType>(getElementTypeOrSelf(op->getResult(0))) &&
      !isa<math::AbsFOp, math::CopySignOp, math::FmaOp, math::SqrtOp,
           math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp>(op))
    return op->getName().stripDialect().str();
  return {};
}

static std::string scalarReason(func::FuncOp kernel) {
  bool vectors = false, stores = false, single = true;
  std::string library;
  kernel.walk([&](Operation *op) {
    vectors |= isa<vector::LoadOp, vector::MaskedLoadOp, vector::GatherOp,
                   vector::StoreOp, vector::MaskedStoreOp, vector::ScatterOp>(
        op);
    stores |= isa<vector::StoreOp, vector::MaskedStoreOp, vector::ScatterOp,
                  memref::StoreOp, memref::CopyOp>(op);
    if (library.empty())
      library = libraryFunction(op);
  });
  if (!library.empty())
    return library + " is called for each element";
  if (vectors)
    return {};
  if (!stores)
    return "it has no elements";
  for (Type type : kernel.getArgumentTypes())
    single &= cast<MemRefType>(type).getNumElements() <= 1;
  if (single)
    return "it computes single elements";
  auto schedule = kernel->getAttrOfType<DictionaryAttr>("schedule");
  auto kind = schedule.getAs<StringAttr>("kind");
  if (kind && kind.getValue() == "scalar")
    return "its schedule says scalar";
  if (kind && kind.getValue() == "scatter")
    return "scattered elements are added one by one";
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
