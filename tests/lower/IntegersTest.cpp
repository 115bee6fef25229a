//===- IntegersTest.cpp - every op on integers that a double cannot hold --===//
//
// i64 with numbers beyond 2⁵³, up to the ends of the type, against loops in
// C++: an integer that went through a double on its way shows.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/EveryOp.h"

#include <functional>
#include <numeric>
#include <random>
#include <set>

using namespace sinter;
using namespace sinter::test;

namespace {
using Ints = std::vector<int64_t>;
using U = uint64_t;

constexpr int64_t least = std::numeric_limits<int64_t>::min();
constexpr int64_t most = std::numeric_limits<int64_t>::max();

int64_t add(int64_t a, int64_t b) { return U(a) + U(b); }
int64_t mul(int64_t a, int64_t b) { return U(a) * U(b); }

/// Tensors: a, b of 37, m of 5x37, f of 37 f64, flags of 37 i1, places of 5.
struct Operands {
  Ints a, b, m, flags, places;
  std::vector<double> f;
};
struct Case {
  std::string op; // %y of `type` from %a %b %m %f %flags %places
  std::string type;
  std::function<Ints(const Operands &)> wanted;
};

const std::string V = "tensor<37xi64>", M = "tensor<5x37xi64>";

Ints map(const Ints &a, const Ints &b,
         const std::function<int64_t(int64_t, int64_t)> &f) {
  Ints result;
  for (size_t i = 0; i < a.size(); ++i)
    result.push_back(f(a[i], b[i]));
  return result;
}

/// Over the rows (5 results) or the columns (37) of m.
Ints reduce(const Ints &m, bool overRows, int64_t initial,
            const std::function<int64_t(int64_t, int64_t)> &f) {
  Ints result(overRows ? wide : rows, initial);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < wide; ++j) {
      int64_t &r = result[overRows ? j : i];
      r = f(r, m[i * wide + j]);
    }
  return result;
}

void addPointwise(std::vector<Case> &cases) {
  auto unary = [&](const std::string &op,
                   const std::function<int64_t(int64_t)> &f) {
    cases.push_back({op + " %a : " + V, V, [f](const Operands &o) {
                       return map(o.a, o.a,
                                  [f](int64_t x, int64_t) { return f(x); });
                     }});
  };
  auto binary = [&](const std::string &op,
                    const std::function<int64_t(int64_t, int64_t)> &f,
                    const std::string &type = V) {
    cases.push_back({op + " %a, %b : " + V, type,
                     [f](const Operands &o) { return map(o.a, o.b, f); }});
  };
  unary("neg", [](int64_t x) { return int64_t(-U(x)); });
  unary("abs", [](int64_t x) { return x < 0 ? int64_t(-U(x)) : x; });
  unary("sign", [](int64_t x) { return int64_t((x > 0) - (x < 0)); });
  unary("not", [](int64_t x) { return ~x; });
  unary("stop_gradient", [](int64_t x) { return x; });
  binary("add", add);
  binary("sub", [](int64_t a, int64_t b) { return int64_t(U(a) - U(b)); });
  binary("mul", mul);
  binary("div", [](int64_t a, int64_t b) {
    return b == 0 ? 0 : b == -1 ? int64_t(-U(a)) : a / b;
  });
  binary("rem",
         [](int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; });
  binary("max", [](int64_t a, int64_t b) { return std::max(a, b); });
  binary("min", [](int64_t a, int64_t b) { return std::min(a, b); });
  binary("and", [](int64_t a, int64_t b) { return a & b; });
  binary("or", [](int64_t a, int64_t b) { return a | b; });
  binary("xor", [](int64_t a, int64_t b) { return a ^ b; });
  const std::string flags = "tensor<37xi1>";
  binary("compare eq", std::equal_to<int64_t>(), flags);
  binary("compare ne", std::not_equal_to<int64_t>(), flags);
  binary("compare lt", std::less<int64_t>(), flags);
  binary("compare le", std::less_equal<int64_t>(), flags);
  binary("compare gt", std::greater<int64_t>(), flags);
  binary("compare ge", std::greater_equal<int64_t>(), flags);
  cases.push_back({"select %flags, %a, %b : " + V, V, [](const Operands &o) {
                     Ints y = o.b;
                     for (size_t i = 0; i < y.size(); ++i)
                       y[i] = o.flags[i] ? o.a[i] : o.b[i];
                     return y;
                   }});
  cases.push_back({"cast %a : " + V + " to tensor<37xi32>", "tensor<37xi32>",
                   [](const Operands &o) {
                     return map(o.a, o.a, [](int64_t x, int64_t) {
                       return int64_t(int32_t(uint32_t(U(x))));
                     });
                   }});
  cases.push_back(
      {"cast %f : tensor<37xf64> to " + V, V, [](const Operands &o) {
         Ints y;
         for (double x : o.f)
           y.push_back(x >= 0x1p63    ? most
                       : x <= -0x1p63 ? least
                       : x != x       ? 0
                                      : int64_t(x));
         return y;
       }});
}

