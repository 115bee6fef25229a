//===- DoublesCases.cpp - every op on f64, with what it gives -------------===//

#include "tests/lower/DoublesCases.h"

#include "compiler/interpret/Gamma.h"

namespace sinter::test::doubles {
namespace {
std::vector<Case> pointwise() {
  std::vector<Case> cases;
  auto unary = [&](const std::string &op, Real (*f)(Real),
                   bool positive = false) {
    cases.push_back(
        {op + (positive ? " %p : " : " %a : ") + V, V, [=](const Operands &o) {
           Reals y;
           for (double x : positive ? o.p : o.a)
             y.push_back(f(x));
           return y;
         }});
  };
  auto binary = [&](const std::string &op, Real (*f)(Real, Real),
                    bool positive = false) {
    cases.push_back({op + (positive ? " %p, %b : " : " %a, %b : ") + V, V,
                     [=](const Operands &o) {
                       Reals y;
                       for (int64_t i = 0; i < wide; ++i)
                         y.push_back(f(positive ? o.p[i] : o.a[i], o.b[i]));
                       return y;
                     }});
  };
  // On p, d or h, to a size of their own.
  auto on = [&](const char *operand, const std::string &op, auto f) {
    cases.push_back({op.substr(0, op.find(' ')) + operand +
                         op.substr(op.find(' ')) + ": " + V,
                     V, [=](const Operands &o) {
                       Reals y;
                       for (double x : operand[2] == 'p'   ? o.p
                                       : operand[2] == 'd' ? o.d
                                       : operand[2] == 'h' ? o.h
                                                           : o.a)
                         y.push_back(f(x));
                       return y;
                     }});
  };
  unary("exp2", [](Real x) { return std::exp2(x); });
  unary("sinh", [](Real x) { return std::sinh(x); });
  unary("cosh", [](Real x) { return std::cosh(x); });
  unary("tan", [](Real x) { return std::tan(x); });
  unary("atan", [](Real x) { return std::atan(x); });
  unary("asinh", [](Real x) { return std::asinh(x); });
  unary("cbrt", [](Real x) { return std::cbrt(x); });
  unary(
      "log2", [](Real x) { return std::log2(x); }, true);
  on(" %d", "asin ", [](Real x) { return std::asin(x); });
  on(" %d", "acos ", [](Real x) { return std::acos(x); });
  on(" %d", "atanh ", [](Real x) { return std::atanh(x); });
  on(" %h", "acosh ", [](Real x) { return std::acosh(x); });
  auto atLeastOne = [](Real y) {
    return Wanted(y, std::max<Real>(1, std::fabs(y)));
  };
  for (const char *operand : {" %p", " %d", " %a"}) {
    on(operand, "lgamma ", [=](Real x) { return atLeastOne(std::lgamma(x)); });
    for (unsigned order : {0, 1, 4})
      on(operand, "polygamma order " + std::to_string(order) + " ",
         [=](Real x) {
           return atLeastOne(
               interpret::polygammaOf(order, static_cast<double>(x)));
         });
  }
  unary("neg", [](Real x) { return -x; });
  unary("abs", [](Real x) { return std::fabs(x); });
  unary("sign", [](Real x) { return Real((x > 0) - (x < 0)); });
  unary("stop_gradient", [](Real x) { return x; });
  unary("exp", [](Real x) { return std::exp(x); });
  unary("expm1", [](Real x) { return std::expm1(x); });
  unary(
      "log", [](Real x) { return std::log(x); }, true);
  unary(
      "log1p", [](Real x) { return std::log1p(x); }, true);
  unary("tanh", [](Real x) { return std::tanh(x); });
  unary("logistic", [](Real x) { return 1 / (1 + std::exp(-x)); });
  unary("sin", [](Real x) { return std::sin(x); });
  unary("cos", [](Real x) { return std::cos(x); });
  unary("erf", [](Real x) { return std::erf(x); });
  unary(
      "sqrt", [](Real x) { return std::sqrt(x); }, true);
  unary(
      "rsqrt", [](Real x) { return 1 / std::sqrt(x); }, true);
  unary("floor", [](Real x) { return std::floor(x); });
  unary("ceil", [](Real x) { return std::ceil(x); });
  unary("round", [](Real x) { return std::nearbyint(x); });
  binary("add", [](Real a, Real b) { return a + b; });
  binary("sub", [](Real a, Real b) { return a - b; });
  binary("mul", [](Real a, Real b) { return a * b; });
  binary("div", [](Real a, Real b) { return a / b; });
  binary("rem", [](Real a, Real b) { return std::fmod(a, b); });
  binary("max", [](Real a, Real b) { return std::max(a, b); });
  binary("min", [](Real a, Real b) { return std::min(a, b); });
  binary(
      "pow", [](Real a, Real b) { return std::pow(a, b); }, true);
  binary("atan2", [](Real a, Real b) { return std::atan2(a, b); });
  cases.push_back({"select %flags, %a, %b : " + V, V, [](const Operands &o) {
                     Reals y;
                     for (int64_t i = 0; i < wide; ++i)
                       y.push_back(o.flags[i] ? o.a[i] : o.b[i]);
                     return y;
                   }});
  cases.push_back(
      {"cast %n : tensor<37xi64> to " + V, V,
       [](const Operands &o) { return Reals(o.n.begin(), o.n.end()); }});
  cases.push_back(
      {"compare lt %a, %b : " + V, "tensor<37xi1>", [](const Operands &o) {
         Reals y;
         for (int64_t i = 0; i < wide; ++i)
           y.push_back(Real(o.a[i] < o.b[i]));
         return y;
       }});
  return cases;
}

/// Σ or Π over a part of m, with the size of its terms.
Reals fold(const Operands &o, bool overRows, bool product) {
  Reals y(overRows ? wide : rows, Wanted(product, product));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < wide; ++j) {
      Wanted &r = y[overRows ? j : i];
      Real x = o.m[i * wide + j];
      r.value = product ? r.value * x : r.value + x;
      r.size = product ? std::fabs(r.value) : r.size + std::fabs(x);
    }
  return y;
}

Reals product(const Operands &o, int64_t n, int64_t depth, int64_t outer,
              int64_t inner) {
  Reals y;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      Wanted r(0);
      for (int64_t k = 0; k < depth; ++k) {
        Real term =
            Real(o.m[i * outer + k * inner]) * o.m[j * outer + k * inner];
        r.value += term;
        r.size += std::fabs(term);
      }
      y.push_back(r);
    }
  return y;
}

