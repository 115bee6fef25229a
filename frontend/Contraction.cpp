//===- Contraction.cpp - matmul and dot_general ---------------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/ops.h"

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;
using detail::typeOf;

static Tensor contract(Step &step, Value lhs, Value rhs, ArrayRef<int64_t> lhsK,
                       ArrayRef<int64_t> rhsK, ArrayRef<int64_t> lhsB,
                       ArrayRef<int64_t> rhsB) {
  return step.infer<ir::DotGeneralOp>(
      {lhs, rhs},
      {step.array("lhs_contracting", lhsK), step.array("rhs_contracting", rhsK),
       step.array("lhs_batch", lhsB), step.array("rhs_batch", rhsB)});
}

Tensor dot_general(Tensor lhs, Tensor rhs, const DotDimensions &dimensions,
                   Place place) {
  Step step("dot_general", place);
  Value a = step.use(lhs), b = step.use(rhs);
  if (!step)
    return step.poison();
  auto resolved = [&](const std::vector<int64_t> &dims, Value value) {
    SmallVector<int64_t> result;
    for (int64_t d : dims)
      result.push_back(step.dim(d, value));
    return result;
  };
  SmallVector<int64_t> lhsK = resolved(dimensions.lhs_contracting, a),
                       rhsK = resolved(dimensions.rhs_contracting, b),
                       lhsB = resolved(dimensions.lhs_batch, a),
                       rhsB = resolved(dimensions.rhs_batch, b);
  if (!step)
    return step.poison();
  return contract(step, a, b, lhsK, rhsK, lhsB, rhsB);
}

Tensor matmul(Tensor lhs, Tensor rhs, Place place) {
  Step step("matmul", place);
  Value a = step.use(lhs), b = step.use(rhs);
  if (!step)
    return step.poison();
  int64_t m = lhs.rank(), n = rhs.rank();
  if (m == 0 || n == 0)
    return step.fail("takes no scalars: " + describe(a.getType()) + " and " +
                     describe(b.getType()) + "; use *");
  if (lhs.dim(-1) != rhs.dim(n == 1 ? 0 : -2))
    return step.fail(describe(a.getType()) + " and " + describe(b.getType()) +
                     " do not fit: the last dimension of the first, " +
                     Twine(lhs.dim(-1)) + ", must equal the " +
                     (n == 1 ? "only" : "last but one") + " of the second, " +
                     Twine(rhs.dim(n == 1 ? 0 : -2)));
  // Leading dimensions of a matrix on one side only stay free.
  if (m <= 2 && n > 2) {
    // [m, k] × [b…, k, n]: contract, then bring the rows behind the batch.
    Tensor product = contract(step, a, b, {m - 1}, {n - 2}, {}, {});
    if (m == 1 || product.is_poison())
      return product;
    std::vector<int64_t> permutation;
    for (int64_t d = 1; d < n - 1; ++d)
      permutation.push_back(d);
    permutation.push_back(0);
    permutation.push_back(n - 1);
    return transpose(product, permutation, place);
  }
  if (n <= 2)
    return contract(step, a, b, {m - 1}, {n == 1 ? 0 : n - 2}, {}, {});
  if (m != n)
    return step.fail(describe(a.getType()) + " and " + describe(b.getType()) +
                     ": leading dimensions must agree, or one side has none");
  auto batch = llvm::to_vector(llvm::seq<int64_t>(0, m - 2));
  return contract(step, a, b, {m - 1}, {n - 2}, batch, batch);
}

} // namespace sinter
