//===- ShareTasks.cpp - tasks that the host's threads take ----------------===//

#include "compiler/target/ShareTasks.h"

#include "compiler/ir/LibraryPrimitive.h"
#include "compiler/ir/TaskCost.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace sinter;

/// On the function that shares a region's tasks: how many there are, and the
/// function of one.
static constexpr StringLiteral countAttrName = "sinter.tasks";
static constexpr StringLiteral ofAttrName = "sinter.tasks_of";

LLVM::LLVMStructType target::getCallType(MLIRContext *context) {
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(
      context, {pointer, pointer, IntegerType::get(context, 32), pointer});
}

//===----------------------------------------------------------------------===//
// Before the conversions
//===----------------------------------------------------------------------===//

namespace {
struct RequestTasks : PassWrapper<RequestTasks, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RequestTasks)
  StringRef getArgument() const override { return "sinter-request-tasks"; }
  StringRef getDescription() const override {
    return "turn scf.parallel around a task into a call";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<func::FuncDialect, LLVM::LLVMDialect>();
  }

  /// The function's last argument, new, for the entry's call.
  static Value addCall(func::FuncOp function) {
    unsigned number = function.getNumArguments();
    Type pointer = LLVM::LLVMPointerType::get(function.getContext());
    (void)function.insertArgument(number, pointer, {}, function.getLoc());
    return function.getArgument(number);
  }

  /// Calls @<task>s(operands, call) in place of the loop.
  LogicalResult request(scf::ParallelOp tasks, Value call,
                        SymbolTable &symbols) {
    func::CallOp inner;
    for (Operation &op : tasks.getBody()->without_terminator())
      inner = dyn_cast<func::CallOp>(op);
    auto task = inner ? symbols.lookup<func::FuncOp>(inner.getCallee())
                      : func::FuncOp();
    APInt count;
    if (!task || !task->hasAttr(ir::taskAttrName) || tasks.getNumLoops() != 1 ||
        tasks.getNumResults() != 0 ||
        !llvm::hasSingleElement(tasks.getBody()->without_terminator()) ||
        inner.getOperands().empty() ||
        inner.getOperands().back() != tasks.getInductionVars().front() ||
        llvm::is_contained(inner.getOperands().drop_back(),
                           tasks.getInductionVars().front()) ||
        !matchPattern(tasks.getLowerBound().front(), m_Zero()) ||
        !matchPattern(tasks.getStep().front(), m_One()) ||
        !matchPattern(tasks.getUpperBound().front(), m_ConstantInt(&count)) ||
        count.getSExtValue() < 1 || count.getSExtValue() > ir::mostTasks)
      return tasks.emitOpError("must count from 0 to at most ")
             << ir::mostTasks << " and hold one call of a function marked '"
             << ir::taskAttrName << "' that takes its number last";
    OpBuilder builder(tasks);
    SmallVector<Value> operands(inner.getOperands().drop_back());
    operands.push_back(call);
    OpBuilder atEnd(task);
    auto sharing = func::FuncOp::create(
        atEnd, task.getLoc(), (task.getSymName() + "s").str(),
        builder.getFunctionType(TypeRange(ValueRange(operands)), TypeRange()));
    sharing.setPrivate();
    sharing->setAttr(countAttrName,
                     builder.getI64IntegerAttr(count.getSExtValue()));
    sharing->setAttr(ofAttrName, FlatSymbolRefAttr::get(task));
    symbols.insert(sharing);
    func::CallOp::create(builder, tasks.getLoc(), sharing, operands);
    tasks.erase();
    return success();
  }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    // A dump may have been given what only this pass may.
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (StringRef name : {countAttrName, ofAttrName})
        function->removeAttr(name);
    // Kernels with tasks, then who calls one.
    llvm::SetVector<Operation *> sharing;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<scf::ParallelOp> regions;
      SmallVector<func::CallOp> libraryCalls;
      function.walk([&](scf::ParallelOp op) { regions.push_back(op); });
      function.walk([&](func::CallOp op) {
        if (op.getCallee() == ir::onednnFunction)
          libraryCalls.push_back(op);
      });
      if (regions.empty() && libraryCalls.empty())
        continue;
      Value call = addCall(function);
      sharing.insert(function);
      for (func::CallOp op : libraryCalls)
        op.getOperandsMutable().append(call);
      for (scf::ParallelOp tasks : regions)
        if (failed(request(tasks, call, symbols)))
          return signalPassFailure();
    }
    if (auto library = symbols.lookup<func::FuncOp>(ir::onednnFunction)) {
      Type pointer = LLVM::LLVMPointerType::get(&getContext());
      (void)library.insertArgument(library.getNumArguments(), pointer, {},
                                   library.getLoc());
    }
    for (auto body : getOperation().getOps<func::FuncOp>()) {
      SmallVector<func::CallOp> calls;
      body.walk([&](func::CallOp call) {
        if (sharing.contains(symbols.lookup(call.getCallee())))
          calls.push_back(call);
      });
      if (calls.empty())
        continue;
      Value frame = addCall(body);
      body->setAttr(target::sharesAttrName, UnitAttr::get(&getContext()));
      for (func::CallOp call : calls)
        call.getOperandsMutable().append(frame);
    }
  }
};

