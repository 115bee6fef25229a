// A language model of characters: a decoder-only transformer of two layers that
// predicts each character of a text from those before it.
//
//   sinterc chars.cpp --emit=lib,header -o chars    # as `run` does; see
//   train.cpp
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(chars) {
  const Batch batch = m.batch(16);
  const int64_t length = m.option("length", 64);
  const int64_t vocabulary = m.option("vocabulary", 96);
  const int64_t width = m.option("width", 128);
  const int64_t heads = m.option("heads", 4);
  const int64_t layers = m.option("layers", 2);
  // The length of the learning rate's schedule.
  const int64_t updates = m.option("updates", 600);

  // Pre-norm (Xiong et al., "On layer normalization in the transformer
  // architecture", 2020): the residual path has no norm in it.
  auto network = [&](Tensor text) {
    Tensor x = nn::embedding(m, "characters", text, vocabulary, width,
                             {.initializer = init::normal(0.5)});
    x = x + positional_encoding(length, width);
    for (int64_t i = 0; i < layers; ++i) {
      Scope layer("layer" + std::to_string(i));
      Tensor y = nn::layer_norm(m, "norm1", x);
      x = x + nn::multi_head_attention(m, "attention", y,
                                       {.heads = heads, .causal = true});
      y = nn::layer_norm(m, "norm2", x);
      y = gelu(nn::dense(m, "up", y, 4 * width));
      x = x + nn::dense(m, "down", y, width);
    }
    return nn::dense(m, "logits", nn::layer_norm(m, "norm", x), vocabulary,
                     {.weight_initializer = init::xavier_uniform()});
  };

  // Each window holds one character more than the network reads: position t is
  // to predict position t + 1.
  m.entry("train", [&](Entry &e) {
    Tensor windows = e.input("windows", u8, {batch, length + 1});
    Tensor logits = network(slice(windows, 1, 0, length));
    Tensor loss = nn::cross_entropy(logits, slice(windows, 1, 1, length + 1));
    optim::adam(m, loss, {.learning_rate = optim::cosine(2e-3, updates, 1e-5)});
    e.output("loss", loss);
  });

  // For each position the negative logarithm of what its successor got.
  m.entry("evaluate", [&](Entry &e) {
    Tensor windows = e.input("windows", u8, {batch, length + 1});
    Tensor logits = log_softmax(network(slice(windows, 1, 0, length)));
    Tensor next = slice(windows, 1, 1, length + 1);
    e.output("nats", -sum(one_hot(next, vocabulary) * logits, -1));
  });

  m.entry("predict", [&](Entry &e) {
    e.output("logits", network(e.input("text", u8, {batch, length})));
  });
}
