//===- TurnsTest.cpp - transposes, and pointwise ops around them ----------===//
//
// Images of few channels in both layouts, kernels of few places, and random
// permutations of short and long dimensions, alone, beside operands that lie as
// the result does, and as parts of a concatenation: bit for bit what the
// interpreter says, and no byte before or behind the operands is touched.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

#include <numeric>
#include <random>

using namespace sinter;
using namespace sinter::test;

namespace {
using Extents = std::vector<int64_t>;

class Turns : public EntryCases {
protected:
  static std::string tensor(const Extents &extents, const std::string &e) {
    std::string text = "tensor<";
    for (int64_t extent : extents)
      text += std::to_string(extent) + "x";
    return text + e + ">";
  }
  static std::string list(const Extents &numbers) {
    std::string text = "[";
    for (size_t i = 0; i < numbers.size(); ++i)
      text += (i ? ", " : "") + std::to_string(numbers[i]);
    return text + "]";
  }

  enum Kind { Alone, Beside, Channels, Joined, Kinds };

  static Case turn(Kind kind, const Extents &from, const Extents &order,
                   const std::string &e) {
    Extents to;
    for (int64_t d : order)
      to.push_back(from[d]);
    int64_t last = static_cast<int64_t>(to.size()) - 1;
    std::string x = tensor(from, e), y = tensor(to, e),
                channels = tensor({to.back()}, e),
                turned = " = sinter.transpose %x0 " + list(order) + " : " + x +
                         " -> " + y + "\n";
    switch (kind) {
    case Beside:
      return {{x, y}, "  %t" + turned + "  %y = sinter.add %t, %x1 : " + y, y};
    case Channels:
      return {{x, channels},
              "  %t" + turned + "  %b = sinter.broadcast %x1 dims " +
                  list({last}) + " : " + channels + " -> " + y +
                  "\n  %y = sinter.mul %t, %b : " + y,
              y};
    case Joined: {
      Extents twice = to;
      twice.front() *= 2;
      std::string both = tensor(twice, e);
      return {{x, y},
              "  %t" + turned + "  %y = sinter.concatenate %t, %x1 dim 0 : " +
                  y + ", " + y + " -> " + both,
              both};
    }
    default:
      return {{x}, "  %y" + turned, y};
    }
  }
};

TEST_P(Turns, OfImagesAndKernels) {
  std::vector<Case> cases;
  for (const char *e : {"f32", "f64", "i8"})
    for (int64_t channels : {1, 2, 3, 4, 5, 7, 8, 12, 16, 19})
      for (int64_t side : {3, 5, 8}) {
        Extents first = {2, channels, side, side},
                behind = {2, side, side, channels},
                kernel = {channels, 6, side, side};
        for (Kind kind : {Alone, Channels}) {
          cases.push_back(turn(kind, first, {0, 2, 3, 1}, e));
          cases.push_back(turn(kind, behind, {0, 3, 1, 2}, e));
          cases.push_back(turn(kind, kernel, {2, 3, 1, 0}, e));
        }
      }
  check(cases);
}

TEST_P(Turns, OfAnyDimensions) {
  std::mt19937 random(11);
  std::vector<Case> cases;
  for (int i = 0; i < 120; ++i) {
    auto pick = [&](int64_t from, int64_t to) {
      return from + static_cast<int64_t>(random() % (to - from + 1));
    };
    Extents from(pick(2, 4)), order(from.size());
    int64_t room = 20000;
    for (int64_t &extent : from) {
      const int64_t extents[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 25, 33};
      extent = std::min(extents[pick(0, 12)], room);
      room /= extent;
    }
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    const char *elements[] = {"f32", "f32", "f64", "i32",
                              "i8",  "i64", "ui8", "bf16"};
    auto kind = static_cast<Kind>(pick(0, Kinds - 1));
    std::string e = elements[pick(0, 7)];
    // Arithmetic on bf16 is a cast's.
    if (e == "bf16" && kind != Joined)
      kind = Alone;
    cases.push_back(turn(kind, from, order, e));
  }
  check(cases);
}

INSTANTIATE_TEST_SUITE_P(Targets, Turns, testing::ValuesIn(allTargets));
} // namespace
