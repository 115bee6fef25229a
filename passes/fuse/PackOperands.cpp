//===- PackOperands.cpp - operands as kernels read them, once -------------===//
//
// A contraction whose B stays the same takes it as panels of columns, so that
// it is read in one run and nothing is packed where the contraction runs.  The
// kernel says by index maps what its argument is (see compiler/ir/Panels.h).
//
//  * B is a large constant of the entry (frozen weights): rearranged here.
//  * B is an invariant of the scan that the call stands in: a kernel packs it
//    before the scan.
//
// Kernels that want the same panels of a value share them; a constant that
// nobody reads as it was is gone.  Where some calls of a kernel give such a B
// and others do not, those that do get a kernel of their own.  The bodies of
// scans see panels as invariants.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/PackOperands.h"

#include "compiler/ir/Boundaries.h"
#include "compiler/ir/Panels.h"
#include "passes/fuse/ExplainBoundaries.h"
#include "passes/fuse/OpKinds.h"
#include "passes/fuse/WantedPanels.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace sinter::passes {
#define GEN_PASS_DEF_PACKOPERANDS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
/// What an operand is, unchanged but for its shape, outside of the scans that
/// only hand it on.
struct Origin {
  Value value;
  /// How often those scans run what reads it.
  int64_t steps = 1;

  /// Whether panels are worth a kernel of their own: to fill them costs what a
  /// step loses that packs for itself, and less than several steps lose that
  /// read B as it lies.
  bool isReadOften(const ContractionTiling &tiling) const {
    constexpr int64_t severalSteps = 4;
    return steps > 1 && (tiling.packsRhs() || steps >= severalSteps);
  }
  /// The constant, if it is one that does not stand in kernels.
  ConstantOp constant() const {
    auto op = value.getDefiningOp<ConstantOp>();
    return op && kindOf(op) == OpKind::Free ? op : ConstantOp();
  }
};
} // namespace

static Origin originOf(Value value) {
  Origin origin{value};
  while (true) {
    if (auto reshape = origin.value.getDefiningOp<ReshapeOp>()) {
      origin.value = reshape.getOperand();
      continue;
    }
    auto argument = dyn_cast<BlockArgument>(origin.value);
    if (!argument)
      return origin;
    auto scan = dyn_cast<ScanOp>(argument.getOwner()->getParentOp());
    unsigned number = argument.getArgNumber();
    if (!scan || scan.getInvariantArgs().empty())
      return origin;
    unsigned first = scan.getInvariantArgs().front().getArgNumber();
    if (number < first)
      return origin;
    origin.value = scan.getInvariants()[number - first];
    // Many are enough to know.
    constexpr int64_t many = 1 << 20;
    origin.steps *= std::min<int64_t>(scan.getTripCount(), many);
    origin.steps = std::min(origin.steps, many);
  }
}

