//===- PackConstants.cpp - constant operands as kernels read them ---------===//
//
// A contraction whose B is a large constant of the entry (frozen weights) takes
// it as panels, rearranged here, so that it is read in one run and nothing is
// packed in the call.  The kernel says by index maps what its argument is (see
// compiler/ir/Panels.h).  Kernels that want the same panels of a constant share
// them; a constant that nobody reads as it was is gone.
//
// Where some calls of a kernel give a constant and others do not, those that do
// get a kernel of their own.  The bodies of scans see constants as invariants.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/PackConstants.h"

#include "compiler/ir/ContractionTiling.h"
#include "compiler/ir/Panels.h"
#include "passes/fuse/OpKinds.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace sinter::passes {
#define GEN_PASS_DEF_PACKCONSTANTS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
/// How one kernel wants its constant B.
struct Wish {
  DotGeneralOp dot;
  ContractionForm form;
  int64_t width;
  unsigned argument() const { return form.rhs->argument.getArgNumber(); }
};
} // namespace

/// The argument's only use is the way to the contraction.
static bool isReadByContractionAlone(DotGeneralOp dot, BlockArgument argument) {
  Value value = dot.getRhs();
  while (value != argument) {
    if (!value.hasOneUse())
      return false;
    value = value.getDefiningOp()->getOperand(0);
  }
  return argument.hasOneUse();
}

static std::optional<Wish> getWish(KernelOp kernel, const TargetFacts &target) {
  DotGeneralOp dot = findContraction(kernel);
  if (!dot)
    return std::nullopt;
  ContractionForm form = ContractionForm::of(dot);
  if (!form.rhs || !isReadByContractionAlone(dot, form.rhs->argument))
    return std::nullopt;
  Type element = getElementTypeOrSelf(dot.getRhs().getType());
  if (element.getIntOrFloatBitWidth() % 8 != 0)
    return std::nullopt;
  ContractionTiling tiling = ContractionTiling::choose(dot, target);
  int64_t width = tiling.vectors * tiling.lanes;
  if (tiling.lanes <= 1)
    return std::nullopt;
  // Padding, and what maps repeat, must not make much more of it; of one
  // column, as it lies, all is read already; and few elements stand in kernels.
  RankedTensorType panels = Panels::getType(dot, form, width);
  if (form.n == 1 ||
      getByteSize(panels) > 2 * getByteSize(form.rhs->argument.getType()) ||
      panels.getNumElements() <= smallConstantElements)
    return std::nullopt;
  return Wish{dot, std::move(form), width};
}

/// The entry's constant that a value is, unchanged but for its shape.
static ConstantOp findConstant(Value value) {
  while (true) {
    if (auto reshape = value.getDefiningOp<ReshapeOp>()) {
      value = reshape.getOperand();
      continue;
    }
    if (auto constant = value.getDefiningOp<ConstantOp>())
      return kindOf(constant) == OpKind::Free ? constant : ConstantOp();
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument)
      return nullptr;
    auto scan = dyn_cast<ScanOp>(argument.getOwner()->getParentOp());
    unsigned number = argument.getArgNumber();
    if (!scan || scan.getInvariantArgs().empty() ||
        number < scan.getInvariantArgs().front().getArgNumber())
      return nullptr;
    value =
        scan.getInvariants()[number -
                             scan.getInvariantArgs().front().getArgNumber()];
  }
}

static ArrayRef<char> getBytes(ElementsAttr value) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.getRawData();
  return cast<DenseResourceElementsAttr>(value)
      .getRawHandle()
      .getBlob()
      ->getData();
}

/// Calls body(offset) with Σ index·stride for all indices in row-major order.
static void walkOffsets(const StridedDims &dims, size_t depth, int64_t offset,
                        llvm::function_ref<void(int64_t)> body) {
  if (depth == dims.extents.size())
    return body(offset);
  for (int64_t i = 0; i < dims.extents[depth]; ++i)
    walkOffsets(dims, depth + 1, offset + i * dims.strides[depth], body);
}

static std::vector<int64_t> getOffsets(const StridedDims &dims) {
  std::vector<int64_t> offsets;
  walkOffsets(dims, 0, 0, [&](int64_t offset) { offsets.push_back(offset); });
  return offsets;
}

/// Copies elements, of which the source is read through the view.
template <typename Element>
static void pack(const Wish &wish, const char *from, char *to) {
  const ContractionForm &form = wish.form;
  std::vector<int64_t> batches = getOffsets(form.rhsBatch),
                       rows = getOffsets(form.rhsK),
                       columns = getOffsets(form.rhsN);
  auto *source = reinterpret_cast<const Element *>(from) + form.rhs->offset;
  auto *target = reinterpret_cast<Element *>(to);
  for (int64_t batch : batches)
    for (int64_t first = 0; first < form.n; first += wish.width)
      for (int64_t row : rows) {
        for (int64_t j = first; j < std::min(first + wish.width, form.n); ++j)
          target[j - first] = source[batch + row + columns[j]];
        target += wish.width;
      }
}

