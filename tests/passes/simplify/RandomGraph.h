//===- RandomGraph.h - graphs nobody wrote ----------------------*- C++ -*-===//

#ifndef SINTER_TESTS_PASSES_SIMPLIFY_RANDOMGRAPH_H
#define SINTER_TESTS_PASSES_SIMPLIFY_RANDOMGRAPH_H

#include "compiler/ir/Sinter.h"
#include <random>

namespace sinter::passes {

/// Adds ops at random to a growing pool of values of any type and shape: what
/// the patterns look for, in all the orders they do not expect.
class RandomGraph {
public:
  RandomGraph(mlir::OpBuilder &builder, uint32_t seed)
      : builder(builder), loc(builder.getUnknownLoc()), generator(seed) {}

  void add(mlir::Value value) { pool.push_back(value); }
  /// Adds a value by one op on values of the pool, or none if the draw fits
  /// nothing there.
  void grow();
  llvm::ArrayRef<mlir::Value> values() const { return pool; }
  int64_t below(int64_t n) { return static_cast<int64_t>(generator() % n); }

private:
  mlir::Value pick();
  /// A value of this type: of the pool, or a constant.
  mlir::Value pickLike(mlir::Value other);
  mlir::Value constant(mlir::RankedTensorType type);
  mlir::Value pointwise(mlir::Value x);
  mlir::Value movement(mlir::Value x);
  mlir::Value combination(mlir::Value x);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  std::mt19937 generator;
  std::vector<mlir::Value> pool;
};

/// An entry @f in a module, of values alone or with a scan over them.
std::string randomEntry(mlir::MLIRContext &context, uint32_t seed,
                        bool withScan);

} // namespace sinter::passes

#endif // SINTER_TESTS_PASSES_SIMPLIFY_RANDOMGRAPH_H
