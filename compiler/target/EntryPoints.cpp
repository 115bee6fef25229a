//===- EntryPoints.cpp - the functions that a host calls ------------------===//
//
// The C interface gives an entry its arguments as an array of pointers; its
// body takes them one by one.  The exported function
//
//   i32 @mlp_train(ptr state, ptr args, ptr workspace, ptr host)
//
// checks, before anything is written, that no pointer it needs is NULL and
// that state and workspace are aligned, then calls the body.  `mlp_init` takes
// the seed itself in place of the array and puts it on the stack for its body.
// Of a body that traps, the last output is a flag on the stack too, which
// becomes a status and a report.
// A body whose kernels share tasks gets what it needs to know of the host in a
// struct on the stack; where the host or a library fails, that is the status.
// Kernels keep their names as local symbols, so that a profile shows them.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/EntryPoints.h"

#include "compiler/ir/HostNames.h"
#include "compiler/ir/LibraryPrimitive.h"
#include "compiler/ir/TaskCost.h"
#include "compiler/target/ShareTasks.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "sinter_runtime.h"

using namespace mlir;
using namespace sinter;

namespace {

/// Builds one exported function.
struct EntryPointBuilder {
  const ir::ModelDescription &model;
  const ir::EntryDescription &entry;
  LLVM::LLVMFuncOp body;
  OpBuilder b;
  Location loc;
  Block *exit = nullptr;
  /// Where a trap ends, once it was reported.
  Block *failed = nullptr;

  EntryPointBuilder(const ir::ModelDescription &model,
                    const ir::EntryDescription &entry, LLVM::LLVMFuncOp body)
      : model(model), entry(entry), body(body), b(body), loc(body.getLoc()) {}

  Type i32() { return b.getI32Type(); }
  Type i64() { return b.getI64Type(); }
  Type pointer() { return LLVM::LLVMPointerType::get(b.getContext()); }
  bool callsLibrary() {
    return bool(
        body->getParentOfType<ModuleOp>().lookupSymbol(ir::onednnFunction));
  }
  Value constant(Type type, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, type,
                                    b.getIntegerAttr(type, value));
  }

  /// Goes on in a new block unless `bad`, which returns `status`.
  void returnIf(Value bad, sinter_status status) {
    if (!bad)
      return;
    Block *next = b.createBlock(exit);
    b.setInsertionPointToEnd(next->getPrevNode());
    LLVM::CondBrOp::create(b, loc, bad, exit,
                           ValueRange{constant(i32(), status)}, next,
                           ValueRange{});
    b.setInsertionPointToEnd(next);
  }