//===----------------------------------------------------------------------===//
// After them
//===----------------------------------------------------------------------===//

struct RunTasks : PassWrapper<RunTasks, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RunTasks)
  StringRef getArgument() const override { return "sinter-run-tasks"; }
  StringRef getDescription() const override {
    return "ask the host to run tasks, or run them one after the other";
  }

  Type i32() { return IntegerType::get(&getContext(), 32); }
  Type i64() { return IntegerType::get(&getContext(), 64); }
  Type pointer() { return LLVM::LLVMPointerType::get(&getContext()); }
  static Value constant(OpBuilder &b, Location loc, Type type, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, type,
                                    b.getIntegerAttr(type, value));
  }
  static Value member(OpBuilder &b, Location loc, Type type, Value base,
                      int32_t number) {
    return LLVM::GEPOp::create(b, loc,
                               LLVM::LLVMPointerType::get(b.getContext()), type,
                               base, ArrayRef<LLVM::GEPArg>{0, number});
  }
  /// int body(void *data, int64_t i)
  LLVM::LLVMFunctionType bodyType() {
    return LLVM::LLVMFunctionType::get(i32(), {pointer(), i64()});
  }

  /// void run_tasks(call, n, body, data)
  LLVM::LLVMFuncOp makeRunner(Location loc, SymbolTable &symbols) {
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    auto runner = LLVM::LLVMFuncOp::create(
        b, loc, "run_tasks",
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                    {pointer(), i64(), pointer(), pointer()}));
    symbols.insert(runner);
    Block *start = runner.addEntryBlock(b);
    Value call = start->getArgument(0), count = start->getArgument(1),
          body = start->getArgument(2), data = start->getArgument(3);
    Block *share = b.createBlock(&runner.getBody());
    Block *ask = b.createBlock(&runner.getBody());
    Block *loop = b.createBlock(&runner.getBody());
    Value i = loop->addArgument(i64(), loc);
    Block *exit = b.createBlock(&runner.getBody());
    LLVM::LLVMStructType type = target::getCallType(&getContext());

    b.setInsertionPointToEnd(start);
    Value hook = LLVM::LoadOp::create(
        b, loc, pointer(), member(b, loc, type, call, target::ParallelFor));
    Value none = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, hook,
                                      LLVM::ZeroOp::create(b, loc, pointer()));
    Value zero = constant(b, loc, i64(), 0);
    LLVM::CondBrOp::create(b, loc, none, loop, ValueRange{zero}, share,
                           ValueRange{});

    // Once the host has failed nothing more is asked of it.
    b.setInsertionPointToEnd(share);
    Value place = member(b, loc, type, call, target::Status);
    Value before = LLVM::LoadOp::create(b, loc, i32(), place);
    Value works = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, before,
                                       constant(b, loc, i32(), 0));
    LLVM::CondBrOp::create(b, loc, works, ask, exit);

    b.setInsertionPointToEnd(ask);
    Value self = LLVM::LoadOp::create(b, loc, pointer(),
                                      member(b, loc, type, call, target::Self));
    auto hookType = LLVM::LLVMFunctionType::get(
        i32(), {pointer(), i64(), pointer(), pointer()});
    Value status =
        LLVM::CallOp::create(b, loc, hookType,
                             ValueRange{hook, self, count, body, data})
            .getResult();
    LLVM::StoreOp::create(b, loc, status, place);
    LLVM::BrOp::create(b, loc, exit);

    // There is at least one task.
    b.setInsertionPointToEnd(loop);
    LLVM::CallOp::create(b, loc, bodyType(), ValueRange{body, data, i});
    Value next = LLVM::AddOp::create(b, loc, i, constant(b, loc, i64(), 1));
    Value more =
        LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ult, next, count);
    LLVM::CondBrOp::create(b, loc, more, loop, ValueRange{next}, exit,
                           ValueRange{});
    b.setInsertionPointToEnd(exit);
    LLVM::ReturnOp::create(b, loc, ValueRange{});
    return runner;
  }

  /// The hook's body for one region: reads the task's arguments from `data`.
  LLVM::LLVMFuncOp makeBody(LLVM::LLVMFuncOp task, Type arguments,
                            SymbolTable &symbols) {
    Location loc = task.getLoc();
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    auto body = LLVM::LLVMFuncOp::create(
        b, loc, (task.getSymName() + "_body").str(), bodyType());
    symbols.insert(body);
    Block *block = body.addEntryBlock(b);
    b.setInsertionPointToEnd(block);
    SmallVector<Value> operands;
    for (auto [i, type] :
         llvm::enumerate(cast<LLVM::LLVMStructType>(arguments).getBody()))
      operands.push_back(LLVM::LoadOp::create(
          b, loc, type, member(b, loc, arguments, block->getArgument(0), i)));
    operands.push_back(block->getArgument(1));
    LLVM::CallOp::create(b, loc, task, operands);
    LLVM::ReturnOp::create(b, loc, constant(b, loc, i32(), 0));
    return body;
  }

  void define(LLVM::LLVMFuncOp sharing, int64_t count, LLVM::LLVMFuncOp task,
              LLVM::LLVMFuncOp runner, SymbolTable &symbols) {
    Location loc = sharing.getLoc();
    auto types = sharing.getFunctionType().getParams().drop_back();
    auto arguments = LLVM::LLVMStructType::getLiteral(&getContext(), types);
    LLVM::LLVMFuncOp body = makeBody(task, arguments, symbols);
    OpBuilder b(&getContext());
    Block *block = sharing.addEntryBlock(b);
    b.setInsertionPointToEnd(block);
    Value one = constant(b, loc, i64(), 1);
    Value data = LLVM::AllocaOp::create(b, loc, pointer(), arguments, one);
    for (auto [i, argument] :
         llvm::enumerate(block->getArguments().drop_back()))
      LLVM::StoreOp::create(b, loc, argument,
                            member(b, loc, arguments, data, i));
    Value address = LLVM::AddressOfOp::create(b, loc, body);
    LLVM::CallOp::create(b, loc, runner,
                         ValueRange{block->getArguments().back(),
                                    constant(b, loc, i64(), count), address,
                                    data});
    LLVM::ReturnOp::create(b, loc, ValueRange{});
    sharing->removeAttr(countAttrName);
    sharing->removeAttr(ofAttrName);
  }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    LLVM::LLVMFuncOp runner;
    for (auto sharing : llvm::make_early_inc_range(
             getOperation().getOps<LLVM::LLVMFuncOp>())) {
      auto count = sharing->getAttrOfType<IntegerAttr>(countAttrName);
      auto of = sharing->getAttrOfType<FlatSymbolRefAttr>(ofAttrName);
      if (!count || !of || !sharing.isExternal())
        continue;
      if (!runner)
        runner = makeRunner(getOperation().getLoc(), symbols);
      define(sharing, count.getInt(),
             symbols.lookup<LLVM::LLVMFuncOp>(of.getValue()), runner, symbols);
    }
  }
};
} // namespace

std::unique_ptr<Pass> target::createRequestTasksPass() {
  return std::make_unique<RequestTasks>();
}
std::unique_ptr<Pass> target::createRunTasksPass() {
  return std::make_unique<RunTasks>();
}
