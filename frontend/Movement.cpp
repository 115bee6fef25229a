//===- Movement.cpp - reshape, slices, concatenation, gather --------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/ops.h"

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;
using detail::typeOf;

Tensor reshape(Tensor x, Shape shape, Place place) {
  Step step("reshape", place);
  Value value = step.use(x);
  if (!step)
    return step.poison();
  std::vector<int64_t> sizes = shape.sizes();
  auto open = llvm::find(sizes, -1);
  if (open != sizes.end()) {
    int64_t rest = 1;
    for (int64_t size : sizes)
      if (size != -1 && (llvm::MulOverflow(rest, size, rest) || rest < 0))
        return step.fail("the extents given are not possible");
    if (llvm::count(sizes, -1) > 1 || rest == 0 || x.size() % rest != 0)
      return step.fail("cannot infer the extent -1 of " +
                       describe(x.dtype(), sizes) + " from the " +
                       Twine(x.size()) + " elements of " +
                       describe(value.getType()));
    *open = x.size() / rest;
  }
  RankedTensorType type = step.type(x.dtype(), sizes);
  if (!step)
    return step.poison();
  return step.create("reshape", type, value);
}

Tensor transpose(Tensor x, const std::vector<int64_t> &permutation,
                 Place place) {
  Step step("transpose", place);
  Value value = step.use(x);
  SmallVector<int64_t> dims;
  for (int64_t d : permutation)
    dims.push_back(step ? step.dim(d, value) : d);
  if (!step)
    return step.poison();
  return step.infer<ir::TransposeOp>(value, step.array("permutation", dims));
}

Tensor transpose(Tensor x, Place place) {
  int64_t rank = x.rank();
  if (!x.is_poison() && rank < 2) {
    Step step("transpose", place);
    return step.fail("needs two dimensions, " + describe(x.dtype(), x.shape()) +
                     " has " + Twine(rank));
  }
  std::vector<int64_t> permutation(rank);
  for (int64_t d = 0; d < rank; ++d)
    permutation[d] = d < rank - 2 ? d : 2 * rank - 3 - d;
  return transpose(x, permutation, place);
}

Tensor broadcast_to(Tensor x, Shape shape, Place place) {
  Step step("broadcast_to", place);
  Value value = step.use(x);
  if (!step || !step.type(x.dtype(), shape.sizes()))
    return step.poison();
  return step.result(step.broadcast(value, shape.sizes()));
}

Tensor expand_dims(Tensor x, int64_t dim, Place place) {
  Step step("expand_dims", place);
  Value value = step.use(x);
  if (!step)
    return step.poison();
  std::vector<int64_t> shape = x.shape();
  int64_t rank = x.rank();
  if (dim < -rank - 1 || dim > rank)
    return step.fail("dimension " + Twine(dim) + " is out of range for " +
                     describe(value.getType()));
  shape.insert(shape.begin() + (dim < 0 ? dim + rank + 1 : dim), 1);
  return step.create("reshape", step.type(x.dtype(), shape), value);
}

Tensor squeeze(Tensor x, Dims dims, Place place) {
  Step step("squeeze", place);
  Value value = step.use(x);
  SmallVector<int64_t> dropped = step.dims(dims, step ? value : Value());
  if (!step)
    return step.poison();
  std::vector<int64_t> shape;
  for (int64_t d = 0; d < x.rank(); ++d) {
    bool drop = llvm::is_contained(dropped, d);
    if (drop && x.dim(d) != 1 && !dims.all())
      return step.fail("dimension " + Twine(d) + " of " +
                       describe(value.getType()) + " is not 1");
    if (!drop || x.dim(d) != 1)
      shape.push_back(x.dim(d));
  }
  return step.create("reshape", step.type(x.dtype(), shape), value);
}

static Tensor makeSlice(Step &step, Value value, ArrayRef<int64_t> offsets,
                        ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  return step.infer<ir::SliceOp>(value, {step.array("offsets", offsets),
                                         step.array("sizes", sizes),
                                         step.array("strides", strides)});
}

Tensor slice(Tensor x, const std::vector<int64_t> &offsets,
             const std::vector<int64_t> &sizes,
             const std::vector<int64_t> &strides, Place place) {
  Step step("slice", place);
  Value value = step.use(x);
  if (!step)
    return step.poison();
  return makeSlice(step, value, offsets, sizes, strides);
}

