// Fashion-MNIST read row by row: 28 steps of 28 pixels through one LSTM of 128
// units, whose last state is classified.
//
//   sinterc lstm.cpp -o lstm
//   ./lstm train --input images=… --input labels=… --epochs 3 --save
//   lstm.safetensors
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(lstm) {
  const Batch batch = m.batch(128);
  const int64_t units = m.option("units", 128);
  // A multiple of 28 repeats the image: only the number of steps changes, not
  // the code.
  const int64_t steps = m.option("steps", 28);
  // The length of the learning rate's schedule: 3 epochs of 468 batches.
  const int64_t updates = m.option("updates", 3 * 468);

  auto network = [&](Tensor images) {
    Tensor rows = transpose(cast(images, f32) / 255.0f, {1, 0, 2});
    rows = reshape(broadcast_to(rows, {steps / 28, 28, batch, 28}),
                   {steps, batch, 28});
    nn::LstmState last = scan(nn::lstm_zero_state(batch, units), rows, steps,
                              [&](nn::LstmState state, Tensor row) {
                                return nn::lstm_cell(m, "lstm", state, row);
                              });
    return nn::dense(m, "logits", last.h, 10);
  };

  m.entry("train", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor logits = network(images);
    Tensor loss = nn::cross_entropy(logits, labels);
    optim::adam(m, loss, {.learning_rate = optim::cosine(4e-3, updates, 1e-4)});
    e.output("loss", loss);
    e.output("accuracy", nn::accuracy(logits, labels));
  });

  m.entry("test", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    e.output("accuracy", nn::correct(network(images), labels));
  });
}
