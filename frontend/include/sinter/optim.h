//===- optim.h - optimizers and learning-rate schedules ---------*- C++ -*-===//
//
// An optimizer asks for the gradient of a scalar loss and assigns every
// trainable variable that the entry has read (or those named in the options).
// g is the gradient, α the learning rate.
//
// What is bf16 is updated in f32 and rounded once: steps, rates and slots of
// such a parameter are f32, for bf16 could not tell 0.999 from 1.
//
// Its slots are variables too: `<parameter>.adam.m`, `<parameter>.adam.v`,
// `<parameter>.momentum.v`; `adam.step` and so on counts finished steps in i64,
// with the parameters' scope in front if they share one
// (`generator.adam.step`). What makes an optimizer is its name and its
// variables: the same two in two entries are one optimizer, which goes on where
// the other entry left it; other variables make another one, with a counter of
// its own.  Two that share some of their variables need names or Scopes: `name`
// and scopes become a part of the names of slots and counter.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_OPTIM_H
#define SINTER_OPTIM_H

#include "sinter/model.h"

#include <functional>
#include <string>

namespace sinter::optim {

/// The learning rate as a function of the number of finished steps, a float
/// scalar; the result is a scalar of that type.  A number is a constant rate.
class Schedule {
public:
  Schedule(double rate);
  Schedule(std::function<Tensor(Tensor step)> function)
      : function_(std::move(function)) {}
  Tensor operator()(Tensor step) const { return function_(step); }

private:
  std::function<Tensor(Tensor step)> function_;
};

/// rate.
Schedule constant(double rate);
/// rate·factor^⌊t/every⌋.
Schedule step(double rate, double factor, int64_t every);
/// rate·factor^(t/steps).
Schedule exponential(double rate, double factor, int64_t steps = 1);
/// end + (rate − end)/2·(1 + cos(π·min(t, steps)/steps)).
Schedule cosine(double rate, int64_t steps, double end = 0);
/// (t + 1)/steps of the other schedule's rate while t < steps, then that
/// schedule, at its own t − steps.
Schedule linear_warm_up(int64_t steps, Schedule then);

struct SgdOptions {
  Schedule learning_rate = 1e-2;
  /// Variables to update; all trainable ones if empty.
  std::vector<Variable> variables = {};
  /// Instead of "sgd" in the counter's name.
  std::string name = {};
};
/// θ ← θ − α·g.
void sgd(Model &m, Tensor loss, SgdOptions options = {},
         Place place = Place::current());

/// The text books' four conventions; they differ under a schedule.
enum class MomentumForm {
  rate_in_velocity, ///< v ← μv − αg, θ ← θ + v
  subtracted,       ///< v ← μv + αg, θ ← θ − v
  plain,            ///< v ← μv + g, θ ← θ − αv
  averaged,         ///< v ← μv + (1 − μ)g, θ ← θ − αv
};
struct MomentumOptions {
  Schedule learning_rate = 1e-2;
  double momentum = 0.9;
  MomentumForm form = MomentumForm::plain;
  std::vector<Variable> variables = {};
  std::string name = {};
};
void momentum(Model &m, Tensor loss, MomentumOptions options = {},
              Place place = Place::current());

struct AdamOptions {
  Schedule learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  std::vector<Variable> variables = {};
  std::string name = {};
};
/// Kingma and Ba, "Adam: a method for stochastic optimization", 2015, with bias
/// correction: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
/// θ ← θ − α·(m/(1 − β₁ᵗ))/(√(v/(1 − β₂ᵗ)) + ε), t counted from 1.
void adam(Model &m, Tensor loss, AdamOptions options = {},
          Place place = Place::current());

} // namespace sinter::optim

#endif // SINTER_OPTIM_H