std::vector<Case> sums() {
  std::vector<Case> cases;
  for (bool overRows : {true, false}) {
    std::string dims = overRows ? "0" : "1";
    std::string type = overRows ? V : "tensor<5xf64>";
    std::string tail = " %m dims [" + dims + "] : " + M + " -> " + type;
    cases.push_back({"reduce_sum" + tail, type, [=](const Operands &o) {
                       return fold(o, overRows, false);
                     }});
    cases.push_back({"reduce_prod" + tail, type, [=](const Operands &o) {
                       return fold(o, overRows, true);
                     }});
    for (int sign : {1, -1}) {
      auto extremes = [=](const Operands &o, bool places) {
        std::vector<Real> best(overRows ? wide : rows, -HUGE_VALL);
        Reals at(best.size(), Wanted(0));
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < wide; ++j) {
            Real x = sign * o.m[i * wide + j];
            int64_t r = overRows ? j : i;
            if (x > best[r]) {
              best[r] = x;
              at[r] = places ? Wanted(overRows ? i : j) : Wanted(sign * x);
            }
          }
        return at;
      };
      cases.push_back({(sign > 0 ? "reduce_max" : "reduce_min") + tail, type,
                       [=](const Operands &o) { return extremes(o, false); }});
      std::string to = overRows ? "tensor<37xi64>" : "tensor<5xi64>";
      cases.push_back({std::string(sign > 0 ? "argmax" : "argmin") +
                           " %m dim " + dims + " : " + M + " -> " + to,
                       to,
                       [=](const Operands &o) { return extremes(o, true); }});
    }
  }
  cases.push_back({"dot_general %m, %m contract [1] x [1] batch [] x [] : " +
                       M + ", " + M + " -> tensor<5x5xf64>",
                   "tensor<5x5xf64>", [](const Operands &o) {
                     return product(o, rows, wide, wide, 1);
                   }});
  cases.push_back({"dot_general %m, %m contract [0] x [0] batch [] x [] : " +
                       M + ", " + M + " -> tensor<37x37xf64>",
                   "tensor<37x37xf64>", [](const Operands &o) {
                     return product(o, wide, rows, 1, wide);
                   }});
  cases.push_back({"conv %images, %kernels : tensor<5x37x1xf64>, "
                   "tensor<5x1x37xf64> -> tensor<5x33x37xf64>",
                   "tensor<5x33x37xf64>", [](const Operands &o) {
                     Reals y;
                     for (int64_t n = 0; n < rows; ++n)
                       for (int64_t i = 0; i < wide - rows + 1; ++i)
                         for (int64_t f = 0; f < wide; ++f) {
                           Wanted r(0);
                           for (int64_t k = 0; k < rows; ++k) {
                             Real term = Real(o.m[n * wide + i + k]) *
                                         o.m[k * wide + f];
                             r.value += term;
                             r.size += std::fabs(term);
                           }
                           y.push_back(r);
                         }
                     return y;
                   }});
  cases.push_back({"fold_windows %m dims [0] sizes [37] strides [2] dilations "
                   "[1] : " +
                       M + " -> tensor<46xf64>",
                   "tensor<46xf64>", [](const Operands &o) {
                     Reals y(46, Wanted(0));
                     for (int64_t i = 0; i < rows; ++i)
                       for (int64_t j = 0; j < wide; ++j) {
                         y[2 * i + j].value += o.m[i * wide + j];
                         y[2 * i + j].size += std::fabs(o.m[i * wide + j]);
                       }
                     return y;
                   }});
  for (bool overRows : {true, false})
    for (bool reverse : {true, false})
      cases.push_back({std::string("cumulative_sum %m dim ") +
                           (overRows ? "0" : "1") +
                           (reverse ? " reverse : " : " exclusive : ") + M,
                       M, [=](const Operands &o) {
                         Reals y;
                         for (int64_t i = 0; i < rows * wide; ++i) {
                           Wanted sum(0);
                           for (int64_t j = 0; j < rows * wide; ++j) {
                             bool same = overRows ? i % wide == j % wide
                                                  : i / wide == j / wide;
                             if (!same || (reverse ? j < i : j >= i))
                               continue;
                             sum.value += o.m[j];
                             sum.size += std::fabs(o.m[j]);
                           }
                           y.push_back(sum);
                         }
                         return y;
                       }});
  cases.push_back({"argsort %m dim 0 : " + M + " -> tensor<5x37xi32>",
                   "tensor<5x37xi32>", [](const Operands &o) {
                     Reals y(rows * wide, Wanted(0));
                     for (int64_t i = 0; i < rows; ++i)
                       for (int64_t j = 0; j < wide; ++j) {
                         int64_t rank = 0;
                         for (int64_t k = 0; k < rows; ++k)
                           rank += o.m[k * wide + j] < o.m[i * wide + j];
                         y[rank * wide + j] = Wanted(i);
                       }
                     return y;
                   }});
  cases.push_back({"scatter_add %m[%places] += %m axis 0 batch 0 : " + M +
                       ", tensor<5xi64>, " + M,
                   M, [](const Operands &o) {
                     Reals y(o.m.begin(), o.m.end());
                     for (int64_t i = 0; i < rows; ++i)
                       for (int64_t j = 0; j < wide; ++j)
                         if (o.places[i] >= 0 && o.places[i] < rows) {
                           Wanted &r = y[o.places[i] * wide + j];
                           r.value += o.m[i * wide + j];
                           r.size += std::fabs(o.m[i * wide + j]);
                         }
                     return y;
                   }});
  cases.push_back({"scan 5 carry(%c = %a : " + V + ") each(%x = %m : " + M +
                       ") with(%w = %b : " + V + ") index(%t) -> (" + V +
                       ") {\n%s = sinter.mul %c, %w : " + V +
                       "\n%q = sinter.add %s, %x : " + V +
                       "\n%r = sinter.tanh %q : " + V +
                       "\nsinter.yield %r : " + V + "\n}",
                   V, [](const Operands &o) {
                     std::vector<Real> c(o.a.begin(), o.a.end());
                     for (int64_t t = 0; t < rows; ++t)
                       for (int64_t j = 0; j < wide; ++j)
                         c[j] = std::tanh(c[j] * o.b[j] + o.m[t * wide + j]);
                     // Errors are carried on with factors of up to |b|.
                     Reals y;
                     for (Real x : c)
                       y.push_back({x, 1});
                     return y;
                   }});
  return cases;
}

