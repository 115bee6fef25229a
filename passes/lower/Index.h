//===- Index.h - where a lane reads: affine indices -------------*- C++ -*-===//
//
// An index is constant + Σ coefficient·symbol + lane·ℓ, ℓ being the number of
// the vector's lane.  Symbols are SSA values with known bounds (loop variables,
// quotients, indices read from memory).  Movement ops become arithmetic on such
// indices, and a load sees at once whether its lanes lie side by side, in one
// place, or anywhere.  Quotient and remainder of one division cancel when they
// are put together again, so a reshape of a reshape costs nothing.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_INDEX_H
#define SINTER_PASSES_LOWER_INDEX_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace sinter::passes {

struct Index {
  struct Term {
    unsigned symbol;
    int64_t coefficient;
    bool operator==(const Term &) const = default;
    auto operator<=>(const Term &) const = default;
  };
  int64_t constant = 0;
  /// How far the next lane is.
  int64_t lane = 0;
  /// By increasing symbol, coefficients not 0.
  std::vector<Term> terms;

  Index() = default;
  Index(int64_t constant) : constant(constant) {}

  bool isConstant() const { return lane == 0 && terms.empty(); }
  bool operator==(const Index &) const = default;
  auto operator<=>(const Index &) const = default;

  Index operator+(const Index &other) const;
  Index operator-(const Index &other) const { return *this + other * -1; }
  Index operator*(int64_t factor) const;
};
using Indices = std::vector<Index>;

/// Knows the symbols and emits what indices need: additions, divisions.  What
/// was emitted once is found again within the region that it dominates.
class IndexSpace {
public:
  IndexSpace(mlir::OpBuilder &builder)
      : builder(builder), location(builder.getUnknownLoc()) {}

  /// A symbol for `value`, of type index, or vector of index with one element
  /// a lane.  0 ≤ value < extent, and value is a multiple of `multiple`.
  Index symbol(mlir::Value value, int64_t extent, int64_t multiple = 1);

  /// Lanes of the vectors that indices are made for, and how many of them
  /// count: nothing is said of the indices of the others.
  void setLanes(int64_t count, int64_t counting) {
    lanes = count;
    active = counting;
  }
  int64_t getLanes() const { return lanes; }
  int64_t getActive() const { return active; }

  /// The location of what is emitted without being given one.
  void setLocation(mlir::Location loc) { location = loc; }

  /// Whether all lanes have one index.
  bool isUniform(const Index &index) const;
  /// Whether the index is uniform + lane·ℓ.
  bool isAffine(const Index &index) const;
  /// Whether the index of lane 0 is surely a multiple of `factor`.
  bool isMultiple(const Index &index, int64_t factor) const;
  /// Smallest and largest value over all lanes.
  std::pair<int64_t, int64_t> range(const Index &index) const;

  /// index div divisor and index mod divisor; index ≥ 0.
  std::pair<Index, Index> divide(const Index &index, int64_t divisor);
  /// Row-major place of `indices` in `shape`, and back.
  Index linearize(const Indices &indices, llvm::ArrayRef<int64_t> shape);
  Indices delinearize(const Index &place, llvm::ArrayRef<int64_t> shape);

  /// Splits off the part that all lanes share, such that the rest is in
  /// [0, m) and the shared part as well as `bound` are multiples of m.
  std::optional<std::pair<Index, Index>> split(const Index &index,
                                               int64_t bound) const;

  /// The index as a value of type index; of an affine index, that of lane 0.
  mlir::Value scalar(mlir::Location loc, const Index &index);
  /// One index a lane: vector<lanes x index>.
  mlir::Value vector(mlir::Location loc, const Index &index);
  /// scalar() if there is one lane, else vector().
  mlir::Value value(mlir::Location loc, const Index &index);

  /// Emitted values are kept until the scope they were made in is left.
  void enter();
  void leave();

private:
  struct Symbol {
    mlir::Value value;
    int64_t extent;
    int64_t multiple;
    bool perLane;
  };
  using DivisionKey = std::tuple<Index, int64_t, int64_t>;
  struct Scope {
    std::map<DivisionKey, std::pair<Index, Index>> divisions;
    std::map<std::pair<Index, int64_t>, mlir::Value> values;
  };
  Index emitDivision(const Index &index, int64_t divisor, bool perLane);

  mlir::OpBuilder &builder;
  mlir::Location location;
  int64_t lanes = 1, active = 1;
  std::vector<Symbol> symbols;
  /// What is known of remainders, beyond the sum of their terms.
  std::map<Index, std::pair<int64_t, int64_t>> ranges;
  std::vector<Scope> scopes = std::vector<Scope>(1);
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_INDEX_H
