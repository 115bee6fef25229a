//===- OrderStreams.cpp - stores past the caches become visible -----------===//
//
// `sinter-order-streams`: a thread that is told that a task is done may yet not
// see what the task stored past the caches.  A fence at the end of each
// function that stores so makes it visible.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::passes {
#define GEN_PASS_DEF_ORDERSTREAMS
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

static bool streams(func::FuncOp function) {
  return function
      .walk([](vector::StoreOp store) {
        return store.getNontemporal() ? WalkResult::interrupt()
                                      : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
struct OrderStreams : sinter::passes::impl::OrderStreamsBase<OrderStreams> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (streams(function))
        function.walk([](func::ReturnOp end) {
          OpBuilder builder(end);
          LLVM::FenceOp::create(builder, end.getLoc(),
                                LLVM::AtomicOrdering::seq_cst);
        });
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createOrderStreamsPass() {
  return std::make_unique<OrderStreams>();
}