std::vector<Case> others() {
  std::vector<Case> cases;
  cases.push_back(
      {"concatenate %a, %b dim 0 : " + V + ", " + V + " -> tensor<74xf64>",
       "tensor<74xf64>", [](const Operands &o) {
         Reals y(o.a.begin(), o.a.end());
         y.insert(y.end(), o.b.begin(), o.b.end());
         return y;
       }});
  cases.push_back(
      {"gather %m[%places] axis 0 batch 0 : " + M + ", tensor<5xi64> -> " + M,
       M, [](const Operands &o) {
         Reals y;
         for (int64_t i = 0; i < rows; ++i)
           for (int64_t j = 0; j < wide; ++j)
             y.push_back(o.places[i] >= 0 && o.places[i] < rows
                             ? o.m[o.places[i] * wide + j]
                             : 0);
         return y;
       }});
  cases.push_back({"iota dim 0 : " + V, V, [](const Operands &) {
                     Reals y;
                     for (int64_t i = 0; i < wide; ++i)
                       y.push_back(Real(i));
                     return y;
                   }});
  cases.push_back({"constant dense<[0.1, 1.0e300]> : tensor<2xf64>",
                   "tensor<2xf64>", [](const Operands &) {
                     return Reals{Wanted(0.1), Wanted(1e300)};
                   }});
  return cases;
}
} // namespace

std::vector<Case> allCases() {
  std::vector<Case> cases = pointwise();
  for (Case &c : sums())
    cases.push_back(std::move(c));
  addMovements(cases, "f64");
  for (Case &c : others())
    cases.push_back(std::move(c));
  return cases;
}

} // namespace sinter::test::doubles
