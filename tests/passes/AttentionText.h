//===- AttentionText.h - attention as an entry ------------------*- C++ -*-===//
//
// The values of softmax(½ q kᵀ) v with a mask, a bias or dropout, and their
// derivatives, as the text of a module.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_ATTENTIONTEXT_H
#define SINTER_TESTS_PASSES_ATTENTIONTEXT_H

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace sinter::test {

enum class Mask { None, Causal, Given, Bias };

struct Attention {
  int64_t batch, heads, queries, keys, width = 3, valueWidth = 2;
  Mask mask = Mask::None;
  std::string element = "f64";
  bool dropout = false;
  /// Instead of the cotangents of q, k and v.
  std::string requests = "";

  /// The entry @f of q, k, v, the cotangent g and the mask m.
  std::string text() const;
  std::string tensor(llvm::ArrayRef<int64_t> shape, std::string of = "") const;
  /// Types.
  std::string q() const { return tensor({batch, heads, queries, width}); }
  std::string k() const { return tensor({batch, heads, keys, width}); }
  std::string v() const { return tensor({batch, heads, keys, valueWidth}); }
  std::string y() const { return tensor({batch, heads, queries, valueWidth}); }
  std::string m() const;

private:
  std::string maskOps() const;
  std::string dropoutOps() const;
};

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_ATTENTIONTEXT_H
