//===- TurnedRowsTest.cpp - rows shorter than a vector --------------------===//
//
// Reductions of rows of 1 to 17 elements, whose vectors run over rows: every
// length, and random shapes of what is around the rows, ways in which they lie
// in their operand, element types and chains of ops.  Operands and results end
// where guarded memory begins, so nothing may be touched behind the last row.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

#include <random>

using namespace sinter;
using namespace sinter::test;

namespace {
using Extents = std::vector<int64_t>;

std::string tensor(const Extents &extents, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t extent : extents)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}
std::string list(const Extents &numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i)
    text += (i ? ", " : "") + std::to_string(numbers[i]);
  return text + "]";
}

class TurnedRows : public EntryCases {
protected:
  /// What stands in front of a chain: %x of type FULL, from %x0.
  struct Source {
    std::string type, body;
  };
  enum Lie { Plain, Sliced, Reversed, Transposed, Padded, PaddedRows, Lies };

  Source lying(Lie lie, const Extents &full, const std::string &e) {
    Extents from = full, order;
    for (size_t d = 0; d < full.size(); ++d)
      order.push_back(d);
    int64_t &last = from.back();
    std::string zeros = list(Extents(full.size(), 0)),
                ones = list(Extents(full.size(), 1)), y = tensor(full, e);
    auto made = [&](const std::string &op, const std::string &more) {
      std::string x = tensor(from, e);
      return Source{x, "  %x = sinter." + op + " %x0" + more + " : " + x +
                           " -> " + y + "\n"};
    };
    switch (lie) {
    case Sliced: {
      Extents offsets(full.size(), 0);
      offsets.back() = 2;
      offsets.front() = 1;
      last += 3;
      from.front() += 1;
      return made("slice", " offsets " + list(offsets) + " sizes " +
                               list(full) + " strides " + ones);
    }
    case Reversed: {
      std::string x = tensor(from, e);
      return {x, "  %x = sinter.reverse %x0 dims " +
                     list({int64_t(full.size()) - 1}) + " : " + x + " -> " + x +
                     "\n"};
    }
    case Transposed:
      std::swap(order.front(), order.back());
      std::swap(from.front(), from.back());
      return made("transpose", " " + list(order));
    case Padded: {
      if (last == 1)
        break;
      Extents low(full.size(), 0);
      low.back() = 1;
      last -= 1;
      std::string x = tensor(from, e);
      return {x, "  %x = sinter.pad %x0 low " + list(low) + " high " + zeros +
                     " interior " + zeros + " : " + x + " -> " + y + "\n"};
    }
    case PaddedRows: {
      // Whole rows that no memory has.
      if (full.size() < 2 || from.front() < 4)
        break;
      Extents low(full.size(), 0), high = low;
      low.front() = 1;
      high.front() = 2;
      from.front() -= 3;
      return made("pad", " low " + list(low) + " high " + list(high) +
                             " interior " + zeros);
    }
    default:
      break;
    }
    std::string x = tensor(from, e);
    return {x, "  %x = sinter.neg %x0 : " + x + "\n"};
  }

  /// A chain over the rows of %x, with %x1 for each row.
  Case chain(unsigned kind, const Source &source, const Extents &full,
             const std::string &e) {
    Extents kept(full.begin(), full.end() - 1), dims;
    for (size_t d = 0; d < kept.size(); ++d)
      dims.push_back(d);
    std::string rows = tensor(kept, e), y = tensor(full, e), body;
    double ulps = 0;
    unsigned special = 0;
    switch (e[0] == 'f' ? kind : 1 + kind % 2) {
    case 0: // softmax
      body = R"(
  %m = sinter.reduce_max %x dims LAST : FULL -> ROWS
  %mb = sinter.broadcast %m dims DIMS : ROWS -> FULL
  %d = sinter.sub %x, %mb : FULL
  %e = sinter.exp %d : FULL
  %s = sinter.reduce_sum %e dims LAST : FULL -> ROWS
  %sb = sinter.broadcast %s dims DIMS : ROWS -> FULL
  %q = sinter.div %e, %sb : FULL
  %v = sinter.broadcast %x1 dims DIMS : ROWS -> FULL
  %y = sinter.mul %q, %v : FULL)";
      ulps = 64;
      break;
    case 1: // where the extremum is, of nans and infinities, too
      body = R"(
  %i = sinter.argmax %x dim LENGTH : FULL -> PLACES
  %w = sinter.cast %i : PLACES to ROWS
  %y = sinter.add %w, %x1 : ROWS)";
      y = rows;
      special = 4;
      break;
    case 2: // each element that is its row's least, else the row's product
      body = R"(
  %m = sinter.reduce_min %x dims LAST : FULL -> ROWS
  %p = sinter.reduce_prod %x dims LAST : FULL -> ROWS
  %mb = sinter.broadcast %m dims DIMS : ROWS -> FULL
  %pb = sinter.broadcast %p dims DIMS : ROWS -> FULL
  %c = sinter.compare le %x, %mb : FULL
  %y = sinter.select %c, %x, %pb : FULL)";
      ulps = e[0] == 'f' ? 64 : 0;
      break;
    case 3: // the logarithm of a sum, and one element of it
      body = R"(
  %z = sinter.iota dim LENGTH : FULL
  %one = sinter.constant dense<1.0> : FULL
  %v = sinter.broadcast %x1 dims DIMS : ROWS -> FULL
  %c = sinter.compare lt %z, %v : FULL
  %k = sinter.select %c, %x, %one : FULL
  %e = sinter.exp %k : FULL
  %s = sinter.reduce_sum %e dims LAST : FULL -> ROWS
  %y = sinter.log %s : ROWS)";
      y = rows;
      ulps = 64;
      break;
    }
    std::string last = std::to_string(full.size() - 1);
    return {{source.type, rows},
            source.body + withTypes(body, {{"FULL", tensor(full, e)},
                                           {"ROWS", rows},
                                           {"PLACES", tensor(kept, "i32")},
                                           {"LAST", "[" + last + "]"},
                                           {"LENGTH", last},
                                           {"DIMS", list(dims)}}),
            y,
            ulps,
            special};
  }
};