namespace {
struct PackOperands : passes::impl::PackOperandsBase<PackOperands> {
  /// What tells panels of one tensor from others.
  using Layout = std::vector<int64_t>;
  ConstantPanels constants;
  /// The values that were packed, and the kernels that do it.
  llvm::DenseMap<Value, std::map<Layout, Value>> packed;
  llvm::DenseMap<Type, std::map<Layout, KernelOp>> packers;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (Options::of(module).optLevel == 0)
      return;
    // Of another module, which may be gone.
    constants = {};
    packed.clear();
    packers.clear();
    TargetFacts target = TargetFacts::of(module);
    llvm::MapVector<StringAttr, SmallVector<CallOp>> calls;
    module.walk([&](CallOp call) {
      calls[call.getKernelAttr().getAttr()].push_back(call);
    });
    SymbolTable symbols(module);
    for (auto &[name, users] : calls) {
      auto kernel = symbols.lookup<KernelOp>(name);
      std::optional<WantedPanels> wanted = WantedPanels::of(kernel, target);
      if (!wanted)
        continue;
      SmallVector<std::pair<CallOp, Origin>> chosen;
      for (CallOp call : users) {
        Origin origin = originOf(call.getOperand(wanted->argument()));
        if (origin.constant() || origin.isReadOften(wanted->tiling))
          chosen.emplace_back(call, origin);
      }
      if (chosen.empty())
        continue;
      if (chosen.size() < users.size()) {
        auto own = cast<KernelOp>(kernel->clone());
        own.setSymName((name.getValue() + "_packed").str());
        symbols.insert(own, std::next(kernel->getIterator()));
        kernel = own;
        wanted = WantedPanels::of(kernel, target);
      }
      for (auto &[call, origin] : chosen) {
        Value panels = origin.constant()
                           ? panelsOf(origin.constant(), *wanted)
                           : panelsOf(origin.value, *wanted, symbols);
        call->setOperand(wanted->argument(),
                         bringInto(call->getBlock(), panels));
        call.setKernelAttr(FlatSymbolRefAttr::get(kernel.getSymNameAttr()));
      }
      replaceArgument(kernel, *wanted);
    }
    module.walk([](ScanOp scan) { dropUnusedInvariants(scan); });
    module->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isa<ConstantOp, ReshapeOp>(op) && op->use_empty())
        op->erase();
    });
  }

  Value panelsOf(ConstantOp constant, const WantedPanels &wanted) {
    ElementsAttr panels = constants.get(constant, wanted);
    // Behind the constant, for other calls of its block to find.
    auto next = dyn_cast_or_null<ConstantOp>(constant->getNextNode());
    while (next && next.getValue() != panels)
      next = dyn_cast_or_null<ConstantOp>(next->getNextNode());
    if (next)
      return next;
    OpBuilder builder(constant->getContext());
    builder.setInsertionPointAfter(constant);
    return ConstantOp::create(builder, constant.getLoc(), panels.getType(),
                              panels);
  }

  /// Packed where the value begins, so that every scan that wants it so may
  /// have it.
  Value panelsOf(Value value, const WantedPanels &wanted,
                 SymbolTable &symbols) {
    Value &panels = packed[value][wanted.layout()];
    if (panels)
      return panels;
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    KernelOp packer = packerFor(wanted, symbols);
    Type type = packer.getArgument(0).getType();
    Value source = value;
    if (source.getType() != type)
      source = ReshapeOp::create(builder, value.getLoc(), type, source);
    auto call =
        CallOp::create(builder, packer.getLoc(), packer.getResultTypes(),
                       FlatSymbolRefAttr::get(packer.getSymNameAttr()), source);
    if (getProducer(source))
      call->setAttr(boundariesAttr,
                    builder.getArrayAttr(builder.getStringAttr(
                        Explanation{wanted.dot, Refusal::Packed}.text())));
    return panels = call.getResult(0);
  }

  /// A kernel of what leads from the argument to B, and on to panels.
  KernelOp packerFor(const WantedPanels &wanted, SymbolTable &symbols) {
    BlockArgument argument = wanted.form.rhs->argument;
    KernelOp &packer = packers[argument.getType()][wanted.layout()];
    if (packer)
      return packer;
    DotGeneralOp dot = wanted.dot;
    auto kernel = dot->getParentOfType<KernelOp>();
    Location loc = dot.getLoc();
    OpBuilder builder(kernel);
    builder.setInsertionPointAfter(kernel);
    auto kind =
        builder.getNamedAttr("kind", builder.getStringAttr("pointwise"));
    packer = KernelOp::create(
        builder, loc, builder.getStringAttr(kernel.getSymName() + "_panels"),
        TypeAttr::get(
            builder.getFunctionType(argument.getType(), wanted.getType())),
        /*arg_attrs=*/nullptr, /*res_attrs=*/nullptr,
        builder.getDictionaryAttr(kind), /*overwrites=*/nullptr);
    Block &body = packer.getBody().emplaceBlock();
    IRMapping mapping;
    mapping.map(argument,
                body.addArgument(argument.getType(), argument.getLoc()));
    builder.setInsertionPointToStart(&body);
    SmallVector<Operation *> way;
    for (Value value = dot.getRhs(); value != argument;
         value = value.getDefiningOp()->getOperand(0))
      way.push_back(value.getDefiningOp());
    for (Operation *op : llvm::reverse(way))
      builder.clone(*op, mapping);
    ReturnOp::create(builder, loc,
                     Panels::pack(builder, dot, wanted.form,
                                  mapping.lookup(dot.getRhs()),
                                  wanted.width()));
    symbols.insert(packer);
    return packer;
  }

  /// The value as one that ops of this block can read.
  static Value bringInto(Block *block, Value value) {
    auto scan = dyn_cast<ScanOp>(block->getParentOp());
    if (!scan || value.getParentBlock() == block)
      return value;
    Value outside = bringInto(scan->getBlock(), value);
    for (auto [invariant, argument] :
         llvm::zip(scan.getInvariants(), scan.getInvariantArgs()))
      if (invariant == outside)
        return argument;
    scan.getInvariantsMutable().append(outside);
    return block->addArgument(outside.getType(), outside.getLoc());
  }

  static void replaceArgument(KernelOp kernel, const WantedPanels &wanted) {
    DotGeneralOp dot = wanted.dot;
    unsigned number = wanted.argument();
    Operation *old = dot.getRhs().getDefiningOp();
    OpBuilder builder(dot);
    BlockArgument argument = kernel.getArgument(number);
    RankedTensorType type = wanted.getType();
    argument.setType(type);
    auto types = llvm::to_vector(kernel.getArgumentTypes());
    types[number] = type;
    kernel.setFunctionType(
        FunctionType::get(kernel.getContext(), types, kernel.getResultTypes()));
    Value unpacked = Panels::unpack(builder, dot, wanted.form, argument);
    dot.getRhsMutable().assign(unpacked);
    while (old && old->use_empty()) {
      Operation *source = old->getOperand(0).getDefiningOp();
      old->erase();
      old = source;
    }
  }

  static void dropUnusedInvariants(ScanOp scan) {
    unsigned first = scan.getBody().getNumArguments() -
                     static_cast<unsigned>(scan.getInvariants().size());
    for (unsigned i = scan.getInvariants().size(); i-- > 0;)
      if (scan.getBody().getArgument(first + i).use_empty()) {
        scan.getBody().eraseArgument(first + i);
        scan.getInvariantsMutable().erase(i);
      }
  }
};
} // namespace

std::unique_ptr<Pass> passes::createPackOperandsPass() {
  return std::make_unique<PackOperands>();
}
