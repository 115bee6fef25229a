//===- Optimizers.cpp - schedules, SGD, momentum, Adam --------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/gradient.h"
#include "frontend/include/sinter/ops.h"
#include "frontend/include/sinter/optim.h"

#include <cmath>
#include <map>
#include <numbers>

namespace sinter::optim {
using detail::Access;
using detail::Graph;
using detail::OptimizerRecord;
using detail::Step;
using detail::VariableRecord;

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

/// The scopes that all names share, "generator" of `generator.fc1.weight`.
std::string commonScope(const std::vector<Variable> &variables) {
  llvm::StringRef scope = variables.front().name();
  scope = scope.rsplit('.').second.empty() ? "" : scope.rsplit('.').first;
  for (const Variable &variable : variables)
    while (!scope.empty() &&
           !llvm::StringRef(variable.name()).starts_with(scope.str() + "."))
      scope = scope.contains('.') ? scope.rsplit('.').first : "";
  return scope.str();
}

/// The record of the optimizer `id` of the variables; null after a mistake.
const OptimizerRecord *findOptimizer(Step &step, const std::string &id,
                                     bool isNamed,
                                     const std::vector<Variable> &variables) {
  std::vector<const VariableRecord *> wanted;
  for (const Variable &variable : variables)
    wanted.push_back(Access::record(variable));
  Graph &graph = *step.graph;
  for (const OptimizerRecord &other : graph.optimizers) {
    if (other.id != id)
      continue;
    auto updates = [&](const VariableRecord *variable) {
      return llvm::is_contained(other.variables, variable);
    };
    if (llvm::all_of(wanted, updates) &&
        wanted.size() == other.variables.size())
      return &other;
    auto shared = llvm::find_if(wanted, updates);
    if (shared == wanted.end())
      continue;
    step.fail("'" + (*shared)->name + "' has slots of another optimizer '" +
              id + "', in line " + llvm::Twine(other.place.line()) +
              ", which updates other variables too: give one of the two a "
              "name ({.name = …}) or a Scope, or both the same variables");
    return nullptr;
  }
  auto isTaken = [&](const std::string &name) {
    return llvm::any_of(graph.optimizers, [&](const OptimizerRecord &other) {
      return other.counter == name + ".step";
    });
  };
  std::string name = id, scope = commonScope(variables);
  if (!isNamed && !scope.empty() &&
      !llvm::StringRef(id).starts_with(scope + "."))
    name = scope + "." + id;
  if (isTaken(name))
    name = variables.front().name() + "." + id;
  return &graph.optimizers.emplace_back(OptimizerRecord{
      id, std::move(wanted), name + ".step", graph.userPlace(step.place)});
}

/// One optimizer's call: the parameters with their gradients, and the step
/// counter, advanced.  Stands in the scope of the optimizer's name.
class Update {
public:
  Update(Model &m, const Tensor &loss, const std::vector<Variable> &variables,
         const Schedule &schedule, const char *kind, const std::string &given,
         Place place)
      : m(m), kind(kind), schedule(schedule) {
    Step step(kind, place);
    step.use(loss);
    parameters = variables.empty() ? m.trained() : variables;
    if (step && parameters.empty())
      step.fail("this entry has read no trainable variable");
    for (const Variable &variable : parameters)
      if (step && !is_float(variable.dtype()))
        step.fail("the variable '" + variable.name() + "' is " +
                  to_string(variable.dtype()) + ": floats only");
    for (const Variable &variable : parameters)
      if (step)
        checkUnwritten(step, variable);
    std::vector<Tensor> values;
    for (const Variable &variable : parameters)
      if (step)
        step.use(values.emplace_back(variable.read()));
    if (!step)
      return;
    id = step.graph->scoped("");
    const OptimizerRecord *record =
        findOptimizer(step, id, !given.empty(), parameters);
    if (!record)
      return;
    gradients = gradient(loss, values);
    detail::FullNames names(*step.graph);
    Variable counter =
        m.variable(record->counter, {}, init::zeros(), {.dtype = i64});
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
      Step step(kind, Place::current());
      rate = step.fail("the schedule gives " +
                       detail::describe(rate.dtype(), rate.shape()) +
                       ", not a scalar " + to_string(dtype));
    }
    return rate = named(rate, "rate");
  }

