//===- AttentionText.cpp - attention as an entry --------------------------===//

#include "tests/passes/AttentionText.h"

using namespace sinter::test;

std::string Attention::tensor(llvm::ArrayRef<int64_t> shape,
                              std::string of) const {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + (of.empty() ? element : of) + ">";
}

std::string Attention::m() const {
  return mask == Mask::Bias ? tensor({heads, queries, keys})
                            : tensor({queries, keys}, "i1");
}

std::string Attention::maskOps() const {
  std::string s = tensor({batch, heads, queries, keys}),
              square = tensor({queries, keys}, "i64"),
              allowed = tensor({queries, keys}, "i1"),
              all = tensor({batch, heads, queries, keys}, "i1");
  if (mask == Mask::None)
    return "%seen = sinter.mul %s1, %one : " + s + "\n";
  if (mask == Mask::Bias)
    return "%wide = sinter.broadcast %m dims [1, 2, 3] : " + m() + " -> " + s +
           "\n%seen = sinter.add %s1, %wide : " + s + "\n";
  std::string from = "%m";
  std::string ops;
  if (mask == Mask::Causal) {
    ops = "%i = sinter.iota dim 0 : " + square +
          "\n%j = sinter.iota dim 1 : " + square +
          "\n%c = sinter.compare ge %i, %j : " + square + "\n";
    from = "%c";
  }
  return ops + "%wide = sinter.broadcast " + from +
         " dims [2, 3] : " + allowed + " -> " + all +
         "\n%least = sinter.constant dense<-1.0e30> : " + s +
         "\n%seen = sinter.select %wide, %s1, %least : " + s + "\n";
}

std::string Attention::dropoutOps() const {
  if (!dropout)
    return "";
  std::string s = tensor({batch, heads, queries, keys}),
              all = tensor({batch, heads, queries, keys}, "i1");
  return "%key = sinter.constant dense<[3, 5]> : tensor<2xi64>\n%kept = "
         "sinter.random_bernoulli %key stream 8 probability 0.5 : " +
         all + "\n%none = sinter.constant dense<0.0> : " + s +
         "\n%p = sinter.select %kept, %p0, %none : " + s + "\n";
}

std::string Attention::text() const {
  std::string s = tensor({batch, heads, queries, keys}),
              row = tensor({batch, heads, queries});
  auto asRow = [&](const std::string &from, const std::string &to) {
    return "%" + to + " = sinter.broadcast %" + from +
           " dims [0, 1, 2] : " + row + " -> " + s + "\n";
  };
  std::string ops =
      "%s0 = sinter.dot_general %q, %k contract [3] x [3] batch [0, 1] x [0, "
      "1] : " +
      q() + ", " + k() + " -> " + s +
      "\n%half = sinter.constant dense<0.5> : " + s +
      "\n%one = sinter.constant dense<1.0> : " + s +
      "\n%s1 = sinter.mul %s0, %half : " + s + "\n" + maskOps() +
      "%most = sinter.reduce_max %seen dims [3] : " + s + " -> " + row +
      "\n%fixed = sinter.stop_gradient %most : " + row + "\n" +
      asRow("fixed", "wm") + "%shifted = sinter.sub %seen, %wm : " + s +
      "\n%e = sinter.exp %shifted : " + s +
      "\n%total = sinter.reduce_sum %e dims [3] : " + s + " -> " + row + "\n" +
      asRow("total", "wt") + "%p" + (dropout ? "0" : "") +
      " = sinter.div %e, %wt : " + s + "\n" + dropoutOps() +
      "%y = sinter.dot_general %p, %v contract [3] x [2] batch [0, 1] x [0, "
      "1] : " +
      s + ", " + v() + " -> " + y() + " loc(\"values\")\n";
  std::string wrt = "%q, %k, %v", types = q() + ", " + k() + ", " + v();
  std::string results = "%dq, %dk, %dv";
  if (mask == Mask::Bias)
    wrt += ", %m", types += ", " + m(), results += ", %dm";
  std::string derivatives = requests;
  std::string out = "%y, " + results, outTypes = y() + ", " + types;
  if (requests.empty())
    derivatives = results + " = sinter.vjp (%y) wrt (" + wrt +
                  ") cotangents (%g) : (" + y() + ") wrt (" + types + ")\n";
  return "module @m {\nsinter.entry @f(%q: " + q() + ", %k: " + k() +
         ", %v: " + v() + ", %g: " + y() + ", %m: " + m() + ") -> (" +
         outTypes + ") {\n" + ops + derivatives + "sinter.return " + out +
         " : " + outTypes + "\n}\n}\n";
}
