// W2 and W6-lenet: the text-book network on 32×32 images of three channels.
#include <sinter/sinter.h>
using namespace sinter;

static Tensor network(Model &m, Tensor x) {
  x = max_pool(relu(nn::conv(m, "conv1", x, 8, {5, 5})), {2, 2});
  x = max_pool(relu(nn::conv(m, "conv2", x, 16, {5, 5})), {2, 2});
  x = reshape(x, {x.dim(0), 400});
  x = relu(nn::dense(m, "hidden1", x, 120));
  x = relu(nn::dense(m, "hidden2", x, 84));
  return nn::dense(m, "logits", x, 10);
}

SINTER_MODEL(lenet_inference) {
  const Batch batch = m.batch(1);
  m.entry("run", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, 32, 32, 3});
    e.output("y", softmax(network(m, x)));
  });
}

SINTER_MODEL(lenet_training) {
  const Batch batch = m.batch(64);
  m.entry("run", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, 32, 32, 3});
    Tensor labels = e.input("labels", i32, {batch});
    Tensor loss = nn::cross_entropy(network(m, x), labels);
    optim::adam(m, loss, {.learning_rate = 1e-3});
    e.output("loss", loss);
  });
}
