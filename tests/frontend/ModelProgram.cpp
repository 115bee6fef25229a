//===- ModelProgram.cpp - a model's program that ProgramTest runs ---------===//

#include <sinter/sinter.h>

#include <cstdio>
#include <stdexcept>

using namespace sinter;

SINTER_MODEL(regression) {
  const int64_t batch = m.option("batch", 8);
  const std::string mistake = m.option("mistake", "none");
  m.entry("train", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, 3});
    Tensor y = e.input("y", f32, {batch, 1});
    if (mistake == "three") {
      matmul(x, y);
      x + full({7}, 1);
      exp(cast(x, i32));
    }
    if (mistake == "exception")
      throw std::runtime_error("no data");
    std::puts("the model's own output");
    Tensor prediction = nn::dense(m, "line", x, 1);
    Tensor loss = nn::mse(prediction, y);
    optim::sgd(m, loss);
    e.output("loss", loss);
  });
}