  /// Whether any of `pointers` is NULL; no value if there are none.
  Value isAnyNull(ArrayRef<Value> pointers) {
    Value any;
    for (Value p : pointers) {
      Value null = LLVM::ZeroOp::create(b, loc, pointer());
      Value is = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, p, null);
      any = any ? LLVM::OrOp::create(b, loc, any, is).getResult() : is;
    }
    return any;
  }

  Value isAnyMisaligned(ArrayRef<Value> pointers) {
    Value bits;
    for (Value p : pointers) {
      Value address = LLVM::PtrToIntOp::create(b, loc, i64(), p);
      bits = bits ? LLVM::OrOp::create(b, loc, bits, address).getResult()
                  : address;
    }
    Value low = LLVM::AndOp::create(b, loc, bits,
                                    constant(i64(), SINTER_ALIGNMENT - 1));
    return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, low,
                                constant(i64(), 0));
  }

  Value member(Type type, Value base, int32_t number) {
    return LLVM::GEPOp::create(b, loc, pointer(), type, base,
                               ArrayRef<LLVM::GEPArg>{0, number});
  }

  /// What the body's kernels need to know of the host.
  Value makeCall(Block *start, Value host) {
    LLVM::LLVMStructType type = target::getCallType(b.getContext());
    Value call, null = LLVM::ZeroOp::create(b, loc, pointer());
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(start);
      call =
          LLVM::AllocaOp::create(b, loc, pointer(), type, constant(i64(), 1));
    }
    auto set = [&](target::CallMember number, Value value) {
      LLVM::StoreOp::create(b, loc, value, member(type, call, number));
    };
    set(target::ParallelFor, null);
    set(target::Status, constant(i32(), 0));
    set(target::Message, null);
    Block *next = b.createBlock(exit), *look = b.createBlock(next),
          *take = b.createBlock(next);
    auto from = [&](int32_t offset, Type of) {
      Value place = LLVM::GEPOp::create(b, loc, pointer(), b.getI8Type(), host,
                                        ArrayRef<LLVM::GEPArg>{offset});
      return LLVM::LoadOp::create(b, loc, of, place).getResult();
    };
    b.setInsertionPointToEnd(look->getPrevNode());
    LLVM::CondBrOp::create(
        b, loc,
        LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, host, null), next,
        look);
    b.setInsertionPointToEnd(look);
    constexpr int64_t end =
        offsetof(sinter_host, parallel_for) + sizeof(void *);
    LLVM::CondBrOp::create(
        b, loc,
        LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::uge,
                             from(offsetof(sinter_host, struct_size), i32()),
                             constant(i32(), end)),
        take, next);
    b.setInsertionPointToEnd(take);
    set(target::ParallelFor,
        from(offsetof(sinter_host, parallel_for), pointer()));
    set(target::Self, from(offsetof(sinter_host, self), pointer()));
    LLVM::BrOp::create(b, loc, next);
    b.setInsertionPointToEnd(next);
    return call;
  }

  /// host->report(host->self, status, message), if there is such a hook.
  void report(Value host, sinter_status status, Value message) {
    auto field = [&](Type type, int32_t offset) {
      Value place = LLVM::GEPOp::create(b, loc, pointer(), b.getI8Type(), host,
                                        ArrayRef<LLVM::GEPArg>{offset});
      return LLVM::LoadOp::create(b, loc, type, place).getResult();
    };
    auto ifSo = [&](Value condition) {
      Block *next = b.createBlock(failed);
      b.setInsertionPointToEnd(next->getPrevNode());
      LLVM::CondBrOp::create(b, loc, condition, next, failed);
      b.setInsertionPointToEnd(next);
    };
    auto isThere = [&](Value p) {
      Value null = LLVM::ZeroOp::create(b, loc, pointer());
      return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, p, null)
          .getResult();
    };
    ifSo(isThere(host));
    constexpr int64_t end = offsetof(sinter_host, report) + sizeof(void *);
    ifSo(LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::uge,
                              field(i32(), offsetof(sinter_host, struct_size)),
                              constant(i32(), end)));
    Value hook = field(pointer(), offsetof(sinter_host, report));
    ifSo(isThere(hook));
    Value self = field(pointer(), offsetof(sinter_host, self));
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(b.getContext()), {pointer(), i32(), pointer()});
    LLVM::CallOp::create(
        b, loc, type, ValueRange{hook, self, constant(i32(), status), message});
    LLVM::BrOp::create(b, loc, failed);
  }

  Value makeText(StringRef text) {
    std::string name = ir::getEntrySymbol(model.name, entry.name) + "_report";
    return LLVM::createGlobalString(loc, b, name, text.str() + '\0',
                                    LLVM::Linkage::Private);
  }

  /// Goes on in a new block unless `isBad`; then reports the text that
  /// `message` makes, and returns `status`.
  void reportIf(Value isBad, Value host, sinter_status status,
                llvm::function_ref<Value()> message) {
    Block *bad = b.createBlock(exit);
    failed = b.createBlock(exit);
    Block *after = b.createBlock(exit);
    b.setInsertionPointToEnd(bad->getPrevNode());
    LLVM::CondBrOp::create(b, loc, isBad, bad, after);
    b.setInsertionPointToEnd(failed);
    LLVM::BrOp::create(b, loc, ValueRange{constant(i32(), status)}, exit);
    b.setInsertionPointToEnd(bad);
    report(host, status, message());
    b.setInsertionPointToEnd(after);
  }

  void build() {
    bool isInit = entry.name == "init";
    size_t numArgs = entry.inputs.size() + entry.outputs.size();
    auto type = LLVM::LLVMFunctionType::get(
        i32(), {pointer(), isInit ? i64() : pointer(), pointer(), pointer()});
    auto function = LLVM::LLVMFuncOp::create(
        b, loc, ir::getEntrySymbol(model.name, entry.name), type);
    Block *start = function.addEntryBlock(b);
    exit = b.createBlock(&function.getBody());
    exit->addArgument(i32(), loc);
    LLVM::ReturnOp::create(b, loc, exit->getArguments());
    b.setInsertionPointToEnd(start);

    Value state = start->getArgument(0), args = start->getArgument(1),
          workspace = start->getArgument(2);
    SmallVector<Value> needed;
    if (model.stateBytes > 0)
      needed.push_back(state);
    if (!isInit && numArgs > 0)
      needed.push_back(args);
    if (entry.workspaceBytes > 0)
      needed.push_back(workspace);
    returnIf(isAnyNull(needed), SINTER_NULL_POINTER);

    SmallVector<Value> operands = {state};
    if (isInit) {
      Value seed =
          LLVM::AllocaOp::create(b, loc, pointer(), i64(), constant(i64(), 1));
      LLVM::StoreOp::create(b, loc, args, seed);
      operands.push_back(seed);
    } else {
      for (size_t k = 0; k != numArgs; ++k) {
        Value place = LLVM::GEPOp::create(b, loc, pointer(), pointer(), args,
                                          ArrayRef<LLVM::GEPArg>{int32_t(k)});
        operands.push_back(LLVM::LoadOp::create(b, loc, pointer(), place));
      }
      returnIf(isAnyNull(ArrayRef(operands).drop_front()), SINTER_NULL_POINTER);
    }
    returnIf(isAnyMisaligned({state, workspace}), SINTER_MISALIGNED);
    Value fault;
    if (entry.traps) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(start);
      fault = LLVM::AllocaOp::create(b, loc, pointer(), b.getI8Type(),
                                     constant(i64(), 1));
      operands.push_back(fault);
    }
    operands.push_back(workspace);
    Value call;
    if (body->hasAttr(target::sharesAttrName)) {
      call = makeCall(start, start->getArgument(3));
      operands.push_back(call);
    }
    LLVM::CallOp::create(b, loc, body, operands);
    if (call && callsLibrary()) {
      Value message = LLVM::LoadOp::create(
          b, loc, pointer(),
          member(target::getCallType(b.getContext()), call, target::Message));
      Value null = LLVM::ZeroOp::create(b, loc, pointer());
      reportIf(
          LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, message, null),
          start->getArgument(3), SINTER_LIBRARY_FAILED,
          [&] { return message; });
    }
    if (call) {
      Value status = LLVM::LoadOp::create(
          b, loc, i32(),
          member(target::getCallType(b.getContext()), call, target::Status));
      returnIf(LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, status,
                                    constant(i32(), 0)),
               SINTER_HOST_FAILED);
    }
    if (entry.traps) {
      Value flag = LLVM::LoadOp::create(b, loc, b.getI8Type(), fault);
      Value isBad = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, flag,
                                         constant(b.getI8Type(), 0));
      reportIf(isBad, start->getArgument(3), SINTER_INDEX_OUT_OF_RANGE, [&] {
        return makeText(entry.name +
                        ": an index is out of range; the state is unchanged");
      });
    }
    LLVM::BrOp::create(b, loc, ValueRange{constant(i32(), SINTER_OK)}, exit);
  }
};

