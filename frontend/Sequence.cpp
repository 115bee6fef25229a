//===- Sequence.cpp - running sums, orders, the greatest elements ---------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/ops.h"
#include "frontend/include/sinter/random.h"

#include <numeric>

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;
using detail::typeOf;

/// The attributes of an op along dimension `dim`, and a flag if it is set.
static SmallVector<NamedAttribute>
along(Step &step, int64_t dim, ArrayRef<std::pair<StringRef, bool>> flags) {
  SmallVector<NamedAttribute> attributes = {step.integer("dimension", dim)};
  MLIRContext *context = &step.graph->context;
  for (auto [name, isSet] : flags)
    if (isSet)
      attributes.emplace_back(StringAttr::get(context, name),
                              UnitAttr::get(context));
  return attributes;
}

Tensor cumulative_sum(Tensor x, int64_t dim, CumulativeSum how, Place place) {
  Step step("cumulative_sum", place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (!step)
    return step.poison();
  return step.create(
      "cumulative_sum", value.getType(), value,
      along(step, d, {{"reverse", how.reverse}, {"exclusive", how.exclusive}}));
}

Tensor argsort(Tensor x, int64_t dim, bool greatest_first, Place place) {
  Step step("argsort", place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (!step)
    return step.poison();
  return step.infer<ir::ArgSortOp>(
      value, along(step, d, {{"descending", greatest_first}}));
}

Tensor take_along(Tensor x, Tensor indices, int64_t dim, Place place) {
  Scope scope("take_along", place);
  Step step("take_along", place);
  Value value = step.use(x), places = step.use(indices);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (!step)
    return step.poison();
  std::vector<int64_t> wanted = x.shape(), have = indices.shape();
  if (have.size() == wanted.size())
    wanted[d] = have[d];
  if (have != wanted)
    return step.fail("indices of " + describe(places.getType()) +
                     " do not agree with " + describe(value.getType()) +
                     " but for dimension " + Twine(d));
  // The dimensions before are a gather's batch: put those behind there too.
  int64_t rank = x.rank();
  std::vector<int64_t> last, back(rank);
  for (int64_t i = 0; i < rank; ++i)
    if (i != d)
      last.push_back(i);
  last.push_back(d);
  for (int64_t i = 0; i < rank; ++i)
    back[last[i]] = i;
  auto moved = [&](Tensor t, const std::vector<int64_t> &permutation) {
    return d == rank - 1 ? t : transpose(t, permutation, place);
  };
  return moved(
      gather(moved(x, last), moved(indices, last), rank - 1, rank - 1, place),
      back);
}

Tensor sort(Tensor x, int64_t dim, bool greatest_first, Place place) {
  Scope scope("sort", place);
  return take_along(x, argsort(x, dim, greatest_first, place), dim, place);
}

TopK top_k(Tensor x, int64_t k, int64_t dim, Place place) {
  Scope scope("top_k", place);
  Step step("top_k", place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (step && (k < 0 || k > x.dim(d)))
    step.fail("cannot take " + Twine(k) + " of the " + Twine(x.dim(d)) +
              " elements along dimension " + Twine(d));
  if (!step)
    return {step.poison(), step.poison()};
  Tensor indices =
      slice(argsort(x, d, greatest_first, place), d, 0, k, 1, place);
  return {take_along(x, indices, d, place), indices};
}

namespace random {
Tensor permutation(int64_t n, Place place) {
  Scope scope("permutation", place);
  return argsort(uniform({n}, f64, place), 0, false, place);
}
} // namespace random

} // namespace sinter
