// Two layers in bf16 throughout: inputs, weights, outputs.

#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(halves) {
  const Batch batch = m.batch(8);
  // Weights of more bytes than what a constant may have that is folded.
  auto predict = [&](Tensor x) {
    x = tanh(nn::dense(m, "hidden", x, 700));
    return squeeze(nn::dense(m, "last", x, 1), 1);
  };
  m.entry("train", [&](Entry &e) {
    Tensor y = predict(e.input("x", bf16, {batch, 60}));
    Tensor loss = nn::mse(y, e.input("y", bf16, {batch}));
    optim::adam(m, loss, {.learning_rate = 2e-3});
    e.output("loss", loss);
  });
  m.entry("predict", [&](Entry &e) {
    e.output("y", predict(e.input("x", bf16, {batch, 60})));
  });
}
