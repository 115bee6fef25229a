// A C++20 host of the model `counter`: the generated wrapper owns state and
// workspace, checks sizes, and throws.
#include "counter.hpp"

#include <array>
#include <cstdio>
#include <span>
#include <stdexcept>

int main() {
  counter::Model model(5);
  std::array<float, 4> x = {1, 2, 3, 4}, twice = {}, total = {};
  for (int i = 0; i < 3; ++i)
    model.step({.x = x, .double_ = twice});
  model.peek({.total = total});
  for (std::size_t i = 0; i < x.size(); ++i)
    if (total[i] != 5 + 3 * x[i] || twice[i] != 2 * total[i]) {
      std::printf("element %zu is wrong\n", i);
      return 1;
    }
  try {
    model.step({.x = std::span(x).first(3), .double_ = twice});
    std::printf("a span that is too short was accepted\n");
    return 1;
  } catch (const std::invalid_argument &) {
  }
  model.save("counter.safetensors");
  model.init(0);
  model.load("counter.safetensors");
  std::array<float, 4> again = {};
  model.peek({.total = again});
  return again == total ? 0 : 1;
}
