//===- Optimizers.cpp - schedules, SGD, momentum, Adam --------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/gradient.h"
#include "frontend/include/sinter/ops.h"
#include "frontend/include/sinter/optim.h"

#include <cmath>
#include <map>
#include <numbers>

namespace sinter::optim {
using detail::Graph;
using detail::Step;

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

Schedule::Schedule(double rate) : Schedule(constant(rate)) {}

Schedule constant(double rate) {
  return Schedule([=](Tensor step) { return full({}, rate, step.dtype()); });
}

/// rate·factor^power, with factor^power as e^(power·ln factor).
static Tensor decayed(double rate, double factor, Tensor power) {
  if (factor > 0)
    return exp(power * std::log(factor)) * rate;
  Step step("schedule", Place::current());
  return step.fail("the factor " + detail::shown(factor) + " must be positive");
}

/// A number of steps that is divided by.
static double positive(int64_t steps) {
  if (steps < 1)
    Graph::report(Place::current(), "schedule: " + llvm::Twine(steps) +
                                        " steps: at least 1 is needed");
  return static_cast<double>(std::max<int64_t>(steps, 1));
}

Schedule step(double rate, double factor, int64_t every) {
  return Schedule([=](Tensor step) {
    return decayed(rate, factor, floor(step / positive(every)));
  });
}

Schedule exponential(double rate, double factor, int64_t steps) {
  return Schedule([=](Tensor step) {
    return decayed(rate, factor, step / positive(steps));
  });
}

Schedule cosine(double rate, int64_t steps, double end) {
  return Schedule([=](Tensor step) {
    double last = positive(steps);
    Tensor angle = minimum(step, last) * (std::numbers::pi / last);
    return (cos(angle) + 1.0) * ((rate - end) / 2) + end;
  });
}

Schedule linear_warm_up(int64_t steps, Schedule then) {
  return Schedule([=](Tensor step) {
    double last = positive(steps);
    Tensor rate = then(maximum(step - last, 0));
    return minimum((step + 1.0) / last, 1) * rate;
  });
}

//===----------------------------------------------------------------------===//
// What the optimizers share
//===----------------------------------------------------------------------===//

namespace {

/// One optimizer's call: the parameters with their gradients, and the step
/// counter, advanced.
class Update {
public:
  Update(Model &m, const Tensor &loss, const std::vector<Variable> &variables,
         const Schedule &schedule, std::string name, Place place)
      : m(m), name(std::move(name)), schedule(schedule) {
    Step step(this->name, place);
    step.use(loss);
    parameters = variables.empty() ? m.trained() : variables;
    if (step && parameters.empty())
      step.fail("this entry has read no trainable variable");
    for (const Variable &variable : parameters)
      if (step && !is_float(variable.dtype()))
        step.fail("the variable '" + variable.name() + "' is " +
                  to_string(variable.dtype()) + ": floats only");
    if (!step)
      return;
    std::vector<Tensor> values;
    for (const Variable &variable : parameters)
      values.push_back(variable.read());
    gradients = gradient(loss, values);
    Variable counter = m.variable("step", {}, init::zeros(), {.dtype = i64});
    finished = counter.read();
    counter.assign(finished + 1);
    ok = true;
  }

  explicit operator bool() const { return ok; }

  /// Finished steps in a float type.
  Tensor steps(DType dtype) {
    Tensor &steps = counts[dtype];
    if (steps.is_poison())
      steps = cast(finished, dtype);
    return steps;
  }

  /// The learning rate in a parameter's type.
  Tensor rate(DType dtype) {
    Tensor &rate = rates[dtype];
    if (!rate.is_poison())
      return rate;
    rate = schedule(steps(dtype));
    if (!rate.is_poison() && (rate.rank() != 0 || rate.dtype() != dtype)) {
      Step step(name, Place::current());
      rate = step.fail("the schedule gives " +
                       detail::describe(rate.dtype(), rate.shape()) +
                       ", not a scalar " + to_string(dtype));
    }
    return rate = named(rate, "rate");
  }

