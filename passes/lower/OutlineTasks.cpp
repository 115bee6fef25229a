//===- OutlineTasks.cpp - tasks become functions --------------------------===//
//
// `sinter-outline-tasks`: what a kernel's `scf.parallel` does becomes a
// function that takes the task's number last, so that a thread has something to
// call and no two of its arguments are taken for the same memory.  Views and
// constants are made again inside: arguments are what the kernel's function was
// given, and the numbers of loops around.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/TaskCost.h"
#include "passes/lower/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace sinter::passes {
#define GEN_PASS_DEF_OUTLINETASKS
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

namespace {
class Outliner {
public:
  Outliner(func::FuncOp kernel, scf::ParallelOp tasks)
      : kernel(kernel), tasks(tasks) {}

  void run(SymbolTable &symbols) {
    tasks.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        capture(operand);
    });
    func::FuncOp function = makeFunction(symbols);
    Operation *end = tasks.getBody()->getTerminator();
    while (Operation *last = end->getPrevNode())
      last->erase();
    OpBuilder builder(end);
    SmallVector<Value> operands(arguments.getArrayRef());
    operands.push_back(tasks.getInductionVars().front());
    func::CallOp::create(builder, tasks.getLoc(), function, operands);
  }

private:
  static bool isMadeAgain(Operation *op) {
    return op && op->getNumRegions() == 0 && isPure(op) &&
           isa<arith::ArithDialect, memref::MemRefDialect>(op->getDialect());
  }

  /// Takes up what is outside of the region, without recursion.
  void capture(Value root) {
    SmallVector<std::pair<Value, bool>> work{{root, false}};
    while (!work.empty()) {
      auto [value, ready] = work.pop_back_val();
      if (tasks.getRegion().isAncestor(value.getParentRegion()))
        continue;
      Operation *op = value.getDefiningOp();
      if (!isMadeAgain(op)) {
        arguments.insert(value);
      } else if (ready) {
        made.insert(op);
      } else if (!made.contains(op)) {
        work.push_back({value, true});
        for (Value operand : op->getOperands())
          work.push_back({operand, false});
      }
    }
  }

  func::FuncOp makeFunction(SymbolTable &symbols) {
    OpBuilder builder(kernel->getContext());
    builder.setInsertionPointAfter(kernel);
    Location loc = tasks.getLoc();
    SmallVector<Type> types(ValueRange(arguments.getArrayRef()).getTypes());
    types.push_back(builder.getIndexType());
    auto function = func::FuncOp::create(
        builder, loc, (kernel.getSymName() + "_task").str(),
        builder.getFunctionType(types, TypeRange()));
    function.setPrivate();
    function->setAttr(sinter::ir::taskAttrName, builder.getUnitAttr());
    symbols.insert(function);
    StringRef noAlias = LLVM::LLVMDialect::getNoAliasAttrName();
    for (auto [i, value] : llvm::enumerate(arguments))
      if (auto argument = dyn_cast<BlockArgument>(value);
          argument && argument.getOwner() == &kernel.getBody().front() &&
          kernel.getArgAttr(argument.getArgNumber(), noAlias))
        function.setArgAttr(i, noAlias, builder.getUnitAttr());

    Block *body = function.addEntryBlock();
    builder.setInsertionPointToEnd(body);
    IRMapping mapping;
    for (auto [value, argument] : llvm::zip(arguments, body->getArguments()))
      mapping.map(value, argument);
    mapping.map(tasks.getInductionVars().front(), body->getArguments().back());
    for (Operation *op : made)
      builder.clone(*op, mapping);
    for (Operation &op : tasks.getBody()->without_terminator())
      builder.clone(op, mapping);
    func::ReturnOp::create(builder, loc);
    return function;
  }

  func::FuncOp kernel;
  scf::ParallelOp tasks;
  llvm::SetVector<Value> arguments;
  llvm::SetVector<Operation *> made;
};

struct OutlineTasks : sinter::passes::impl::OutlineTasksBase<OutlineTasks> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<std::pair<func::FuncOp, scf::ParallelOp>> found;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      kernel.walk([&](scf::ParallelOp tasks) {
        found.push_back({kernel, tasks});
      });
    for (auto [kernel, tasks] : found)
      Outliner(kernel, tasks).run(symbols);
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createOutlineTasksPass() {
  return std::make_unique<OutlineTasks>();
}
