//===- Border.h - rows of zeros that nobody multiplies ----------*- C++ -*-===//
//
// A convolution's windows reach over the edge of their image.  Zeros stand
// there, and a product with one adds nothing: where the rows of a window are a
// loop of the sum, the loop is as long as there are rows, and the zeros are
// never stored.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_BORDER_H
#define SINTER_COMPILER_IR_BORDER_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// The zeros that windows of a padded image show, along one dimension of it.
/// Element `inside` of the window at `place` is the image's
/// place·stride + inside − low, if that is one of `extent`.
struct Border {
  /// Dimensions of the operand.
  int64_t place, inside;
  int64_t low, extent, stride;
  /// Elements of a window.
  int64_t size;

  /// Of `windows (pad %x)`, if the pad is along the outermost of several
  /// windowed dimensions only; also through transposes and broadcasts.
  static std::optional<Border> of(mlir::Value operand);
  /// Whether sums over the windows of this operand can leave the border out:
  /// the place is known outside of the tiles of the product.
  bool isLeftOut(DotGeneralOp dot, bool isRhs) const;
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_BORDER_H
