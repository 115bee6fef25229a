// A regression with three inputs of three kinds: measures as numbers, a
// district as a small integer, the price that was paid.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(prices) {
  const Batch batch = m.batch(8);
  Variable slope = m.parameter("slope", {2, 1}, init::constant(0.25));
  Variable district = m.parameter("district", {5}, init::zeros());

  auto guess = [&](Tensor measures, Tensor where) {
    Tensor line = reshape(matmul(measures, slope), {batch});
    return line + gather(district, cast(where, i32));
  };
  m.entry("train", [&](Entry &e) {
    Tensor measures = e.input("measures", f32, {batch, 2});
    Tensor where = e.input("district", u8, {batch});
    Tensor paid = e.input("paid", f32, {batch});
    Tensor loss = nn::mse(guess(measures, where), paid);
    optim::sgd(m, loss, {.learning_rate = 0.125});
    e.output("loss", loss);
  });
  m.entry("predict", [&](Entry &e) {
    Tensor measures = e.input("measures", f32, {batch, 2});
    Tensor where = e.input("district", u8, {batch});
    e.output("price", guess(measures, where));
  });
}
