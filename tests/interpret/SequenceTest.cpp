//===- SequenceTest.cpp - running sums, and the order of a row ------------===//

#include "tests/interpret/Run.h"
#include <limits>

using namespace sinter::interpret;

namespace {
using Numbers = std::vector<double>;
using Ints = std::vector<int64_t>;

class Sequence : public Interpret {
protected:
  Numbers sums(const std::string &along, const std::string &type,
               const Numbers &x) {
    return apply("sinter.cumulative_sum %0 " + along + " : " + type, type,
                 {floats(type, x)})
        .floats;
  }
  Ints order(const std::string &along, const std::string &shape,
             const Numbers &x) {
    std::string from = "tensor<" + shape + "xf64>",
                to = "tensor<" + shape + "xi32>";
    return apply("sinter.argsort %0 " + along + " : " + from + " -> " + to, to,
                 {floats(from, x)})
        .ints;
  }
};

TEST_F(Sequence, RunningSums) {
  const std::string t = "tensor<2x3xf64>";
  const Numbers x = {1, 2, 4, 10, 20, 40};
  EXPECT_EQ(sums("dim 1", t, x), (Numbers{1, 3, 7, 10, 30, 70}));
  EXPECT_EQ(sums("dim 0", t, x), (Numbers{1, 2, 4, 11, 22, 44}));
  EXPECT_EQ(sums("dim 1 reverse", t, x), (Numbers{7, 6, 4, 70, 60, 40}));
  EXPECT_EQ(sums("dim 1 exclusive", t, x), (Numbers{0, 1, 3, 0, 10, 30}));
  EXPECT_EQ(sums("dim 1 reverse exclusive", t, x),
            (Numbers{6, 4, 0, 60, 40, 0}));
}

TEST_F(Sequence, SumsAreRoundedOneByOne) {
  // 2²⁴ + 1 is no f32: twice it falls back.
  EXPECT_EQ(sums("dim 0", "tensor<3xf32>", {16777216, 1, 1}),
            (Numbers{16777216, 16777216, 16777216}));
  EXPECT_EQ(sums("dim 0 reverse", "tensor<3xf32>", {16777216, 1, 1}),
            (Numbers{16777218, 2, 1}));
}

TEST_F(Sequence, IntegersWrap) {
  EXPECT_EQ(apply("sinter.cumulative_sum %0 dim 0 : tensor<3xui8>",
                  "tensor<3xui8>", {ints("tensor<3xui8>", {200, 55, 3})})
                .ints,
            (Ints{200, 255, 2}));
}

TEST_F(Sequence, OrdersAreStableAndNanIsGreatest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(order("dim 0", "6", {3, nan, 1, 3, -inf, 1}),
            (Ints{4, 2, 5, 0, 3, 1}));
  EXPECT_EQ(order("dim 0 descending", "6", {3, nan, 1, 3, -inf, 1}),
            (Ints{1, 0, 3, 2, 5, 4}));
  EXPECT_EQ(order("dim 0", "3", {0.0, -0.0, -1}), (Ints{2, 0, 1}));
  EXPECT_EQ(order("dim 0", "2x3", {5, 1, 2, 4, 1, 3}),
            (Ints{1, 0, 0, 0, 1, 1}));
  EXPECT_EQ(order("dim 1", "2x3", {5, 1, 2, 4, 1, 3}),
            (Ints{1, 2, 0, 1, 2, 0}));
}

} // namespace
