//===- ChooseLibrary.cpp - kernels that oneDNN computes -------------------===//
//
// A kernel's contraction or convolution, with what oneDNN's post-ops compute
// behind it, becomes a library_call in the same kernel, if oneDNN can do it and
// is expected to win (CostModel), or is asked to do all it can.  What it needs
// of memory, and whether it can at all, oneDNN itself is asked.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/TaskCost.h"
#include "passes/library/CostModel.h"
#include "passes/library/Describe.h"
#include "passes/library/OneDnn.h"
#include "passes/library/Stage.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace sinter::passes {
#define GEN_PASS_DEF_CHOOSELIBRARY
#include "passes/library/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// The kernel's contraction or convolution; null if it has none or several.
static Operation *findRoot(KernelOp kernel, int64_t &count) {
  Operation *root = nullptr;
  count = 0;
  for (Operation &op : kernel.getBody().front())
    if (isa<DotGeneralOp, ConvOp>(op)) {
      root = &op;
      ++count;
    }
  return root;
}

/// Whether every caller gives a constant for that argument.
static bool isConstant(KernelOp kernel, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  bool constant = argument != nullptr;
  kernel->getParentOfType<ModuleOp>().walk([&](CallOp call) {
    if (call.getKernel() == kernel.getSymName() && argument)
      constant &= bool(
          call.getOperand(argument.getArgNumber()).getDefiningOp<ConstantOp>());
  });
  return constant;
}

/// The ops of the description in the region of a call, and the call in their
/// place.
static void replace(Description &description, OpBuilder &builder) {
  Value last = description.result;
  builder.setInsertionPointAfterValue(last);
  auto call =
      LibraryCallOp::create(builder, last.getLoc(), last.getType(), onednnName,
                            toAttr(description.call, builder.getContext()),
                            description.operands.getArrayRef());
  last.replaceAllUsesWith(call.getResult());
  Block &body = call.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value operand : description.operands)
    mapping.map(operand, body.addArgument(operand.getType(), operand.getLoc()));
  OpBuilder inside = OpBuilder::atBlockEnd(&body);
  for (Operation *op : description.ops)
    inside.clone(*op, mapping);
  YieldOp::create(inside, last.getLoc(), mapping.lookup(last));
  for (Operation *op : llvm::reverse(description.ops))
    if (op->use_empty())
      op->erase();
}

namespace {
struct ChooseLibrary : passes::impl::ChooseLibraryBase<ChooseLibrary> {
  explicit ChooseLibrary(std::string path = {}) : path(std::move(path)) {}

  void runOnOperation() override {
    Options options = Options::of(getOperation());
    if (options.library.empty())
      return;
    llvm::Expected<OneDnn> library = OneDnn::load(path);
    if (!library) {
      getOperation().emitError(llvm::toString(library.takeError()));
      return signalPassFailure();
    }
    bool all = options.library != onednnName;
    for (auto kernel : getOperation().getOps<KernelOp>())
      if (std::optional<std::string> choice =
              choose(kernel, *library, all, options.optLevel))
        kernel->setAttr(libraryChoiceAttr,
                        StringAttr::get(&getContext(), *choice));
  }

  /// Who computes the kernel's contraction and why; nothing if it has none.
  std::optional<std::string> choose(KernelOp kernel, const OneDnn &library,
                                    bool all, int64_t optLevel) {
    int64_t count;
    Operation *root = findRoot(kernel, count);
    if (!root)
      return std::nullopt;
    if (optLevel == 0)
      return "Sinter: at -O0 all code is its own";
    if (count > 1)
      return "Sinter: several contractions in one kernel";
    auto dot = dyn_cast<DotGeneralOp>(root);
    Description description =
        dot ? describe(dot) : describe(cast<ConvOp>(root));
    if (!description.refusal.empty())
      return "Sinter: " + description.refusal;
    addPostOps(description);
    split(description.call, kernel);
    OneDnn::Answer answer = library.ask(description.call);
    if (!answer.refusal.empty())
      return "Sinter: " + answer.refusal;
    bool hasTail =
        !llvm::all_of(description.result.getUsers(),
                      [](Operation *op) { return isa<ReturnOp>(op); });
    Value weights = description.operands[description.call.rhs.buffer];
    Expectation expected =
        expect(description.call,
               {hasTail, isConstant(kernel, weights), answer.isReference()},
               TargetFacts::of(kernel));
    // A convolution that was kept whole was kept for this.
    if (!all && dot && !expected.wins)
      return "Sinter, which is expected to win: " + expected.reason;
    description.call.scratch_bytes = answer.scratchBytes;
    OpBuilder builder(&getContext());
    replace(description, builder);
    kernel.setScheduleAttr(builder.getDictionaryAttr(
        builder.getNamedAttr("kind", builder.getStringAttr("library"))));
    std::string who = "oneDNN (" + answer.implementation + ")";
    if (!expected.wins)
      return who + " as asked for, though Sinter is expected to win: " +
             expected.reason;
    return who + ", which is expected to win: " + expected.reason;
  }

  static void split(sinter_onednn_call &call, KernelOp kernel) {
    // As one product of matrices, [every place, channel].
    bool isMatmul = call.form == SINTER_ONEDNN_MATMUL;
    int64_t rank = call.result.rank, m = 1, k = 1;
    int64_t channels = isMatmul ? rank - 1 : 1;
    for (int64_t i = 0; i < rank; ++i)
      m *= i == channels ? 1 : call.result.dims[i];
    if (isMatmul)
      k = call.lhs.dims[call.lhs.rank - 1];
    else
      for (int64_t i = call.rhs.rank - call.space - 1; i < call.rhs.rank; ++i)
        k *= call.rhs.dims[i];
    TaskCost cost(kernel);
    splitIntoTasks(call,
                   cost.tasks(cost.ofProducts(1, m, call.result.dims[channels],
                                              k, sizeof(float))));
  }

  std::string path;
};
} // namespace

std::unique_ptr<Pass> passes::createChooseLibraryPass(std::string oneDnn) {
  return std::make_unique<ChooseLibrary>(std::move(oneDnn));
}