TEST_P(TurnedRows, OfEveryLengthAndNumber) {
  std::vector<Case> cases;
  for (int64_t length = 1; length <= 17; ++length)
    for (int64_t rows : {16, 37})
      for (unsigned kind = 0; kind < 4; ++kind) {
        Extents full = {rows, length};
        cases.push_back(chain(kind, lying(Plain, full, "f32"), full, "f32"));
      }
  check(cases);
}

TEST_P(TurnedRows, LyingAnyhow) {
  std::mt19937 random(7);
  std::vector<Case> cases;
  for (int i = 0; i < 60; ++i) {
    auto pick = [&](int64_t from, int64_t to) {
      return from + static_cast<int64_t>(random() % (to - from + 1));
    };
    Extents full;
    for (int64_t d = pick(1, 3); d > 0; --d)
      full.push_back(pick(1, d == 1 ? 40 : 7));
    full.push_back(pick(1, 17));
    const char *elements[] = {"f32", "f32", "f64", "i32", "i8", "ui8", "i64"};
    const char *e = elements[pick(0, 6)];
    cases.push_back(chain(pick(0, 3),
                          lying(static_cast<Lie>(pick(0, Lies - 1)), full, e),
                          full, e));
  }
  check(cases);
}

// One walk leaves something of every element and something of every row, and
// the argument's memory may be the result's.
TEST_P(TurnedRows, GiveRowsAndTheirSums) {
  auto [cpu, level] = GetParam();
  std::string text = "module @m {\n";
  std::vector<int64_t> lengths = {2, 5, 10, 13, 16};
  for (int64_t length : lengths)
    text += withTypes(R"(
sinter.entry @eLENGTH(%x: FULL {sinter.name = "x"}, %l: tensor<51xi32> {sinter.name = "l"})
    -> (tensor<51xf32> {sinter.name = "loss"}, FULL {sinter.name = "g"}, tensor<51xi1> {sinter.name = "right"}) {
  %n = sinter.neg %x : FULL
  %m = sinter.reduce_max %n dims [1] : FULL -> tensor<51xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<51xf32> -> FULL
  %d = sinter.sub %n, %mb : FULL
  %e = sinter.exp %d : FULL
  %s = sinter.reduce_sum %e dims [1] : FULL -> tensor<51xf32>
  %o = sinter.log %s : tensor<51xf32>
  %lb = sinter.broadcast %l dims [0] : tensor<51xi32> -> PLACES
  %i = sinter.iota dim 1 : PLACES
  %c = sinter.compare eq %lb, %i : PLACES
  %z = sinter.constant dense<0.0> : FULL
  %k = sinter.select %c, %d, %z : FULL
  %t = sinter.reduce_sum %k dims [1] : FULL -> tensor<51xf32>
  %loss = sinter.sub %o, %t : tensor<51xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<51xf32> -> FULL
  %p = sinter.div %e, %sb : FULL
  %one = sinter.constant dense<-1.0> : FULL
  %h = sinter.select %c, %one, %z : FULL
  %g = sinter.add %p, %h : FULL
  %a = sinter.argmax %n dim 1 : FULL -> tensor<51xi32>
  %r = sinter.compare eq %a, %l : tensor<51xi32>
  sinter.return %loss, %g, %r : tensor<51xf32>, FULL, tensor<51xi1>
}
)",
                      {{"FULL", tensor({51, length}, "f32")},
                       {"PLACES", tensor({51, length}, "i32")},
                       {"LENGTH", std::to_string(length)}});
  Compiled compiled(text + "}\n", cpu, level);
  ASSERT_TRUE(compiled);
  for (int64_t length : lengths) {
    std::string entry = "e" + std::to_string(length);
    std::vector<Array> inputs =
        makeInputs(compiled.inputTypes(entry), length, 0);
    for (int64_t &label : inputs[1].ints)
      label = (label + 8) % length;
    auto got = compiled.run(entry, inputs);
    auto wanted = compiled.interpret(entry, inputs);
    ASSERT_EQ(got.size(), 3u);
    // The loss is what is left of larger numbers.
    expectClose(got[0], wanted[0], 4096, entry + " loss");
    expectClose(got[1], wanted[1], 4096, entry + " gradient");
    expectClose(got[2], wanted[2], 0, entry + " right");
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, TurnedRows, testing::ValuesIn(allTargets));
} // namespace
