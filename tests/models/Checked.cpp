//===- Checked.cpp - a DSL function against its formula -------------------===//

#include "tests/models/Checked.h"
#include "sinter_runtime.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace sinter::test {

CompileSettings testSettings() {
  CompileSettings settings;
  if (const char *cpu = std::getenv("SINTER_TEST_CPU"))
    settings.cpu = cpu;
  return settings;
}

Numbers randomNumbers(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  Numbers numbers(count);
  for (double &number : numbers)
    number = (generator() >> 8) * 0x1p-23 - 1;
  return numbers;
}

namespace {

struct Described {
  std::vector<std::vector<int64_t>> shapes;
  Function function;
};
// A model's builder is a plain function.
Described described;

void build(Model &m) {
  auto inputsOf = [](Entry &e) {
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < described.shapes.size(); ++i)
      inputs.push_back(
          e.input("x" + std::to_string(i), f64, described.shapes[i]));
    return inputs;
  };
  // Both entries get their parameters in one place of the source.
  for (bool slopes : {false, true})
    m.entry(slopes ? "slopes" : "value", [&](Entry &e) {
      std::vector<Tensor> xs = inputsOf(e);
      Tensor y = described.function(m, xs);
      if (!slopes)
        return e.output("y", y);
      for (const Variable &parameter : m.trained())
        xs.push_back(parameter);
      Tensor weights = e.input("w", f64, y.shape());
      std::vector<Tensor> derivatives = gradient(sum(weights * y), xs);
      for (size_t i = 0; i < xs.size(); ++i)
        e.output("d" + std::to_string(i), derivatives[i]);
    });
}

} // namespace

Checked::Checked(std::vector<std::vector<int64_t>> shapes, Function function) {
  described = {std::move(shapes), std::move(function)};
  executable = compile({"checked", build, Place::current()}, testSettings());
  const sinter_model &model = executable->model();
  for (const auto &shape : described.shapes) {
    int64_t size = 1;
    for (int64_t extent : shape)
      size *= extent;
    sizes_.push_back(size);
  }
  for (int32_t i = 0; i < model.num_variables; ++i)
    sizes_.push_back(
        static_cast<int64_t>(model.variables[i].bytes / sizeof(double)));
}

std::vector<Numbers> Checked::randomArguments(unsigned seed) const {
  std::vector<Numbers> arguments;
  for (int64_t size : sizes_)
    arguments.push_back(randomNumbers(size, seed++));
  return arguments;
}

std::vector<Numbers> Checked::run(std::string_view name,
                                  const std::vector<Numbers> &arguments,
                                  const Numbers *weights) {
  const sinter_model &model = executable->model();
  size_t inputs = sizes_.size() - model.num_variables;
  for (int32_t i = 0; i < model.num_variables; ++i)
    std::memcpy(executable->state().data() + model.variables[i].offset,
                arguments[inputs + i].data(), model.variables[i].bytes);
  const sinter_entry *entry = model.entries;
  while (entry->name != name)
    ++entry;
  std::vector<const void *> pointers;
  for (size_t i = 0; i < inputs; ++i)
    pointers.push_back(arguments[i].data());
  if (weights)
    pointers.push_back(weights->data());
  std::vector<Numbers> results;
  for (int32_t i = 0; i < entry->num_outputs; ++i)
    results.emplace_back(entry->outputs[i].bytes / sizeof(double), NAN);
  for (Numbers &result : results)
    pointers.push_back(result.data());
  size_t bytes =
      (entry->workspace_bytes / SINTER_ALIGNMENT + 1) * SINTER_ALIGNMENT;
  void *workspace = std::aligned_alloc(SINTER_ALIGNMENT, bytes);
  EXPECT_EQ(entry->run(executable->state().data(), pointers.data(), workspace,
                       nullptr),
            SINTER_OK);
  std::free(workspace);
  return results;
}

Numbers Checked::value(const std::vector<Numbers> &arguments) {
  return run("value", arguments, nullptr)[0];
}
std::vector<Numbers> Checked::slopes(const std::vector<Numbers> &arguments,
                                     const Numbers &weights) {
  return run("slopes", arguments, &weights);
}

void expectFormula(std::vector<std::vector<int64_t>> shapes, Function function,
                   Formula formula, double tolerance) {
  Checked checked(std::move(shapes), std::move(function));
  std::vector<Numbers> arguments = checked.randomArguments(1);
  Numbers y = checked.value(arguments);
  expectNear(y, formula(arguments), tolerance, "value");
  Numbers weights = randomNumbers(static_cast<int64_t>(y.size()), 99);
  std::vector<Numbers> slopes = checked.slopes(arguments, weights);
  ASSERT_EQ(slopes.size(), arguments.size());
  // The error of the difference is about step², the rounding's 1e-16/step.
  const double step = 1e-5, accuracy = 1e-8;
  for (size_t i = 0; i < arguments.size(); ++i) {
    Numbers differences;
    for (double &number : arguments[i]) {
      double kept = number, sum = 0;
      for (double sign : {1, -1}) {
        number = kept + sign * step;
        Numbers there = formula(arguments);
        for (size_t k = 0; k < there.size(); ++k)
          sum += sign * weights[k] * there[k];
      }
      number = kept;
      differences.push_back(sum / (2 * step));
    }
    expectNear(slopes[i], differences, accuracy,
               "derivative " + std::to_string(i));
  }
}

} // namespace sinter::test
