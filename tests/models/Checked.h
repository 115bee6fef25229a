//===- Checked.h - a DSL function against its formula -----------*- C++ -*-===//
//
// Compiles a function of some inputs and of the parameters that it makes, in
// f64, and compares values with a formula written in C++ and all derivatives
// with central differences of that formula: nothing of the compiler's own is
// the measure.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_MODELS_CHECKED_H
#define SINTER_TESTS_MODELS_CHECKED_H

#include <sinter/compile.h>
#include <sinter/sinter.h>

#include "gtest/gtest.h"

#include <optional>

namespace sinter::test {

using Numbers = std::vector<double>;

/// For the CPU that SINTER_TEST_CPU names; for this one if it names none.
CompileSettings testSettings();

/// `count` numbers of [-1, 1), the same for one seed.
Numbers randomNumbers(int64_t count, unsigned seed);

/// The function under test, of its inputs.
using Function =
    std::function<Tensor(Model &, const std::vector<Tensor> &inputs)>;
/// Its formula, of the inputs and, after them, the parameters in the order in
/// which they were made.
using Formula = std::function<Numbers(const std::vector<Numbers> &)>;

/// A function compiled as entries `value` (y) and `slopes`: the derivatives of
/// Σ w·y with respect to every input and parameter.
class Checked {
public:
  Checked(std::vector<std::vector<int64_t>> shapes, Function function);

  /// y; arguments are the inputs and, after them, the parameters.
  Numbers value(const std::vector<Numbers> &arguments);
  std::vector<Numbers> slopes(const std::vector<Numbers> &arguments,
                              const Numbers &weights);
  /// Elements of each input and parameter.
  const std::vector<int64_t> &sizes() const { return sizes_; }
  /// Random numbers for all of them.
  std::vector<Numbers> randomArguments(unsigned seed) const;

private:
  std::vector<Numbers> run(std::string_view entry,
                           const std::vector<Numbers> &arguments,
                           const Numbers *weights);

  std::vector<int64_t> sizes_;
  std::optional<Executable> executable;
};

/// Compares on random arguments.
void expectFormula(std::vector<std::vector<int64_t>> shapes, Function function,
                   Formula formula, double tolerance = 1e-12);

inline void expectNear(const Numbers &have, const Numbers &want,
                       double tolerance, const std::string &what) {
  ASSERT_EQ(have.size(), want.size()) << what;
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(have[i], want[i], tolerance * std::max(1.0, std::abs(want[i])))
        << what << ", element " << i;
}

} // namespace sinter::test

#endif // SINTER_TESTS_MODELS_CHECKED_H
