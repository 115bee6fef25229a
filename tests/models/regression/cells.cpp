// A sequence of rows read by a recurrent cell whose last state is classified:
// -P cell=gru, gru-before (the reset gate before the product) or lstm.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(cells) {
  const Batch batch = m.batch(16);
  const int64_t units = m.option("units", 128), width = 28;
  const int64_t steps = m.option("steps", 28);
  const std::string cell = m.option("cell", "gru");

  auto network = [&](Tensor rows) {
    Tensor last;
    if (cell == "lstm")
      last = scan(nn::lstm_zero_state(batch, units), rows, steps,
                  [&](nn::LstmState state, Tensor row) {
                    return nn::lstm_cell(m, "cell", state, row);
                  })
                 .h;
    else
      last = scan(zeros({batch, units}), rows, steps, [&](Tensor h, Tensor x) {
        return nn::gru_cell(m, "cell", h, x, {.reset_after = cell == "gru"});
      });
    return nn::dense(m, "logits", last, 10);
  };

  m.entry("train", [&](Entry &e) {
    Tensor rows = e.input("rows", f32, {steps, batch, width});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor loss = nn::cross_entropy(network(rows), labels);
    optim::adam(m, loss, {.learning_rate = 1e-3});
    e.output("loss", loss);
  });
  m.entry("predict", [&](Entry &e) {
    e.output("logits", network(e.input("rows", f32, {steps, batch, width})));
  });
}
