//===- ImageRoles.h - which dimensions are channels -------------*- C++ -*-===//
//
// A convolution says of its image and its result which dimension counts
// samples and which one channels.  From there the roles go through every op
// that carries dimensions along, up and down, as far as all agree.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_IMAGEROLES_H
#define SINTER_PASSES_SIMPLIFY_IMAGEROLES_H

#include "passes/simplify/CarriedDimensions.h"

namespace sinter::passes {

class ImageRoles {
public:
  explicit ImageRoles(mlir::Block &block);

  bool areAny() const { return !roles.empty(); }
  /// Samples, places, channels; as written where there are no channels.
  Order channelsLast(mlir::Value value) const;
  /// Whether values around the op disagree about the roles.
  bool disagree(mlir::Operation *op) const { return disagreeing.contains(op); }
  /// Whether it is the derivative with respect to a kernel, which sees samples
  /// as channels, or shows that its operands.
  bool isOfKernel(mlir::Operation *op) const { return ofKernel.contains(op); }

private:
  /// A bit a dimension; values of more than these have no roles.
  struct Roles {
    uint32_t samples = 0, channels = 0;
  };
  static constexpr int64_t mostDimensions = 32;
  void set(mlir::Value value, Roles found);
  void spread(mlir::Operation *op);

  mlir::Block &block;
  llvm::DenseMap<mlir::Value, Roles> roles;
  llvm::DenseSet<mlir::Operation *> disagreeing, ofKernel;
  llvm::SmallVector<mlir::Value> fresh;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_IMAGEROLES_H