struct MakeEntryPoints : PassWrapper<MakeEntryPoints, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MakeEntryPoints)
  StringRef getArgument() const override { return "sinter-make-entry-points"; }
  StringRef getDescription() const override {
    return "add the exported functions that check pointers and call bodies";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect>();
  }

  /// Renames functions of ours that have the name of an exported symbol: in
  /// the model `train` with the entry `dense_matmul`, say.
  LogicalResult makeWay(const ir::ModelDescription &model) {
    SymbolTable symbols(getOperation());
    SmallVector<std::string> exported = {ir::getModelSymbol(model.name)};
    for (const ir::EntryDescription &entry : model.entries)
      exported.push_back(ir::getEntrySymbol(model.name, entry.name));
    for (StringRef name : exported) {
      Operation *clash = symbols.lookup(name);
      if (!clash)
        continue;
      if (auto function = dyn_cast<LLVM::LLVMFuncOp>(clash);
          function && function.isExternal())
        return clash->emitError("the model exports '")
               << name << "', which its code calls as a function of the C "
               << "library: choose another name for the model or the entry";
      std::string other;
      for (int n = 2; other.empty() || symbols.lookup(other) ||
                      is_contained(exported, other);
           ++n)
        other = (name + "_" + Twine(n)).str();
      if (failed(symbols.rename(clash, other)))
        return failure();
    }
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<ir::ModelDescription> model = ir::ModelDescription::of(module);
    if (failed(model))
      return signalPassFailure();

    if (failed(makeWay(*model)))
      return signalPassFailure();
    llvm::StringMap<LLVM::LLVMFuncOp> bodies;
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal())
        continue;
      function.setLinkage(LLVM::Linkage::Internal);
      function.setDsoLocal(true);
      // A kernel stays a function of its own: its name is what a profile shows.
      if (function->hasAttr("schedule") || function->hasAttr(ir::taskAttrName))
        function.setNoInline(true);
      if (auto entry = function->getAttrOfType<StringAttr>("sinter.entry"))
        bodies[entry] = function;
    }
    for (const ir::EntryDescription &entry : model->entries) {
      LLVM::LLVMFuncOp body = bodies.lookup(entry.name);
      size_t numArgs = 2 + entry.inputs.size() + entry.outputs.size() +
                       entry.traps +
                       (body && body->hasAttr(target::sharesAttrName));
      if (!body || body.getNumArguments() != numArgs) {
        module.emitError("entry '")
            << entry.name << "' has no body that takes state, "
            << entry.inputs.size() << " inputs, " << entry.outputs.size()
            << " outputs and workspace";
        return signalPassFailure();
      }
      EntryPointBuilder(*model, entry, body).build();
    }
  }
};
} // namespace

std::unique_ptr<Pass> target::createMakeEntryPointsPass() {
  return std::make_unique<MakeEntryPoints>();
}
