// W9: what memory's speed limits.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(chain) {
  const int64_t n = 16 << 20;
  m.entry("run", [&](Entry &e) {
    Tensor a = e.input("a", f32, {n}), b = e.input("b", f32, {n});
    Tensor c = e.input("c", f32, {n}), d = e.input("d", f32, {n});
    e.output("y", tanh(a * b + c) * sigmoid(d));
  });
}

SINTER_MODEL(rows_softmax) {
  m.entry("run", [&](Entry &e) {
    e.output("y", softmax(e.input("x", f32, {4096, 1024})));
  });
}

SINTER_MODEL(rows_layer_norm) {
  m.entry("run", [&](Entry &e) {
    e.output("y", nn::layer_norm(m, "norm", e.input("x", f32, {4096, 1024})));
  });
}
