// A program that compiles a model itself, against the installed package.
#include <sinter/compile.h>
#include <sinter/sinter.h>

#include <vector>

using namespace sinter;

SINTER_MODEL(twice) {
  m.entry("f", [&](Entry &e) { e.output("y", 2 * e.input("x", f32, {3})); });
}

int main() {
  Executable exe = sinter::compile(twice());
  std::vector<float> x{1, 2, 3}, y(3);
  exe.run("f", {{"x", x}, {"y", y}});
  return y == std::vector<float>{2, 4, 6} ? 0 : 1;
}
