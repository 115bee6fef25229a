//===- ContractionTest.cpp - every form of dot_general --------------------===//
//
// Random contractions (dimensions, order, transposition, type), with epilogues
// and with operands that are computed on the way, on guarded memory, against
// the interpreter.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include <random>

using namespace sinter;
using namespace sinter::test;

namespace {

std::string tensor(llvm::ArrayRef<int64_t> shape, llvm::StringRef element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element.str() + ">";
}

std::string list(llvm::ArrayRef<int64_t> numbers) {
  std::string text = "[";
  for (auto [i, number] : llvm::enumerate(numbers))
    text += (i ? ", " : "") + std::to_string(number);
  return text + "]";
}

/// One contraction: which dimensions of each operand are what.
struct Form {
  std::vector<int64_t> lhs, rhs; // shapes
  std::vector<int64_t> lhsK, rhsK, lhsB, rhsB;
  std::vector<int64_t> result;

  std::string op(llvm::StringRef element, llvm::StringRef a = "%a",
                 llvm::StringRef b = "%b") const {
    return "%y = sinter.dot_general " + a.str() + ", " + b.str() +
           " contract " + list(lhsK) + " x " + list(rhsK) + " batch " +
           list(lhsB) + " x " + list(rhsB) + " : " + tensor(lhs, element) +
           ", " + tensor(rhs, element) + " -> " + tensor(result, element) +
           "\n";
  }
};

/// M×K times K×N, either operand stored transposed.
Form matrix(int64_t m, int64_t n, int64_t k, bool lhsTransposed,
            bool rhsTransposed) {
  Form form;
  form.lhs =
      lhsTransposed ? std::vector<int64_t>{k, m} : std::vector<int64_t>{m, k};
  form.rhs =
      rhsTransposed ? std::vector<int64_t>{n, k} : std::vector<int64_t>{k, n};
  form.lhsK = {lhsTransposed ? 0 : 1};
  form.rhsK = {rhsTransposed ? 1 : 0};
  form.result = {m, n};
  return form;
}

/// Any number of batch, free and contracting dimensions in any order.
Form randomForm(std::mt19937 &random) {
  auto below = [&](int n) { return static_cast<int64_t>(random() % n); };
  Form form;
  struct Dim {
    char kind;
    int64_t extent, number;
  };
  std::vector<Dim> lhs, rhs;
  const int64_t extents[] = {1, 2, 3, 5, 7, 17, 33};
  auto extent = [&] { return extents[below(std::size(extents))]; };
  int64_t batch = below(3), contracting = below(3);
  std::vector<int64_t> batchExtents, contractingExtents;
  for (int64_t i = 0; i < batch; ++i) {
    int64_t e = 1 + below(3);
    lhs.push_back({'b', e, i});
    rhs.push_back({'b', e, i});
    batchExtents.push_back(e);
  }
  for (int64_t i = 0; i < contracting; ++i) {
    int64_t e = extent();
    lhs.push_back({'k', e, i});
    rhs.push_back({'k', e, i});
  }
  for (int64_t i = below(3); i > 0; --i)
    lhs.push_back({'f', extent(), 0});
  for (int64_t i = below(3); i > 0; --i)
    rhs.push_back({'f', extent(), 0});
  std::shuffle(lhs.begin(), lhs.end(), random);
  std::shuffle(rhs.begin(), rhs.end(), random);
  form.lhsK.resize(contracting);
  form.rhsK.resize(contracting);
  form.lhsB.resize(batch);
  form.rhsB.resize(batch);
  form.result = batchExtents;
  auto take = [&](const std::vector<Dim> &dims, std::vector<int64_t> &shape,
                  std::vector<int64_t> &k, std::vector<int64_t> &b) {
    for (auto [d, dim] : llvm::enumerate(dims)) {
      shape.push_back(dim.extent);
      if (dim.kind == 'k')
        k[dim.number] = d;
      else if (dim.kind == 'b')
        b[dim.number] = d;
      else
        form.result.push_back(dim.extent);
    }
  };
  take(lhs, form.lhs, form.lhsK, form.lhsB);
  take(rhs, form.rhs, form.rhsK, form.rhsB);
  return form;
}

/// Entries on inputs %a, %b (and %c of the result's shape), each in a module of
/// its own folder of names.
struct Program {
  std::string text = "module @m {\n";
  std::vector<std::string> names;
  int count = 0;

