// Fashion-MNIST with a multilayer perceptron, 784-256-128-10.
//
//   sinterc mlp.cpp -o mlp
//   ./mlp train --input images=… --input labels=… --epochs 5 --save
//   mlp.safetensors
//   ./mlp test  --load mlp.safetensors --input images=… --input labels=…
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(mlp) {
  const Batch batch = m.batch(128); // -P batch=256
  // The length of the learning rate's schedule: 5 epochs of 468 batches.
  const int64_t updates = m.option("updates", 5 * 468);

  auto network = [&](Tensor images) {
    Tensor x = reshape(cast(images, f32) / 255.0f, {batch, 784});
    x = relu(nn::dense(m, "hidden1", x, 256));
    x = relu(nn::dense(m, "hidden2", x, 128));
    return nn::dense(m, "logits", x, 10);
  };

  m.entry("train", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor logits = network(images);
    Tensor loss = nn::cross_entropy(logits, labels);
    optim::adam(m, loss, {.learning_rate = optim::cosine(2e-3, updates, 1e-5)});
    e.output("loss", loss);
    e.output("accuracy", nn::accuracy(logits, labels));
  });

  // One truth value for each image: the runner counts them.
  m.entry("test", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    e.output("accuracy", nn::correct(network(images), labels));
  });

  m.entry("predict", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    e.output("probs", softmax(network(images)));
  });
}
