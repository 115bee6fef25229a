//===- Reduction.cpp - sums, extrema and their indices --------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/ops.h"

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;
using detail::typeOf;

template <class Op>
static Tensor reduce(StringRef what, const Tensor &x, const Dims &dims,
                     bool keep, Place place, bool truth = false) {
  Step step(what, place);
  Value value = step.use(x);
  SmallVector<int64_t> along = step.dims(dims, step ? value : Value());
  if (!step)
    return step.poison();
  if (truth && x.dtype() != i1)
    return step.fail("takes i1, not " + describe(value.getType()) +
                     ": compare it first");
  Value reduced = step.inferredOp<Op>(value, step.array("dimensions", along));
  if (!keep || !step)
    return step.result(reduced);
  std::vector<int64_t> shape = x.shape();
  for (int64_t d : along)
    shape[d] = 1;
  return step.create("reshape", step.type(x.dtype(), shape), reduced);
}

Tensor sum(Tensor x, Dims dims, bool keep, Place place) {
  return reduce<ir::ReduceSumOp>("sum", x, dims, keep, place);
}
Tensor max(Tensor x, Dims dims, bool keep, Place place) {
  return reduce<ir::ReduceMaxOp>("max", x, dims, keep, place);
}
Tensor min(Tensor x, Dims dims, bool keep, Place place) {
  return reduce<ir::ReduceMinOp>("min", x, dims, keep, place);
}
Tensor prod(Tensor x, Dims dims, bool keep, Place place) {
  return reduce<ir::ReduceProdOp>("prod", x, dims, keep, place);
}
Tensor any(Tensor x, Dims dims, bool keep, Place place) {
  return reduce<ir::ReduceMaxOp>("any", x, dims, keep, place, /*truth=*/true);
}
Tensor all(Tensor x, Dims dims, bool keep, Place place) {
  return reduce<ir::ReduceMinOp>("all", x, dims, keep, place, /*truth=*/true);
}

Tensor mean(Tensor x, Dims dims, bool keep, Place place) {
  Scope scope("mean", place);
  if (!x.is_poison() && !is_float(x.dtype())) {
    Step step("mean", place);
    return step.fail("takes floats, not " + describe(x.dtype(), x.shape()) +
                     ": use cast to change the element type");
  }
  Tensor total = sum(detail::widened(x), dims, keep);
  if (total.is_poison())
    return total;
  int64_t count = total.size() == 0 ? 1 : x.size() / total.size();
  return cast(total / count, x.dtype());
}

Tensor variance(Tensor x, Dims dims, bool keep, Place place) {
  Scope scope("variance", place);
  Tensor wide = detail::widened(x);
  Tensor distance = wide - mean(wide, dims, keep_dims);
  return cast(mean(square(distance), dims, keep), x.dtype());
}

static Tensor argReduce(StringRef what, StringRef mnemonic, const Tensor &x,
                        int64_t dim, Place place) {
  Step step(what, place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (!step)
    return step.poison();
  std::vector<int64_t> shape = x.shape();
  shape.erase(shape.begin() + d);
  return step.create(mnemonic, step.type(i32, shape), value,
                     step.integer("dimension", d));
}
Tensor argmax(Tensor x, int64_t dim, Place place) {
  return argReduce("argmax", "argmax", x, dim, place);
}
Tensor argmin(Tensor x, int64_t dim, Place place) {
  return argReduce("argmin", "argmin", x, dim, place);
}

} // namespace sinter
