//===- KeepConvolutions.cpp - convolutions that stay whole ----------------===//
//
// `simplified` makes windows and contractions of convolutions, in which oneDNN
// would not find them again.  Those that it is to compute are marked before.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"
#include "passes/library/CostModel.h"
#include "passes/library/Describe.h"
#include "passes/library/OneDnn.h"
#include "passes/library/Stage.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace sinter::passes {
#define GEN_PASS_DEF_KEEPCONVOLUTIONS
#include "passes/library/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// As the kernel will see it that is made of the convolution and of what index
/// maps stand before it.
static Description describeAlone(ConvOp op) {
  Block kernel;
  IRMapping mapping;
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToEnd(&kernel);
  auto take = [&](auto &take, Value value) -> void {
    Operation *made = value.getDefiningOp();
    if (mapping.contains(value))
      return;
    if (!made || !made->hasTrait<ir::Movement>() || isa<ReshapeOp>(made)) {
      mapping.map(value, kernel.addArgument(value.getType(), value.getLoc()));
      return;
    }
    for (Value operand : made->getOperands())
      take(take, operand);
    builder.clone(*made, mapping);
  };
  for (Value operand : op->getOperands())
    take(take, operand);
  Description description = describe(cast<ConvOp>(builder.clone(*op, mapping)));
  // Nothing of the block outlives it.
  description.operands.clear();
  description.ops.clear();
  description.result = {};
  return description;
}

namespace {
struct KeepConvolutions : passes::impl::KeepConvolutionsBase<KeepConvolutions> {
  explicit KeepConvolutions(std::string path = {}) : path(std::move(path)) {}

  void runOnOperation() override {
    Options options = Options::of(getOperation());
    if (options.library.empty() || options.optLevel == 0)
      return;
    llvm::Expected<OneDnn> library = OneDnn::load(path);
    if (!library) {
      getOperation().emitError(llvm::toString(library.takeError()));
      return signalPassFailure();
    }
    bool all = options.library != onednnName;
    getOperation().walk([&](ConvOp op) {
      Description description = describeAlone(op);
      if (!description.refusal.empty())
        return;
      OneDnn::Answer answer = library->ask(description.call);
      if (!answer.refusal.empty())
        return;
      // Before fusion: whatever is pointwise would join it.
      bool hasTail = llvm::any_of(op->getUsers(), [](Operation *user) {
        return user->hasTrait<ir::Pointwise>();
      });
      Surroundings around = {hasTail, /*isConstant=*/false,
                             answer.isReference()};
      if (all || expect(description.call, around, TargetFacts::of(op)).wins)
        op->setAttr(libraryAttr, StringAttr::get(&getContext(), onednnName));
    });
  }

  std::string path;
};
} // namespace

std::unique_ptr<Pass> passes::createKeepConvolutionsPass(std::string oneDnn) {
  return std::make_unique<KeepConvolutions>(std::move(oneDnn));
}
