// W7: a training step of a decoder-only transformer over characters, with
// learned positions.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(chars) {
  const Batch batch = m.batch(16);
  const int64_t length = 64, width = 128, vocabulary = 96;
  m.entry("run", [&](Entry &e) {
    Tensor text = e.input("text", i32, {batch, fixed(length)});
    Tensor next = e.input("next", i32, {batch, fixed(length)});
    Tensor x = nn::embedding(m, "characters", text, vocabulary, width);
    x = x + m.parameter("positions", {length, width}, init::normal(0.5));
    for (const char *name : {"layer0", "layer1"}) {
      Scope layer(name);
      Tensor y = nn::layer_norm(m, "norm1", x);
      x = x + nn::multi_head_attention(m, "attention", y,
                                       {.heads = 4, .causal = true});
      y = nn::layer_norm(m, "norm2", x);
      y = gelu(nn::dense(m, "up", y, 4 * width));
      x = x + nn::dense(m, "down", y, width);
    }
    x = nn::layer_norm(m, "norm", x);
    Tensor loss =
        nn::cross_entropy(nn::dense(m, "logits", x, vocabulary), next);
    optim::adam(m, loss, {.learning_rate = 1e-3});
    e.output("loss", loss);
  });
}
