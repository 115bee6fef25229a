// W5: an LSTM of 256 units over 64 steps of 128 numbers; all its states.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(lstm) {
  const Batch batch = m.batch(1);
  m.entry("run", [&](Entry &e) {
    Tensor x = e.input("x", f32, {64, batch, 128});
    auto [last, states] = scan(nn::lstm_zero_state(batch, 256), x, 64,
                               [&](nn::LstmState state, Tensor row) {
                                 state = nn::lstm_cell(m, "lstm", state, row);
                                 return std::pair(state, state.h);
                               });
    e.output("y", states);
  });
}
