//===- WantedPanels.cpp - the B that a kernel would rather have -----------===//

#include "passes/fuse/WantedPanels.h"

#include "passes/fuse/OpKinds.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

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

std::optional<WantedPanels> WantedPanels::of(KernelOp kernel,
                                             const TargetFacts &target) {
  DotGeneralOp dot = findContraction(kernel);
  if (!dot)
    return std::nullopt;
  ContractionForm form = ContractionForm::of(dot);
  if (!form.rhs || form.rhsHasBorder ||
      !isReadByContractionAlone(dot, form.rhs->argument))
    return std::nullopt;
  Type element = getElementTypeOrSelf(dot.getRhs().getType());
  if (element.getIntOrFloatBitWidth() % 8 != 0)
    return std::nullopt;
  ContractionTiling tiling = ContractionTiling::choose(dot, target);
  // Short rows that vectors take as they lie are panels already, and several
  // steps of a few columns are soon packed.
  if (tiling.lanes <= 1 || tiling.packsSteps() ||
      (!tiling.packsRhs() && form.shortRows()))
    return std::nullopt;
  WantedPanels wanted{dot, std::move(form), tiling};
  // Padding, and what maps repeat, must not make much more of it; of one
  // column, as it lies, all is read already; and few elements stand in kernels.
  RankedTensorType panels = wanted.getType();
  Type whole = wanted.form.rhs->argument.getType();
  if (wanted.form.n == 1 || getByteSize(panels) > 2 * getByteSize(whole) ||
      panels.getNumElements() <= smallConstantElements)
    return std::nullopt;
  return wanted;
}

std::vector<int64_t> WantedPanels::layout() const {
  std::vector<int64_t> layout = {width(), form.rhs->offset};
  for (const StridedDims *dims : {&form.rhsBatch, &form.rhsK, &form.rhsN}) {
    layout.push_back(static_cast<int64_t>(dims->extents.size()));
    layout.insert(layout.end(), dims->extents.begin(), dims->extents.end());
    layout.insert(layout.end(), dims->strides.begin(), dims->strides.end());
  }
  return layout;
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
static void pack(const WantedPanels &wanted, const char *from, char *to) {
  const ContractionForm &form = wanted.form;
  int64_t width = wanted.width();
  std::vector<int64_t> batches = getOffsets(form.rhsBatch),
                       rows = getOffsets(form.rhsK),
                       columns = getOffsets(form.rhsN);
  auto *source = reinterpret_cast<const Element *>(from) + form.rhs->offset;
  auto *target = reinterpret_cast<Element *>(to);
  for (int64_t batch : batches)
    for (int64_t first = 0; first < form.n; first += width)
      for (int64_t row : rows) {
        for (int64_t j = first; j < std::min(first + width, form.n); ++j)
          target[j - first] = source[batch + row + columns[j]];
        target += width;
      }
}

ElementsAttr ConstantPanels::get(ConstantOp constant,
                                 const WantedPanels &wanted) {
  ElementsAttr &panels = packed[constant.getValue()][wanted.layout()];
  if (panels)
    return panels;
  RankedTensorType type = wanted.getType();
  std::vector<char> bytes(getByteSize(type));
  const char *from = getBytes(constant.getValue()).data();
  size_t elementBytes = type.getElementTypeBitWidth() / 8;
  (elementBytes == 8   ? pack<uint64_t>
   : elementBytes == 4 ? pack<uint32_t>
   : elementBytes == 2 ? pack<uint16_t>
                       : pack<uint8_t>)(wanted, from, bytes.data());
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
