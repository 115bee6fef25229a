//===- ContractionForms.cpp - what a dot_general can look like ------------===//

#include "tests/lower/ContractionForms.h"

#include "llvm/ADT/STLExtras.h"

using namespace sinter::test;

std::string sinter::test::tensor(llvm::ArrayRef<int64_t> shape,
                                 llvm::StringRef element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element.str() + ">";
}

std::string sinter::test::list(llvm::ArrayRef<int64_t> numbers) {
  std::string text = "[";
  for (auto [i, number] : llvm::enumerate(numbers))
    text += (i ? ", " : "") + std::to_string(number);
  return text + "]";
}

std::string Form::op(llvm::StringRef element, llvm::StringRef a,
                     llvm::StringRef b) const {
  return "%y = sinter.dot_general " + a.str() + ", " + b.str() + " contract " +
         list(lhsK) + " x " + list(rhsK) + " batch " + list(lhsB) + " x " +
         list(rhsB) + " : " + tensor(lhs, element) + ", " +
         tensor(rhs, element) + " -> " + tensor(result, element) + "\n";
}

Form sinter::test::matrix(int64_t m, int64_t n, int64_t k, bool lhsTransposed,
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

Form sinter::test::randomForm(std::mt19937 &random) {
  auto below = [&](int n) { return static_cast<int64_t>(random() % n); };
  Form form;
  struct Dim {
    char kind;
    int64_t extent, number;
  };
  std::vector<Dim> lhs, rhs;
  const int64_t extents[] = {1, 2, 3, 5, 7, 17, 33};
  // Few are empty: most products should be some.
  auto extent = [&] {
    return below(24) == 0 ? 0 : extents[below(std::size(extents))];
  };
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