  /// A slot of a parameter, `<parameter>.<id>.<slot>`, zeros at first.
  Variable slot(const Variable &parameter, const char *slot) {
    detail::FullNames names(*Graph::current());
    return m.variable(parameter.name() + "." + id + "." + slot,
                      parameter.shape(), init::zeros(),
                      {.dtype = detail::computeType(parameter.dtype())});
  }

  /// A parameter and its gradient, in the type that the update computes in, and
  /// its new value, rounded.
  Tensor value(size_t i) const {
    return cast(parameters[i], detail::computeType(parameters[i].dtype()));
  }
  Tensor gradientOf(size_t i) const {
    return cast(gradients[i], detail::computeType(gradients[i].dtype()));
  }
  void assign(size_t i, const Tensor &next) const {
    parameters[i].assign(cast(next, parameters[i].dtype()));
  }

  std::vector<Variable> parameters;

private:
  std::vector<Tensor> gradients;

  static void checkUnwritten(Step &step, const Variable &variable) {
    auto &written = step.graph->entry()->written;
    auto place = written.find(Access::record(variable));
    if (place != written.end())
      step.fail("'" + variable.name() +
                "' is assigned in this entry already, in line " +
                llvm::Twine(place->second.line()) +
                ": name the variables of each optimizer ({.variables = …})");
  }

  Model &m;
  const char *kind;
  std::string id;
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
  Scope scope(options.name.empty() ? "sgd" : options.name, place);
  Update update(m, loss, options.variables, options.learning_rate, "sgd",
                options.name, place);
  if (!update)
    return;
  for (size_t i = 0; i < update.parameters.size(); ++i) {
    Tensor p = update.value(i);
    update.assign(i, p - update.rate(p.dtype()) * update.gradientOf(i));
  }
}

void momentum(Model &m, Tensor loss, MomentumOptions options, Place place) {
  Scope scope(options.name.empty() ? "momentum" : options.name, place);
  Update update(m, loss, options.variables, options.learning_rate, "momentum",
                options.name, place);
  if (!isDecay("momentum", options.momentum, place) || !update)
    return;
  for (size_t i = 0; i < update.parameters.size(); ++i) {
    Tensor p = update.value(i);
    Tensor g = update.gradientOf(i), rate = update.rate(p.dtype());
    Variable slot = update.slot(update.parameters[i], "v");
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
    update.assign(i, next);
  }
}

void adam(Model &m, Tensor loss, AdamOptions options, Place place) {
  Scope scope(options.name.empty() ? "adam" : options.name, place);
  bool decays = isDecay("adam: beta1", options.beta1, place) &&
                isDecay("adam: beta2", options.beta2, place);
  Update update(m, loss, options.variables, options.learning_rate, "adam",
                options.name, place);
  if (!decays || !update)
    return;
  // 1 − βᵗ as −(e^(t·ln β) − 1): the difference would cancel in f32.
  auto correction = [&](double beta, DType dtype) {
    return -expm1((update.steps(dtype) + 1.0) * std::log(beta));
  };
  std::map<DType, std::pair<Tensor, Tensor>> scales;
  for (size_t i = 0; i < update.parameters.size(); ++i) {
    const Variable &parameter = update.parameters[i];
    Tensor p = update.value(i);
    auto [scale, isNew] = scales.try_emplace(p.dtype());
    if (isNew) {
      Tensor first = correction(options.beta1, p.dtype());
      Tensor second = correction(options.beta2, p.dtype());
      scale->second = {update.rate(p.dtype()) / first, Operand(1) / second};
    }
    auto [rate, vScale] = scale->second;
    Tensor g = update.gradientOf(i);
    Variable mean = update.slot(parameter, "m"),
             square = update.slot(parameter, "v");
    Tensor m1 = mean.read() * options.beta1 + g * (1 - options.beta1);
    Tensor m2 = square.read() * options.beta2 + g * g * (1 - options.beta2);
    mean.assign(m1);
    square.assign(m2);
    update.assign(i, p - rate * m1 / (sqrt(m2 * vScale) + options.epsilon));
  }
}

} // namespace sinter::optim