  /// A slot of a parameter, `<parameter>.<optimizer>.<slot>`, zeros at first.
  Variable slot(const Variable &parameter, const char *slot) {
    detail::FullNames names(*Graph::current());
    return m.variable(parameter.name() + "." + name + "." + slot,
                      parameter.shape(), init::zeros(),
                      {.dtype = parameter.dtype()});
  }

  std::vector<Variable> parameters;
  std::vector<Tensor> gradients;

private:
  Model &m;
  std::string name;
  const Schedule &schedule;
  Tensor finished;
  std::map<DType, Tensor> counts, rates;
  bool ok = false;
};

/// Reports a hyperparameter outside of [0, 1).
bool isDecay(const char *what, double value, Place place) {
  if (value >= 0 && value < 1)
    return true;
  Graph::report(place, llvm::Twine(what) + " = " + detail::shown(value) +
                           " is not in [0, 1)");
  return false;
}

} // namespace

//===----------------------------------------------------------------------===//
// The optimizers
//===----------------------------------------------------------------------===//

void sgd(Model &m, Tensor loss, SgdOptions options, Place place) {
  Scope scope("sgd", place);
  Update update(m, loss, options.variables, options.learning_rate, "sgd",
                place);
  if (!update)
    return;
  for (size_t i = 0; i < update.parameters.size(); ++i) {
    const Variable &p = update.parameters[i];
    p.assign(p - update.rate(p.dtype()) * update.gradients[i]);
  }
}

void momentum(Model &m, Tensor loss, MomentumOptions options, Place place) {
  Scope scope("momentum", place);
  Update update(m, loss, options.variables, options.learning_rate, "momentum",
                place);
  if (!isDecay("momentum", options.momentum, place) || !update)
    return;
  for (size_t i = 0; i < update.parameters.size(); ++i) {
    const Variable &p = update.parameters[i];
    Tensor g = update.gradients[i], rate = update.rate(p.dtype());
    Variable slot = update.slot(p, "v");
    Tensor kept = slot.read() * options.momentum;
    Tensor v, next;
    switch (options.form) {
    case MomentumForm::rate_in_velocity:
      v = kept - rate * g;
      next = p + v;
      break;
    case MomentumForm::subtracted:
      v = kept + rate * g;
      next = p - v;
      break;
    case MomentumForm::plain:
      v = kept + g;
      next = p - rate * v;
      break;
    case MomentumForm::averaged:
      v = kept + g * (1 - options.momentum);
      next = p - rate * v;
      break;
    }
    slot.assign(v);
    p.assign(next);
  }
}

void adam(Model &m, Tensor loss, AdamOptions options, Place place) {
  Scope scope("adam", place);
  bool decays = isDecay("adam: beta1", options.beta1, place) &&
                isDecay("adam: beta2", options.beta2, place);
  Update update(m, loss, options.variables, options.learning_rate, "adam",
                place);
  if (!decays || !update)
    return;
  // 1 − βᵗ as −(e^(t·ln β) − 1): the difference would cancel in f32.
  auto correction = [&](double beta, DType dtype) {
    return -expm1((update.steps(dtype) + 1.0) * std::log(beta));
  };
  std::map<DType, std::pair<Tensor, Tensor>> scales;
  for (size_t i = 0; i < update.parameters.size(); ++i) {
    const Variable &p = update.parameters[i];
    auto [scale, isNew] = scales.try_emplace(p.dtype());
    if (isNew) {
      Tensor first = correction(options.beta1, p.dtype());
      Tensor second = correction(options.beta2, p.dtype());
      scale->second = {update.rate(p.dtype()) / first, Operand(1) / second};
    }
    auto [rate, vScale] = scale->second;
    Tensor g = update.gradients[i];
    Variable mean = update.slot(p, "m"), square = update.slot(p, "v");
    Tensor m1 = mean.read() * options.beta1 + g * (1 - options.beta1);
    Tensor m2 = square.read() * options.beta2 + g * g * (1 - options.beta2);
    mean.assign(m1);
    square.assign(m2);
    p.assign(p - rate * m1 / (sqrt(m2 * vScale) + options.epsilon));
  }
}

} // namespace sinter::optim