  void add(const Form &form, const std::string &element,
           const std::string &body, const std::string &lhsElement = "") {
    std::string a = tensor(form.lhs, lhsElement.empty() ? element : lhsElement);
    std::string y = tensor(form.result, element);
    text += "sinter.entry @e" + std::to_string(count++) + "(%a: " + a +
            " {sinter.name = \"a\"}, %b: " + tensor(form.rhs, element) +
            " {sinter.name = \"b\"}, %c: " + y +
            " {sinter.name = \"c\"}) -> (" + y + " {sinter.name = \"z\"}) {\n" +
            body + "sinter.return %z : " + y + "\n}\n";
    names.push_back(body);
  }

  void check(llvm::StringRef cpu, double ulps) {
    Compiled compiled(text + "}\n", cpu);
    ASSERT_TRUE(compiled);
    for (int i = 0; i < count; ++i) {
      std::string entry = "e" + std::to_string(i);
      std::vector<Array> inputs;
      for (mlir::Type type : compiled.inputTypes(entry)) {
        // Small integers: every order of summation is exact in f32.
        Array input = Array::zeros(type);
        std::mt19937 random(i * 31 + inputs.size());
        for (double &x : input.floats)
          x = static_cast<double>(random() % 9) - 4;
        for (int64_t &x : input.ints)
          x = interpret::wrap(static_cast<int64_t>(random()),
                              input.elementType);
        inputs.push_back(std::move(input));
      }
      expectClose(compiled.run(entry, inputs)[0],
                  compiled.interpret(entry, inputs)[0], ulps, names[i]);
    }
  }
};

std::string copyOfY(const Form &form, const std::string &element) {
  std::string type = tensor(form.result, element);
  return form.op(element) + "%z = sinter.max %y, %c : " + type + "\n";
}

class Contraction : public testing::TestWithParam<const char *> {};

TEST_P(Contraction, AllTranspositionsOfOddShapes) {
  Program program;
  for (int transposed = 0; transposed < 4; ++transposed)
    for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{{1, 1, 1},
                                                              {1, 100, 7},
                                                              {13, 1, 5},
                                                              {3, 17, 4},
                                                              {14, 32, 9},
                                                              {29, 75, 33},
                                                              {65, 48, 16},
                                                              {8, 130, 3},
                                                              {40, 300, 21}})
      program.add(
          matrix(m, n, k, transposed & 1, transposed & 2), "f32",
          copyOfY(matrix(m, n, k, transposed & 1, transposed & 2), "f32"));
  program.check(GetParam(), 0);
}

TEST_P(Contraction, EveryTypeOfNumber) {
  for (const char *type : {"f32", "f64", "i64", "i32", "i8", "ui8"}) {
    Program program;
    for (int transposed = 0; transposed < 4; ++transposed)
      program.add(
          matrix(9, 37, 11, transposed & 1, transposed & 2), type,
          copyOfY(matrix(9, 37, 11, transposed & 1, transposed & 2), type));
    program.check(GetParam(), 0);
  }
}

TEST_P(Contraction, RandomDimensionsInAnyOrder) {
  std::mt19937 random(7);
  Program program;
  for (int i = 0; i < 40; ++i) {
    Form form = randomForm(random);
    program.add(form, "f32", copyOfY(form, "f32"));
  }
  program.check(GetParam(), 0);
}

