// Attention whose queries, keys and values are layers of their own on one
// input, which nn::multi_head_attention writes as one.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(queries) {
  const Batch batch = m.batch(2);
  const int64_t length = m.option("length", 12);
  const int64_t width = m.option("width", 24);
  const int64_t heads = m.option("heads", 3);

  auto network = [&](Tensor x) {
    auto ofHeads = [&](std::string_view name) {
      Tensor all = reshape(nn::dense(m, name, x, width),
                           {batch, length, heads, width / heads});
      return transpose(all, {0, 2, 1, 3});
    };
    Tensor q = ofHeads("query"), k = ofHeads("key"), v = ofHeads("value");
    Tensor y = transpose(attention(q, k, v), {0, 2, 1, 3});
    return nn::dense(m, "output", reshape(y, {batch, length, width}), width);
  };

  m.entry("train", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, length, width});
    Tensor loss = mean(square(network(x) - e.input("y", f32, x.shape())));
    optim::momentum(m, loss, {.learning_rate = 1e-1});
    e.output("loss", loss);
  });

  m.entry("predict", [&](Entry &e) {
    e.output("y", network(e.input("x", f32, {batch, length, width})));
  });
}
