//===- EmptyDimensionsTest.cpp - tensors without an element ---------------===//
//
// A dimension of extent 0 may stand beside others that are long: what would be
// shared among threads, kept between loop nests or packed is then nothing.
// Where such a dimension is summed over, the result is not empty, but zeros.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

using namespace sinter;
using namespace sinter::test;

namespace {
class EmptyDimensions : public EntryCases {};

TEST_P(EmptyDimensions, LongReductions) {
  std::vector<Case> cases;
  auto add = [&](const char *op, std::string from, const char *dims,
                 std::string to) {
    from = "tensor<" + from + "f32>", to = "tensor<" + to + "f32>";
    cases.push_back({{from},
                     std::string("  %y = sinter.") + op + " %x0 dims " + dims +
                         " : " + from + " -> " + to,
                     to});
  };
  for (const char *op :
       {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"}) {
    add(op, "100000x0x", "[0]", "0x");
    add(op, "100000x0x8x", "[0, 2]", "0x");
    add(op, "0x100000x", "[1]", "0x");
    add(op, "4x300x0x", "[1]", "4x0x");
  }
  for (const char *op : {"reduce_sum", "reduce_prod"}) {
    add(op, "300x0x", "[1]", "300x");
    add(op, "0x300x", "[0]", "300x");
    add(op, "0x", "[0]", "");
  }
  // What the first sum gives is read again, and is nothing.
  for (const char *types : {"100000x0x8x", "3x0x8x"})
    cases.push_back(
        {{"tensor<" + std::string(types) + "f32>"},
         withTypes("  %s = sinter.reduce_sum %x0 dims [0, 2] : FULL -> KEPT\n"
                   "  %b = sinter.broadcast %s dims [1] : KEPT -> FULL\n"
                   "  %d = sinter.sub %x0, %b : FULL\n"
                   "  %e = sinter.exp %d : FULL\n"
                   "  %y = sinter.reduce_sum %e dims [0, 2] : FULL -> KEPT",
                   {{"FULL", "tensor<" + std::string(types) + "f32>"},
                    {"KEPT", "tensor<0xf32>"}}),
         "tensor<0xf32>"});
  check(cases);
}

// Vectors' products are sums of elementwise products: the second operand is
// long, the first has nothing.
TEST_P(EmptyDimensions, LongProducts) {
  std::vector<Case> cases;
  auto add = [&](std::string lhs, std::string rhs, const char *form,
                 std::string to) {
    lhs = "tensor<" + lhs + "f32>", rhs = "tensor<" + rhs + "f32>";
    to = "tensor<" + to + "f32>";
    cases.push_back({{lhs, rhs},
                     std::string("  %y = sinter.dot_general %x0, %x1 ") + form +
                         " : " + lhs + ", " + rhs + " -> " + to,
                     to});
  };
  add("100000x0x8x", "100000x8x", "contract [0, 2] x [0, 1] batch [] x []",
      "0x");
  add("100000x8x", "100000x0x8x", "contract [0, 1] x [0, 2] batch [] x []",
      "0x");
  add("100000x0x", "100000x3x", "contract [0] x [0] batch [] x []", "0x3x");
  add("100000x0x", "100000x0x", "contract [0] x [0] batch [] x []", "0x0x");
  add("0x100000x3x", "0x100000x5x", "contract [1] x [1] batch [0] x [0]",
      "0x3x5x");
  add("0x5x", "0x7x", "contract [0] x [0] batch [] x []", "5x7x");
  add("2x64x0x", "2x0x300x", "contract [2] x [1] batch [0] x [0]", "2x64x300x");
  check(cases);
}

TEST_P(EmptyDimensions, Convolutions) {
  std::vector<Case> cases;
  auto add = [&](std::string image, std::string kernel, std::string to) {
    image = "tensor<" + image + "xf32>", kernel = "tensor<" + kernel + "xf32>";
    to = "tensor<" + to + "xf32>";
    cases.push_back(
        {{image, kernel},
         "  %y = sinter.conv %x0, %x1 : " + image + ", " + kernel + " -> " + to,
         to});
  };
  add("0x9x9x6", "3x3x6x32", "0x7x7x32");
  add("2x9x9x6", "3x3x6x0", "2x7x7x0");
  add("2x9x9x0", "3x3x0x5", "2x7x7x5");
  add("64x32x32x0", "3x3x0x8", "64x30x30x8");
  check(cases);
}

TEST_P(EmptyDimensions, SumsAndSortsAlongThem) {
  std::vector<Case> cases;
  for (const char *shape : {"0x300x", "300x0x", "100000x0x"})
    for (const char *dim : {"0", "1"}) {
      std::string type = "tensor<" + std::string(shape) + "f32>";
      cases.push_back(
          {{type},
           withTypes("  %a = sinter.cumulative_sum %x0 dim DIM : FULL\n"
                     "  %b = sinter.cumulative_sum %a dim DIM : FULL\n"
                     "  %y = sinter.add %b, %x0 : FULL",
                     {{"DIM", dim}, {"FULL", type}}),
           type});
      std::string order = "tensor<" + std::string(shape) + "i32>";
      cases.push_back(
          {{type},
           withTypes("  %a = sinter.argsort %x0 dim DIM : FULL -> ORDER\n"
                     "  %b = sinter.cast %a : ORDER to FULL\n"
                     "  %y = sinter.add %b, %x0 : FULL",
                     {{"DIM", dim}, {"FULL", type}, {"ORDER", order}}),
           type});
    }
  check(cases);
}

TEST_P(EmptyDimensions, GathersAndScatters) {
  struct Form {
    const char *table, *indices, *rows, *axis;
  };
  // No index, no column, and no row that an index could name.
  const Form forms[] = {{"5x3x", "0x", "0x3x", "0"},
                        {"0x3x", "4x", "4x3x", "0"},
                        {"100x0x", "100000x", "100000x0x", "0"},
                        {"5x0x", "4x", "5x4x", "1"},
                        {"0x40x", "100000x", "0x100000x", "1"}};
  std::vector<Case> cases;
  for (const Form &form : forms) {
    auto type = [](const char *shape, const char *element) {
      return "tensor<" + std::string(shape) + element + ">";
    };
    std::string table = type(form.table, "f32"), rows = type(form.rows, "f32"),
                indices = type(form.indices, "i32");
    std::string axis = std::string(" axis ") + form.axis + " batch 0 : ";
    cases.push_back({{table, indices},
                     "  %y = sinter.gather %x0[%x1]" + axis + table + ", " +
                         indices + " -> " + rows,
                     rows});
    cases.push_back({{table, indices, rows},
                     "  %a = sinter.scatter_add %x0[%x1] += %x2" + axis +
                         table + ", " + indices + ", " + rows +
                         "\n  %y = sinter.mul %a, %a : " + table,
                     table});
  }
  check(cases);
}

TEST_P(EmptyDimensions, Movement) {
  check({{{"tensor<0x3xf32>", "tensor<5x3xf32>"},
          "  %y = sinter.concatenate %x0, %x1 dim 0 : tensor<0x3xf32>, "
          "tensor<5x3xf32> -> tensor<5x3xf32>",
          "tensor<5x3xf32>"},
         {{"tensor<0x5xf32>"},
          "  %y = sinter.pad %x0 low [1, 2] high [0, 1] interior [0, 0] : "
          "tensor<0x5xf32> -> tensor<1x8xf32>",
          "tensor<1x8xf32>"},
         {{"tensor<2x9x0xf32>"},
          "  %y = sinter.windows %x0 dims [1] sizes [3] strides [2] dilations "
          "[1] : tensor<2x9x0xf32> -> tensor<2x4x3x0xf32>",
          "tensor<2x4x3x0xf32>"},
         {{"tensor<4x3x0xf32>"},
          "  %y = sinter.fold_windows %x0 dims [0] sizes [3] strides [2] "
          "dilations [1] : tensor<4x3x0xf32> -> tensor<9x0xf32>",
          "tensor<9x0xf32>"},
         {{"tensor<3x0xf32>"},
          "  %y = sinter.transpose %x0 [1, 0] : tensor<3x0xf32> -> "
          "tensor<0x3xf32>",
          "tensor<0x3xf32>"}});
}

INSTANTIATE_TEST_SUITE_P(Targets, EmptyDimensions,
                         testing::ValuesIn(allTargets));
} // namespace
