// W4: one block of a transformer's encoder, normed first.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(encoder) {
  const Batch batch = m.batch(1);
  m.entry("run", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, 128, 256});
    Tensor y = nn::layer_norm(m, "norm1", x);
    x = x + nn::multi_head_attention(m, "attention", y, {.heads = 4});
    y = gelu(nn::dense(m, "up", nn::layer_norm(m, "norm2", x), 1024));
    e.output("y", x + nn::dense(m, "down", y, 256));
  });
}