void addReductions(std::vector<Case> &cases) {
  for (bool overRows : {true, false}) {
    std::string dims = overRows ? "0" : "1";
    std::string type = overRows ? V : "tensor<5xi64>";
    auto one = [&](const std::string &op, int64_t initial,
                   const std::function<int64_t(int64_t, int64_t)> &f) {
      cases.push_back({op + " %m dims [" + dims + "] : " + M + " -> " + type,
                       type, [=](const Operands &o) {
                         return reduce(o.m, overRows, initial, f);
                       }});
    };
    one("reduce_sum", 0, add);
    one("reduce_prod", 1, mul);
    one("reduce_max", least,
        [](int64_t a, int64_t b) { return std::max(a, b); });
    one("reduce_min", most,
        [](int64_t a, int64_t b) { return std::min(a, b); });
    for (bool largest : {true, false})
      cases.push_back({std::string(largest ? "argmax" : "argmin") + " %m dim " +
                           dims + " : " + M + " -> " + type,
                       type, [=](const Operands &o) {
                         Ints y(overRows ? wide : rows, 0);
                         for (int64_t i = 0; i < rows; ++i)
                           for (int64_t j = 0; j < wide; ++j) {
                             int64_t &at = y[overRows ? j : i];
                             int64_t x = o.m[i * wide + j];
                             int64_t best = overRows ? o.m[at * wide + j]
                                                     : o.m[i * wide + at];
                             if (largest ? x > best : x < best)
                               at = overRows ? i : j;
                           }
                         return y;
                       }});
  }
  // m mᵀ and mᵀ m.
  for (bool overRows : {false, true}) {
    int64_t n = overRows ? wide : rows, depth = overRows ? rows : wide;
    int64_t outer = overRows ? 1 : wide, inner = overRows ? wide : 1;
    std::string dim = overRows ? "[0]" : "[1]", count = std::to_string(n);
    std::string type = "tensor<" + count + "x" + count + "xi64>";
    cases.push_back({"dot_general %m, %m contract " + dim + " x " + dim +
                         " batch [] x [] : " + M + ", " + M + " -> " + type,
                     type, [=](const Operands &o) {
                       Ints y(n * n, 0);
                       for (int64_t i = 0; i < n; ++i)
                         for (int64_t j = 0; j < n; ++j)
                           for (int64_t k = 0; k < depth; ++k)
                             y[i * n + j] = add(
                                 y[i * n + j], mul(o.m[i * outer + k * inner],
                                                   o.m[j * outer + k * inner]));
                       return y;
                     }});
  }
}

