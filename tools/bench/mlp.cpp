// The MLP of examples/01-fashion-mnist with a constant rate, for training-step.

#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(mlp) {
  const int64_t batch = m.option("batch", 128);

  m.entry("train", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor x = reshape(cast(images, f32) / 255.0f, {batch, 784});
    x = relu(nn::dense(m, "hidden1", x, 256));
    x = relu(nn::dense(m, "hidden2", x, 128));
    Tensor loss = nn::cross_entropy(nn::dense(m, "logits", x, 10), labels);
    optim::adam(m, loss, {.learning_rate = 1e-3f});
    e.output("loss", loss);
  });
}
