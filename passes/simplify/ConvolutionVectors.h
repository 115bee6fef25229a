//===- ConvolutionVectors.h - what a convolution's vectors take -*- C++ -*-===//
//
// The choice that ExpandConvolutions.cpp follows: features, terms of a few
// features, or places of the result's rows.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_CONVOLUTIONVECTORS_H
#define SINTER_PASSES_SIMPLIFY_CONVOLUTIONVECTORS_H

#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"

namespace sinter::passes {

class ConvolutionVectors {
public:
  explicit ConvolutionVectors(ir::ConvOp op);

  /// The image as it lies, [C, S…, N], if places and samples are side by side
  /// in it: a kernel's gradient sees one that way.
  mlir::Value imageOfSamples();
  /// Whether vectors along rows of the result are so much fuller than vectors
  /// of features that it pays to turn the image, if it must be, and the result.
  bool fillAlongRows();
  /// Whether all rows of places are the columns of one product: short ones that
  /// nearly fill a vector each.  Of a product for each row, a border above and
  /// below can be left out.
  bool areRowsOfOneProduct();

private:
  /// How many terms of each of few features a vector takes (README.md of
  /// passes/lower): those of an image's row that lie side by side.
  int64_t stepsAtOnce();

  ir::ConvOp op;
  mlir::RankedTensorType kernel;
  int64_t spatial;
  ir::TargetFacts target;
  int64_t lanes;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_CONVOLUTIONVECTORS_H
