//===- WantedPanels.h - the B that a kernel would rather have ---*- C++ -*-===//
//
// A contraction reads its right operand B fastest as panels of as many columns
// as its register tile has (compiler/ir/Panels.h).  This says of a kernel
// whether B could come as panels, and makes the panels of a constant.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_WANTEDPANELS_H
#define SINTER_PASSES_FUSE_WANTEDPANELS_H

#include "compiler/ir/ContractionTiling.h"
#include "compiler/ir/Panels.h"

#include <map>

namespace sinter::passes {

struct WantedPanels {
  ir::DotGeneralOp dot;
  ir::ContractionForm form;
  ir::ContractionTiling tiling;

  /// What the kernel's contraction wants, if it has one and B is an argument
  /// that nothing else of the kernel reads.
  static std::optional<WantedPanels> of(ir::KernelOp kernel,
                                        const ir::TargetFacts &target);

  /// Columns of a panel.
  int64_t width() const { return tiling.width(); }
  unsigned argument() const { return form.rhs->argument.getArgNumber(); }
  mlir::RankedTensorType getType() const {
    return ir::Panels::getType(dot, form, width());
  }
  /// Equal for equal panels of one tensor.
  std::vector<int64_t> layout() const;
};

/// Panels of constants; equal ones are one.
class ConstantPanels {
public:
  mlir::ElementsAttr get(ir::ConstantOp constant, const WantedPanels &wanted);

private:
  llvm::DenseMap<mlir::Attribute,
                 std::map<std::vector<int64_t>, mlir::ElementsAttr>>
      packed;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_WANTEDPANELS_H
