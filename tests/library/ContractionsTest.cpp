//===- ContractionsTest.cpp - dot_general computed by oneDNN --------------===//

#include "tests/library/LibraryProgram.h"

using namespace sinter::test;

namespace {

std::string plain(const Form &form) {
  std::string type = tensor(form.result, "f32");
  return form.op("f32") + "%z = sinter.add %y, %c : " + type + "\n";
}

const std::vector<std::array<int64_t, 3>> shapes = {
    {1, 1, 1},   {1, 100, 7},   {13, 1, 5},   {3, 17, 4},
    {14, 32, 9}, {29, 75, 33},  {65, 48, 16}, {8, 130, 3},
    {1, 5, 1},   {500, 20, 13}, {31, 417, 6}, {400, 300, 64}};

TEST(Contractions, AllTranspositionsOfOddShapes) {
  LibraryProgram program;
  for (int transposed = 0; transposed < 4; ++transposed)
    for (auto [m, n, k] : shapes) {
      Form form = matrix(m, n, k, transposed & 1, transposed & 2);
      program.add(form, plain(form));
    }
  program.check(/*exact=*/true, 4 * shapes.size());
}

TEST(Contractions, RandomDimensionsInAnyOrder) {
  std::mt19937 random(7);
  LibraryProgram program;
  for (int i = 0; i < 60; ++i) {
    Form form = randomForm(random);
    program.add(form, plain(form));
  }
  program.check(/*exact=*/true, 20);
}

/// What no post-op computes is a loop nest of the same kernel; relu is one, for
/// oneDNN's loses nan.
TEST(Contractions, WhatFollowsBeyondPostOpsIsComputedToo) {
  LibraryProgram program;
  for (auto [m, n, k] : shapes) {
    Form form = matrix(m, n, k, false, true);
    std::string type = tensor(form.result, "f32");
    program.add(form, form.op("f32") + "%s = sinter.add %y, %c : " + type +
                          "\n%z = sinter.max %s, %c : " + type + "\n");
  }
  program.check(/*exact=*/true, shapes.size());
}

struct Epilogue {
  const char *name, *text; // {T}: the type of %y and %z
};

std::string replaceAll(std::string text, const std::string &from,
                       const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

TEST(Contractions, PostOps) {
  const Epilogue epilogues[] = {
      {"add", "%z = sinter.add %c, %y : {T}\n"},
      {"sub", "%z = sinter.sub %y, %c : {T}\n"},
      {"mul", "%z = sinter.mul %y, %c : {T}\n"},
      {"scale", "%k = sinter.constant dense<0.25> : {T}\n"
                "%z = sinter.mul %y, %k : {T}\n"},
      {"shift", "%k = sinter.constant dense<1.5> : {T}\n"
                "%z = sinter.sub %y, %k : {T}\n"},
      {"tanh", "%z = sinter.tanh %y : {T}\n"},
      {"logistic", "%s = sinter.add %y, %c : {T}\n"
                   "%z = sinter.logistic %s : {T}\n"},
      {"abs", "%z = sinter.abs %y : {T}\n"},
      {"sqrt", "%k = sinter.constant dense<0.25> : {T}\n"
               "%s = sinter.abs %y : {T}\n%t = sinter.add %s, %k : {T}\n"
               "%z = sinter.sqrt %t : {T}\n"},
      {"exp", "%t = sinter.tanh %y : {T}\n%z = sinter.exp %t : {T}\n"},
      {"gelu", "%h = sinter.constant dense<0.5> : {T}\n"
               "%r = sinter.constant dense<0.707106769> : {T}\n"
               "%o = sinter.constant dense<1.0> : {T}\n"
               "%p = sinter.mul %y, %h : {T}\n%q = sinter.mul %y, %r : {T}\n"
               "%e = sinter.erf %q : {T}\n%f = sinter.add %e, %o : {T}\n"
               "%z = sinter.mul %p, %f : {T}\n"},
      {"chain", "%s = sinter.add %y, %c : {T}\n%t = sinter.tanh %s : {T}\n"
                "%u = sinter.mul %t, %c : {T}\n"
                "%z = sinter.add %u, %c : {T}\n"}};
  LibraryProgram program;
  for (auto [m, n, k] : shapes)
    for (const Epilogue &epilogue : epilogues) {
      Form form = matrix(m, n, k, false, true);
      program.add(form,
                  form.op("f32") + replaceAll(epilogue.text, "{T}",
                                              tensor(form.result, "f32")));
    }
  program.check(/*exact=*/false, shapes.size() * 10);
}

TEST(Contractions, BiasAlongColumns) {
  LibraryProgram program;
  for (auto [m, n, k] : shapes) {
    Form form = matrix(m, n, k, false, false);
    std::string type = tensor(form.result, "f32"), row = tensor({n}, "f32");
    // The first row of %c is the bias.
    program.add(form,
                "%f = sinter.slice %c offsets [0, 0] sizes [1, " +
                    std::to_string(n) + "] strides [1, 1] : " + type + " -> " +
                    tensor({1, n}, "f32") +
                    "\n%g = sinter.reshape %f : " + tensor({1, n}, "f32") +
                    " -> " + row + "\n" + form.op("f32") +
                    "%t = sinter.broadcast %g dims [1] : " + row + " -> " +
                    type + "\n%s = sinter.add %y, %t : " + type +
                    "\n%z = sinter.tanh %s : " + type + "\n");
  }
  program.check(/*exact=*/false, shapes.size());
}

} // namespace