Tensor slice(Tensor x, int64_t dim, int64_t begin, int64_t end, int64_t stride,
             Place place) {
  Step step("slice", place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (!step)
    return step.poison();
  int64_t extent = x.dim(d);
  int64_t first = begin < 0 ? begin + extent : begin;
  int64_t last = end < 0 ? end + extent : end;
  if (stride < 1)
    return step.fail("the stride " + Twine(stride) + " must be at least 1");
  if (first < 0 || last > extent || first > last)
    return step.fail(Twine(begin) + " … " + Twine(end) +
                     " is not a part of dimension " + Twine(d) + " of " +
                     describe(value.getType()));
  SmallVector<int64_t> offsets(x.rank(), 0), strides(x.rank(), 1);
  SmallVector<int64_t> sizes(typeOf(value).getShape());
  offsets[d] = first;
  sizes[d] = (last - first) / stride + ((last - first) % stride != 0);
  strides[d] = stride;
  return makeSlice(step, value, offsets, sizes, strides);
}

Tensor at(Tensor x, int64_t i, int64_t dim, Place place) {
  Step step("at", place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (!step)
    return step.poison();
  int64_t extent = x.dim(d);
  if (i < -extent || i >= extent)
    return step.fail("element " + Twine(i) + " of dimension " + Twine(d) +
                     " of " + describe(value.getType()) + " does not exist");
  SmallVector<int64_t> offsets(x.rank(), 0), strides(x.rank(), 1);
  SmallVector<int64_t> sizes(typeOf(value).getShape());
  offsets[d] = i < 0 ? i + extent : i;
  sizes[d] = 1;
  Value part = step.inferredOp<ir::SliceOp>(
      value, {step.array("offsets", offsets), step.array("sizes", sizes),
              step.array("strides", strides)});
  sizes.erase(sizes.begin() + d);
  return step.create("reshape", step.type(x.dtype(), sizes), part);
}

std::vector<Tensor> split(Tensor x, int64_t parts, int64_t dim, Place place) {
  Step step("split", place);
  Value value = step.use(x);
  int64_t d = step ? step.dim(dim, value) : 0;
  if (step && (parts < 1 || x.dim(d) % parts != 0))
    step.fail("dimension " + Twine(d) + " of " + describe(value.getType()) +
              " does not divide into " + Twine(parts) + " equal parts");
  // As many results as asked for, so that indexing them stays safe.
  std::vector<Tensor> result;
  for (int64_t i = 0; i < std::clamp<int64_t>(parts, 1, 1 << 16); ++i) {
    int64_t size = step ? x.dim(d) / parts : 0;
    result.push_back(step ? slice(x, d, i * size, (i + 1) * size, 1, place)
                          : step.poison());
  }
  return result;
}

Tensor pad(Tensor x, const std::vector<int64_t> &low,
           const std::vector<int64_t> &high,
           const std::vector<int64_t> &interior, Place place) {
  Step step("pad", place);
  Value value = step.use(x);
  if (!step)
    return step.poison();
  for (const std::vector<int64_t> &amounts : {low, high, interior})
    for (int64_t amount : amounts)
      if (amount > (1 << 24))
        return step.fail("the amount " + Twine(amount) + " is too large");
  std::vector<int64_t> between =
      interior.empty() ? std::vector<int64_t>(x.rank(), 0) : interior;
  return step.infer<ir::PadOp>(value, {step.array("low", low),
                                       step.array("high", high),
                                       step.array("interior", between)});
}

Tensor concatenate(const std::vector<Tensor> &inputs, int64_t dim,
                   Place place) {
  Step step("concatenate", place);
  SmallVector<Value> values = step.use(inputs);
  if (step && values.empty())
    return step.fail("needs at least one tensor");
  int64_t d = step ? step.dim(dim, values[0]) : 0;
  if (!step)
    return step.poison();
  return step.infer<ir::ConcatenateOp>(values, step.integer("dimension", d));
}

Tensor stack(const std::vector<Tensor> &inputs, int64_t dim, Place place) {
  Scope scope("stack", place);
  std::vector<Tensor> expanded;
  for (const Tensor &input : inputs)
    expanded.push_back(expand_dims(input, dim));
  return concatenate(expanded, dim);
}

Tensor reverse(Tensor x, Dims dims, Place place) {
  Step step("reverse", place);
  Value value = step.use(x);
  SmallVector<int64_t> along = step.dims(dims, step ? value : Value());
  if (!step)
    return step.poison();
  return step.infer<ir::ReverseOp>(value, step.array("dimensions", along));
}

/// The common check of gather's and scatter_add's indices.
static bool checkIndices(Step &step, Value indices) {
  if (step && isa<FloatType>(typeOf(indices).getElementType()))
    step.fail("indices must be integers, not " + describe(indices.getType()) +
              ": cast them to i32");
  return static_cast<bool>(step);
}

Tensor gather(Tensor x, Tensor indices, int64_t axis, int64_t batch_dims,
              Place place) {
  Step step("gather", place);
  Value value = step.use(x), index = step.use(indices);
  if (!checkIndices(step, index))
    return step.poison();
  int64_t d = step.dim(axis, value);
  return step.infer<ir::GatherOp>(
      {value, index},
      {step.integer("axis", d), step.integer("batch_dims", batch_dims)});
}

Tensor scatter_add(Tensor x, Tensor indices, Tensor updates, int64_t axis,
                   int64_t batch_dims, Place place) {
  Step step("scatter_add", place);
  Value value = step.use(x), index = step.use(indices),
        update = step.use(updates);
  if (!checkIndices(step, index))
    return step.poison();
  int64_t d = step.dim(axis, value);
  return step.create(
      "scatter_add", step ? value.getType() : Type(), {value, index, update},
      {step.integer("axis", d), step.integer("batch_dims", batch_dims)});
}

} // namespace sinter