namespace {
struct PackConstants : passes::impl::PackConstantsBase<PackConstants> {
  /// What tells panels of one constant from others.
  using Layout = std::vector<int64_t>;
  llvm::DenseMap<Attribute, std::map<Layout, ElementsAttr>> packed;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (Options::of(module).optLevel == 0)
      return;
    TargetFacts target = TargetFacts::of(module);
    llvm::MapVector<StringAttr, SmallVector<CallOp>> calls;
    module.walk([&](CallOp call) {
      calls[call.getKernelAttr().getAttr()].push_back(call);
    });
    SymbolTable symbols(module);
    for (auto &[name, users] : calls) {
      auto kernel = symbols.lookup<KernelOp>(name);
      std::optional<Wish> wish = getWish(kernel, target);
      if (!wish)
        continue;
      SmallVector<std::pair<CallOp, ConstantOp>> constant;
      for (CallOp call : users)
        if (ConstantOp op = findConstant(call.getOperand(wish->argument())))
          constant.emplace_back(call, op);
      if (constant.empty())
        continue;
      if (constant.size() < users.size()) {
        auto own = cast<KernelOp>(kernel->clone());
        own.setSymName((name.getValue() + "_packed").str());
        symbols.insert(own, std::next(kernel->getIterator()));
        kernel = own;
        wish = getWish(kernel, target);
      }
      for (auto [call, op] : constant)
        replaceOperand(call, op, *wish, kernel.getSymNameAttr());
      replaceArgument(kernel, *wish);
    }
    module.walk([](ScanOp scan) { dropUnusedInvariants(scan); });
    module->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isa<ConstantOp, ReshapeOp>(op) && op->use_empty())
        op->erase();
    });
  }

  ElementsAttr getPanels(ConstantOp constant, const Wish &wish) {
    const ContractionForm &form = wish.form;
    Layout layout = {wish.width, form.rhs->offset};
    for (const StridedDims *dims : {&form.rhsBatch, &form.rhsK, &form.rhsN}) {
      layout.push_back(static_cast<int64_t>(dims->extents.size()));
      layout.insert(layout.end(), dims->extents.begin(), dims->extents.end());
      layout.insert(layout.end(), dims->strides.begin(), dims->strides.end());
    }
    ElementsAttr &panels = packed[constant.getValue()][layout];
    if (panels)
      return panels;
    RankedTensorType type = Panels::getType(wish.dot, form, wish.width);
    std::vector<char> bytes(getByteSize(type));
    const char *from = getBytes(constant.getValue()).data();
    size_t elementBytes = type.getElementTypeBitWidth() / 8;
    (elementBytes == 8   ? pack<uint64_t>
     : elementBytes == 4 ? pack<uint32_t>
     : elementBytes == 2 ? pack<uint16_t>
                         : pack<uint8_t>)(wish, from, bytes.data());
    if (isa<DenseElementsAttr>(constant.getValue())) {
      auto packedDense = DenseElementsAttr::getFromRawBuffer(type, bytes);
      panels = packedDense;
      // A part of equal elements: entries have no splats.
      if (!packedDense.isSplat())
        return panels;
    }
    auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    StringRef name = resource ? resource.getRawHandle().getKey() : "constant";
    panels = DenseResourceElementsAttr::get(
        type, (name + ".panels").str(),
        HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, elementBytes));
    return panels;
  }

  /// The constant as a value that ops of this block can read.
  static Value bringInto(Block *block, Value constant) {
    auto scan = dyn_cast<ScanOp>(block->getParentOp());
    if (!scan || constant.getParentBlock() == block)
      return constant;
    Value outside = bringInto(scan->getBlock(), constant);
    for (auto [value, argument] :
         llvm::zip(scan.getInvariants(), scan.getInvariantArgs()))
      if (value == outside)
        return argument;
    scan.getInvariantsMutable().append(outside);
    return block->addArgument(outside.getType(), outside.getLoc());
  }

  void replaceOperand(CallOp call, ConstantOp constant, const Wish &wish,
                      StringAttr kernel) {
    ElementsAttr panels = getPanels(constant, wish);
    // Behind the constant, for other calls of its block to find.
    auto next = dyn_cast_or_null<ConstantOp>(constant->getNextNode());
    while (next && next.getValue() != panels)
      next = dyn_cast_or_null<ConstantOp>(next->getNextNode());
    if (!next) {
      OpBuilder builder(constant->getContext());
      builder.setInsertionPointAfter(constant);
      next = ConstantOp::create(builder, constant.getLoc(), panels.getType(),
                                panels);
    }
    call->setOperand(wish.argument(), bringInto(call->getBlock(), next));
    call.setKernelAttr(FlatSymbolRefAttr::get(kernel));
  }

  static void replaceArgument(KernelOp kernel, const Wish &wish) {
    DotGeneralOp dot = wish.dot;
    unsigned number = wish.argument();
    Operation *old = dot.getRhs().getDefiningOp();
    OpBuilder builder(dot);
    BlockArgument argument = kernel.getArgument(number);
    RankedTensorType type = Panels::getType(dot, wish.form, wish.width);
    argument.setType(type);
    auto types = llvm::to_vector(kernel.getArgumentTypes());
    types[number] = type;
    kernel.setFunctionType(
        FunctionType::get(kernel.getContext(), types, kernel.getResultTypes()));
    Value unpacked = Panels::unpack(builder, dot, wish.form, argument);
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

std::unique_ptr<Pass> passes::createPackConstantsPass() {
  return std::make_unique<PackConstants>();
}
