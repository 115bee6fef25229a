//===- RandomGraphBuilder.h - one random model being made -------*- C++ -*-===//
//
// The values made so far, and a method for each family of ops that adds one
// more.  RandomGraph.cpp chooses among the families, RandomOps.cpp and
// RandomSums.cpp have them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_RANDOMGRAPHBUILDER_H
#define SINTER_TESTS_PASSES_RANDOMGRAPHBUILDER_H

#include "tests/passes/RandomGraph.h"

#include <cmath>
#include <random>

namespace sinter::tests {

class RandomGraphBuilder {
public:
  RandomGraphBuilder(uint32_t seed, const GraphOptions &options)
      : options(options), real(options.real), generator(seed) {}
  std::string make();

private:
  using Shape = std::vector<int64_t>;

  struct Value {
    std::string name;
    Shape shape;
    std::string element;
    /// For exact graphs: no element is larger.
    double bound = exactBound;

    std::string type() const;
    int64_t size() const;
  };
  static std::string list(const Shape &numbers);

  int pick(int count) { return static_cast<int>(generator() % count); }
  template <typename T> const T &oneOf(const std::vector<T> &choices) {
    return choices[pick(choices.size())];
  }
  Value fresh(Shape shape, std::string element, double bound = exactBound) {
    return {"%v" + std::to_string(next++), std::move(shape), std::move(element),
            bound};
  }
  Value add(Value value, const std::string &text);
  static bool isTooLarge(const Value &value);
  /// In an exact graph whose next op would reach `bound`, cuts its operands
  /// off.
  void keepExact(double bound, Value &a, Value *b = nullptr);
  /// `value` between ±exactBound, as text of ops that define `name`.
  std::string clampText(const std::string &name, const Value &value);

  /// Any value made so far; recent ones are likelier, so chains form.
  Value any();
  Value anyReal();
  /// A real of this shape, broadcast from a scalar if there is none.
  Value like(const Shape &shape);
  std::string realConstant(int number);

  void choose();
  void pointwise();
  void function();
  void integers();
  void movement();
  void broadcast();
  void reduction();
  void sequence();
  void contraction();
  void windows();
  void convolution();
  void indexing();
  void scan();
  void update(const std::vector<Value> &variables);

  GraphOptions options;
  std::string real;
  std::mt19937 generator;
  int next = 0;
  std::string body;
  std::vector<Value> values;
};

} // namespace sinter::tests

#endif // SINTER_TESTS_PASSES_RANDOMGRAPHBUILDER_H
