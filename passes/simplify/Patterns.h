//===- Patterns.h - the rewrites of sinter-canonicalize ---------*- C++ -*-===//
//
// Each function adds the patterns of the file of its name.  All are exact on
// every bit pattern (any nan standing for any other), and each makes the graph
// smaller or closer to the form that fusion looks for, so they come to an end.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_PATTERNS_H
#define SINTER_PASSES_SIMPLIFY_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace sinter::passes {

void addMovementPatterns(mlir::RewritePatternSet &patterns);
void addTransposePatterns(mlir::RewritePatternSet &patterns);
void addSlicePatterns(mlir::RewritePatternSet &patterns);
void addConcatenatePatterns(mlir::RewritePatternSet &patterns);
void addArithmeticPatterns(mlir::RewritePatternSet &patterns);
void addCastPatterns(mlir::RewritePatternSet &patterns);
void addContractionPatterns(mlir::RewritePatternSet &patterns);
void addWindowPatterns(mlir::RewritePatternSet &patterns);

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_PATTERNS_H
