// W8: square matrices, the right one a parameter or an input.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(gemm_constant) {
  const int64_t n = m.option("batch", 256);
  m.entry("run", [&](Entry &e) {
    Tensor a = e.input("a", f32, {fixed(n), fixed(n)});
    e.output("y", matmul(a, m.parameter("b", {n, n}, init::zeros())));
  });
}

SINTER_MODEL(gemm_variable) {
  const int64_t n = m.option("batch", 256);
  m.entry("run", [&](Entry &e) {
    Tensor a = e.input("a", f32, {fixed(n), fixed(n)});
    Tensor b = e.input("b", f32, {fixed(n), fixed(n)});
    e.output("y", matmul(a, b));
  });
}
