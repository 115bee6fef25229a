// Finds the strength of a spring from where its weight is after some time: the
// derivative goes through a loop of steps, and nothing has a batch.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(orbit) {
  const int64_t steps = m.option("steps", 40);
  Variable strength = m.parameter("strength", {}, init::constant(1), f64);

  auto swing = [&](Tensor start) {
    Tensor k = strength;
    auto last = repeat(std::pair(start, full({}, 0, f64)), steps,
                       [&](std::pair<Tensor, Tensor> state) {
                         auto [place, speed] = state;
                         speed = speed - k * place * 0.03125;
                         place = place + speed * 0.03125;
                         return std::pair(place, speed);
                       });
    return last.first;
  };
  m.entry("fit", [&](Entry &e) {
    Tensor end = swing(e.input("start", f64, {}));
    Tensor error = end - e.input("end", f64, {});
    Tensor loss = error * error;
    optim::sgd(m, loss, {.learning_rate = 0.5});
    e.output("loss", loss);
    e.output("slope", gradient(loss, {Tensor(strength)})[0]);
  });
  m.entry("swing",
          [&](Entry &e) { e.output("end", swing(e.input("start", f64, {}))); });
}