void addOthers(std::vector<Case> &cases) {
  cases.push_back({"cumulative_sum %m dim 0 : " + M, M, [](const Operands &o) {
                     Ints y = o.m;
                     for (int64_t i = wide; i < rows * wide; ++i)
                       y[i] = add(y[i - wide], y[i]);
                     return y;
                   }});
  for (bool descending : {false, true})
    cases.push_back(
        {std::string("argsort %b dim 0 ") +
             (descending ? "descending : " : ": ") + V + " -> tensor<37xi32>",
         "tensor<37xi32>", [=](const Operands &o) {
           Ints y(wide);
           std::iota(y.begin(), y.end(), 0);
           std::stable_sort(y.begin(), y.end(), [&](int64_t i, int64_t j) {
             return descending ? o.b[j] < o.b[i] : o.b[i] < o.b[j];
           });
           return y;
         }});
  cases.push_back({"fold_windows %m dims [0] sizes [37] strides [2] dilations "
                   "[1] : " +
                       M + " -> tensor<46xi64>",
                   "tensor<46xi64>", [](const Operands &o) {
                     Ints y(46, 0);
                     for (int64_t i = 0; i < rows; ++i)
                       for (int64_t j = 0; j < wide; ++j)
                         y[2 * i + j] = add(y[2 * i + j], o.m[i * wide + j]);
                     return y;
                   }});
  cases.push_back(
      {"conv %images, %kernels : tensor<5x37x1xi64>, "
       "tensor<5x1x37xi64> -> tensor<5x33x37xi64>",
       "tensor<5x33x37xi64>", [](const Operands &o) {
         Ints y;
         for (int64_t n = 0; n < rows; ++n)
           for (int64_t i = 0; i < wide - rows + 1; ++i)
             for (int64_t f = 0; f < wide; ++f) {
               int64_t sum = 0;
               for (int64_t k = 0; k < rows; ++k)
                 sum = add(sum, mul(o.m[n * wide + i + k], o.m[k * wide + f]));
               y.push_back(sum);
             }
         return y;
       }});
  cases.push_back(
      {"concatenate %a, %b dim 0 : " + V + ", " + V + " -> tensor<74xi64>",
       "tensor<74xi64>", [](const Operands &o) {
         Ints y = o.a;
         y.insert(y.end(), o.b.begin(), o.b.end());
         return y;
       }});
  cases.push_back(
      {"gather %m[%places] axis 0 batch 0 : " + M + ", tensor<5xi64> -> " + M,
       M, [](const Operands &o) {
         Ints y(rows * wide, 0);
         for (int64_t i = 0; i < rows; ++i)
           for (int64_t j = 0; j < wide; ++j)
             if (o.places[i] >= 0 && o.places[i] < rows)
               y[i * wide + j] = o.m[o.places[i] * wide + j];
         return y;
       }});
  cases.push_back({"scatter_add %m[%places] += %m axis 0 batch 0 : " + M +
                       ", tensor<5xi64>, " + M,
                   M, [](const Operands &o) {
                     Ints y = o.m;
                     for (int64_t i = 0; i < rows; ++i)
                       for (int64_t j = 0; j < wide; ++j)
                         if (o.places[i] >= 0 && o.places[i] < rows) {
                           int64_t &at = y[o.places[i] * wide + j];
                           at = add(at, o.m[i * wide + j]);
                         }
                     return y;
                   }});
  cases.push_back({"iota dim 0 : " + V, V, [](const Operands &) {
                     Ints y(wide);
                     std::iota(y.begin(), y.end(), 0);
                     return y;
                   }});
  std::string big = "9007199254740993, -9223372036854775808, "
                    "9223372036854775807";
  cases.push_back({"constant dense<[" + big + "]> : tensor<3xi64>",
                   "tensor<3xi64>", [](const Operands &) {
                     return Ints{9007199254740993, least, most};
                   }});
  cases.push_back({"scan 5 carry(%c = %a : " + V + ") each(%x = %m : " + M +
                       ") with(%w = %b : " + V + ") index(%t) -> (" + V +
                       ") {\n%p = sinter.mul %c, %w : " + V +
                       "\n%n = sinter.add %p, %x : " + V +
                       "\nsinter.yield %n : " + V + "\n}",
                   V, [](const Operands &o) {
                     Ints c = o.a;
                     for (int64_t t = 0; t < rows; ++t)
                       for (int64_t j = 0; j < wide; ++j)
                         c[j] = add(mul(c[j], o.b[j]), o.m[t * wide + j]);
                     return c;
                   }});
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  addPointwise(cases);
  addReductions(cases);
  addMovements(cases, "i64");
  addOthers(cases);
  return cases;
}

