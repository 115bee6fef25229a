// LeNet on Fashion-MNIST: images of 28x28 bytes, padded to 32x32 and repeated
// in three channels, through two convolutions and three dense layers.
//
//   sinterc lenet.cpp -o lenet
//   ./lenet train --input images=… --input labels=… --epochs 5 --save
//   lenet.safetensors
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(lenet) {
  const Batch batch = m.batch(64);
  // The length of the learning rate's schedule: 5 epochs of 937 batches.
  const int64_t updates = m.option("updates", 5 * 937);

  auto network = [&](Tensor images) {
    Tensor x = pad(cast(images, f32) / 255.0f, {0, 2, 2}, {0, 2, 2});
    x = broadcast_to(expand_dims(x, -1), {batch, 32, 32, 3});
    x = relu(nn::conv(m, "conv1", x, 8, {5, 5})); // [batch, 28, 28, 8]
    x = max_pool(x, {2, 2});                      // [batch, 14, 14, 8]
    x = relu(nn::conv(m, "conv2", x, 16, {5, 5}));
    x = max_pool(x, {2, 2});
    x = reshape(x, {batch, 400});
    x = relu(nn::dense(m, "hidden1", x, 120));
    x = relu(nn::dense(m, "hidden2", x, 84));
    return nn::dense(m, "logits", x, 10);
  };

  m.entry("train", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor logits = network(images);
    Tensor loss = nn::cross_entropy(logits, labels);
    optim::adam(m, loss, {.learning_rate = optim::cosine(3e-3, updates, 1e-5)});
    e.output("loss", loss);
    e.output("accuracy", nn::accuracy(logits, labels));
  });

  m.entry("test", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    e.output("accuracy", nn::correct(network(images), labels));
  });
}
