// W1 and W6-mlp: 784-512-256-10 with ReLU.
#include <sinter/sinter.h>
using namespace sinter;

static Tensor network(Model &m, Tensor x) {
  x = relu(nn::dense(m, "hidden1", x, 512));
  x = relu(nn::dense(m, "hidden2", x, 256));
  return nn::dense(m, "logits", x, 10);
}

SINTER_MODEL(mlp_inference) {
  const Batch batch = m.batch(1);
  m.entry("run", [&](Entry &e) {
    e.output("y", softmax(network(m, e.input("x", f32, {batch, 784}))));
  });
}

SINTER_MODEL(mlp_training) {
  const Batch batch = m.batch(128);
  m.entry("run", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, 784});
    Tensor labels = e.input("labels", i32, {batch});
    Tensor loss = nn::cross_entropy(network(m, x), labels);
    optim::adam(m, loss, {.learning_rate = 1e-3});
    e.output("loss", loss);
  });
}
