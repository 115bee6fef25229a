// A regression with two outputs of different shape, trained together.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(pair) {
  const Batch batch = m.batch(8);
  struct Guess {
    Tensor place, weight;
  };
  // Weights that a test can write down: 0.25, −0.5, 0.75, … row by row.
  auto begin = [](int64_t count) {
    std::vector<double> values;
    for (int64_t k = 0; k < count; ++k)
      values.push_back((k % 2 ? -0.25 : 0.25) * static_cast<double>(k % 5 + 1));
    return nn::DenseOptions{.weight_initializer = init::values(values)};
  };
  auto guess = [&](Tensor x) {
    Tensor hidden = tanh(nn::dense(m, "hidden", x, 3, begin(9)));
    Tensor weight = nn::dense(m, "weight", hidden, 1, begin(3));
    return Guess{nn::dense(m, "place", hidden, 2, begin(6)),
                 reshape(weight, {batch})};
  };
  m.entry("train", [&](Entry &e) {
    Tensor x = e.input("x", f64, {batch, 3});
    Tensor place = e.input("place", f64, {batch, 2});
    Tensor weight = e.input("weight", f64, {batch});
    Guess g = guess(x);
    Tensor place_loss = nn::mse(g.place, place);
    Tensor weight_loss = nn::mse(g.weight, weight);
    optim::momentum(m, place_loss + weight_loss,
                    {.learning_rate = 0.0625, .momentum = 0.5});
    e.output("place_loss", place_loss);
    e.output("weight_loss", weight_loss);
  });
  m.entry("predict", [&](Entry &e) {
    Guess g = guess(e.input("x", f64, {batch, 3}));
    e.output("place", g.place);
    e.output("weight", g.weight);
  });
}