/// Operands that are parts of wider tensors, as attention's heads are of one
/// product: in any form, and so large that they are packed.
TEST_P(Contraction, SlicesAreReadWhereTheyLie) {
  std::mt19937 random(11);
  Program program;
  auto add = [&](const Form &form) {
    Form wide = form;
    auto widen = [&](const char *from, const char *to,
                     std::vector<int64_t> &shape) {
      std::vector<int64_t> offsets, sizes = shape, strides;
      for (int64_t &extent : shape) {
        offsets.push_back(random() % 3);
        strides.push_back(1 + random() % 4 / 3);
        extent = offsets.back() + extent * strides.back() + random() % 2;
      }
      return std::string(to) + " = sinter.slice " + from + " offsets " +
             list(offsets) + " sizes " + list(sizes) + " strides " +
             list(strides) + " : " + tensor(shape, "f32") + " -> " +
             tensor(sizes, "f32") + "\n";
    };
    std::string slices = widen("%a", "%as", wide.lhs);
    slices += widen("%b", "%bs", wide.rhs);
    program.add(wide, "f32",
                slices + form.op("f32", "%as", "%bs") +
                    "%z = sinter.max %y, %c : " + tensor(form.result, "f32") +
                    "\n");
  };
  for (int i = 0; i < 25; ++i)
    add(randomForm(random));
  for (int transposed = 0; transposed < 4; ++transposed)
    for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{
             {5, 40, 3}, {260, 33, 7}, {19, 140, 5}, {40, 300, 9}})
      add(matrix(m, n, k, transposed & 1, transposed & 2));
  program.check(GetParam(), 0);
}

TEST_P(Contraction, NothingToSumIsZero) {
  Program program;
  program.add(matrix(5, 21, 0, false, false), "f32",
              copyOfY(matrix(5, 21, 0, false, false), "f32"));
  program.add(matrix(0, 21, 3, false, false), "f32",
              copyOfY(matrix(0, 21, 3, false, false), "f32"));
  program.add(matrix(5, 0, 3, false, true), "f32",
              copyOfY(matrix(5, 0, 3, false, true), "f32"));
  program.check(GetParam(), 0);
}

TEST_P(Contraction, EpilogueReadsAndBroadcasts) {
  Program program;
  for (int64_t n : {1, 10, 33, 64}) {
    Form form = matrix(19, n, 23, false, false);
    std::string type = tensor(form.result, "f32");
    std::string row = tensor({n}, "f32");
    program.add(
        form, "f32",
        form.op("f32") + "%r = sinter.slice %c offsets [3, 0] sizes [1, " +
            std::to_string(n) + "] strides [1, 1] : " + type + " -> " +
            tensor({1, n}, "f32") +
            "\n%s = sinter.reshape %r : " + tensor({1, n}, "f32") + " -> " +
            row + "\n%t = sinter.broadcast %s dims [1] : " + row + " -> " +
            type + "\n%u = sinter.add %y, %t : " + type +
            "\n%o = sinter.constant dense<0.0> : " + type +
            "\n%v = sinter.max %u, %o : " + type +
            "\n%z = sinter.mul %v, %c : " + type + "\n");
  }
  program.check(GetParam(), 0);
}

TEST_P(Contraction, OperandComputedOnTheWay) {
  Program program;
  for (bool transposed : {false, true}) {
    Form form = matrix(21, 45, 19, false, transposed);
    std::string from = tensor(form.lhs, "ui8"), to = tensor(form.lhs, "f32");
    program.add(
        form, "f32",
        "%x = sinter.cast %a : " + from + " to " + to +
            "\n%h = sinter.constant dense<0.5> : " + to +
            "\n%w = sinter.mul %x, %h : " + to + "\n" + form.op("f32", "%w") +
            "%z = sinter.add %y, %c : " + tensor(form.result, "f32") + "\n",
        "ui8");
  }
  program.check(GetParam(), 0);
}

INSTANTIATE_TEST_SUITE_P(Cpus, Contraction, testing::ValuesIn(allCpus),
                         nameOfCpu);

} // namespace