/// Numbers that a double rounds, among small ones and the ends of the type.
Ints randomInts(std::mt19937_64 &random, int64_t count) {
  Ints result;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t edges[] = {least, most, least + 1, 0, -1, 1, (1ll << 53) + 1};
    int64_t big = static_cast<int64_t>(random() >> (random() % 10)) | 1;
    result.push_back(random() % 6 == 0 ? edges[random() % std::size(edges)]
                     : random() % 2    ? big
                                       : -big);
  }
  return result;
}

class Integers : public testing::TestWithParam<Target> {};

TEST_P(Integers, NoOpGoesThroughADouble) {
  auto [cpu, level] = GetParam();
  std::vector<Case> cases = allCases();
  std::string text = "module @m {\n";
  for (auto [number, c] : llvm::enumerate(cases))
    text += "sinter.entry @e" + std::to_string(number) + "(%a: " + V +
            ", %b: " + V + ", %m: " + M +
            ", %f: tensor<37xf64>, %flags: tensor<37xi1>, %places: "
            "tensor<5xi64>, %images: tensor<5x37x1xi64>, %kernels: "
            "tensor<5x1x37xi64>) -> (" +
            c.type + ") {\n%y = sinter." + c.op +
            "\nsinter.return %y : " + c.type + "\n}\n";
  Compiled compiled(text + "}\n", cpu, level);
  ASSERT_TRUE(compiled);
  std::mt19937_64 random(3);
  Operands o;
  o.a = randomInts(random, wide);
  o.b = randomInts(random, wide);
  o.m = randomInts(random, rows * wide);
  for (int64_t i = 0; i < wide; ++i) {
    o.flags.push_back(i % 3 == 0);
    o.f.push_back(i == 0   ? std::nan("")
                  : i == 1 ? 1e300
                  : i == 2 ? -HUGE_VAL
                           : static_cast<double>(o.a[i]));
  }
  // Equal here and there, so that comparisons see it.
  for (int64_t i = 0; i < wide; i += 5)
    o.b[i] = o.a[i];
  o.places = {3, (1ll << 53) + 1, 0, -1, 3};
  llvm::ArrayRef<mlir::Type> types = compiled.inputTypes("e0");
  std::vector<Array> inputs = {
      Array::ofInts(types[0], o.a),     Array::ofInts(types[1], o.b),
      Array::ofInts(types[2], o.m),     Array::of(types[3], o.f),
      Array::ofInts(types[4], o.flags), Array::ofInts(types[5], o.places),
      Array::ofInts(types[6], o.m),     Array::ofInts(types[7], o.m)};
  for (auto [number, c] : llvm::enumerate(cases)) {
    SCOPED_TRACE(c.op);
    for (Guard guard : {Guard::Behind, Guard::Before}) {
      auto got = compiled.run("e" + std::to_string(number), inputs, guard);
      EXPECT_EQ(got[0].ints, c.wanted(o));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Integers, testing::ValuesIn(allTargets));

TEST(IntegersTable, HasEveryOpOnI64) {
  std::set<std::string> covered;
  for (const Case &c : allCases())
    covered.insert(c.op.substr(0, c.op.find(' ')));
  expectEveryOpOn("i64", covered);
}

} // namespace
