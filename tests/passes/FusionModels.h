//===- FusionModels.h - models as `simplified` leaves them ------*- C++ -*-===//
//
// Entries written out by hand, with sizes to choose: what fusion gets to see of
// a multilayer perceptron's training step and of a recurrent network.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_FUSIONMODELS_H
#define SINTER_TESTS_PASSES_FUSIONMODELS_H

#include <cstdint>
#include <string>
#include <vector>

namespace sinter::tests {

struct MlpSizes {
  int64_t batch = 128, inputs = 784, hidden1 = 256, hidden2 = 128, classes = 10;
};
/// Three dense layers, relu, cross-entropy, accuracy, Adam (@train) and the
/// classes' probabilities (@predict).
std::string mlpText(const MlpSizes &sizes);

/// h ← tanh(x·W + h·U + b) over `steps` steps, forward only, W's product
/// hoisted.
std::string recurrentText(int64_t steps, int64_t batch, int64_t width);

/// Adam of parameters of these shapes, their gradients being inputs.
std::string adamText(const std::vector<std::vector<int64_t>> &shapes);

} // namespace sinter::tests

#endif // SINTER_TESTS_PASSES_FUSIONMODELS_H
