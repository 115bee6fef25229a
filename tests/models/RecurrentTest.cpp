//===- RecurrentTest.cpp - cells of recurrent networks --------------------===//
//
// Row R3 of the models that must work (the GRU, its reset gate before and after
// the product), and the LSTM of row R2: three steps with `scan`, compiled in
// f64; values against loops written down here, derivatives with respect to
// every input, state and parameter against central differences of those.
//
//===----------------------------------------------------------------------===//

#include "tests/models/Checked.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {

constexpr int64_t steps = 3, batch = 2, in = 3, units = 4;

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

/// Row `row` of width `in` times column `column` of a matrix of `columns`.
double product(const double *row, int64_t length, const Numbers &matrix,
               int64_t columns, int64_t column) {
  double sum = 0;
  for (int64_t k = 0; k < length; ++k)
    sum += row[k] * matrix[k * columns + column];
  return sum;
}

/// Arguments: xs, h; then the parameters as the cell makes them.
Numbers gru(const std::vector<Numbers> &of, bool resetAfter) {
  const Numbers &xs = of[0], &wx = of[2], &wh = of[3], &b = of[4];
  Numbers h = of[1];
  for (int64_t t = 0; t < steps; ++t)
    for (int64_t s = 0; s < batch; ++s) {
      const double *x = &xs[(t * batch + s) * in];
      const Numbers before(h.begin() + s * units, h.begin() + (s + 1) * units);
      auto fromX = [&](int64_t column) {
        return product(x, in, wx, 3 * units, column) + b[column];
      };
      auto fromH = [&](const Numbers &row, int64_t column) {
        return product(row.data(), units, wh, 3 * units, column);
      };
      Numbers reset(units), left(units);
      for (int64_t u = 0; u < units; ++u) {
        reset[u] = sigma(fromX(u) + fromH(before, u));
        left[u] = reset[u] * before[u];
      }
      for (int64_t u = 0; u < units; ++u) {
        double z = sigma(fromX(units + u) + fromH(before, units + u));
        double recurrent =
            resetAfter ? reset[u] * (fromH(before, 2 * units + u) + of[5][u])
                       : fromH(left, 2 * units + u);
        double n = std::tanh(fromX(2 * units + u) + recurrent);
        h[s * units + u] = (1 - z) * n + z * before[u];
      }
    }
  return h;
}

TEST(Recurrent, GruEqualsItsLoop) {
  for (bool after : {true, false}) {
    SCOPED_TRACE(after ? "reset after the product" : "reset before");
    expectFormula(
        {{steps, batch, in}, {batch, units}},
        [=](Model &m, auto &xs) {
          return scan(xs[1], xs[0], steps, [&](Tensor h, Tensor x) {
            return nn::gru_cell(m, "gru", h, x, {.reset_after = after});
          });
        },
        [=](auto &of) { return gru(of, after); });
  }
}

TEST(Recurrent, LstmEqualsItsLoop) {
  expectFormula(
      {{steps, batch, in}, {batch, units}, {batch, units}},
      [](Model &m, auto &xs) {
        nn::LstmState last = scan(nn::LstmState{xs[1], xs[2]}, xs[0], steps,
                                  [&](nn::LstmState state, Tensor x) {
                                    return nn::lstm_cell(m, "lstm", state, x);
                                  });
        return concatenate({last.h, last.c}, 1);
      },
      [](auto &of) {
        const Numbers &xs = of[0], &wx = of[3], &wh = of[4], &b = of[5];
        Numbers h = of[1], c = of[2], y;
        for (int64_t t = 0; t < steps; ++t)
          for (int64_t s = 0; s < batch; ++s) {
            const double *x = &xs[(t * batch + s) * in];
            const Numbers before(h.begin() + s * units,
                                 h.begin() + (s + 1) * units);
            auto gate = [&](int64_t number, int64_t u) {
              int64_t column = number * units + u;
              return b[column] + product(x, in, wx, 4 * units, column) +
                     product(before.data(), units, wh, 4 * units, column);
            };
            for (int64_t u = 0; u < units; ++u) {
              double &cell = c[s * units + u];
              cell = sigma(gate(1, u)) * cell +
                     sigma(gate(0, u)) * std::tanh(gate(2, u));
              h[s * units + u] = sigma(gate(3, u)) * std::tanh(cell);
            }
          }
        for (int64_t s = 0; s < batch; ++s)
          for (const Numbers *part : {&h, &c})
            y.insert(y.end(), part->begin() + s * units,
                     part->begin() + (s + 1) * units);
        return y;
      });
}

} // namespace
