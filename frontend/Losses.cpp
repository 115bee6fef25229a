//===- Losses.cpp - losses from logits, and accuracy ----------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/nn.h"
#include "frontend/include/sinter/ops.h"

#include <limits>

namespace sinter::nn {
using detail::describe;
using detail::Step;
using detail::widened;

Tensor mse(Tensor prediction, Tensor target, Place place) {
  Scope scope("mse", place);
  Step step("mse", place);
  step.use(prediction), step.use(target);
  if (!step)
    return step.poison();
  // Broadcasting [n, 1] against [n] is the mistake this loss is known for.
  if (prediction.shape() != target.shape())
    return step.fail("the prediction is " +
                     describe(prediction.dtype(), prediction.shape()) +
                     ", the target " +
                     describe(target.dtype(), target.shape()) +
                     ": reshape one to the other's shape");
  // Types that differ are no less a mistake.
  Tensor distance = prediction.dtype() == target.dtype()
                        ? widened(prediction) - widened(target)
                        : prediction - target;
  return cast(mean(square(distance)), prediction.dtype());
}

/// Whether labels are integers, one for each row of logits.  Fails unless they
/// are that or have the logits' type.
static bool areIndices(Step &step, const Tensor &logits, const Tensor &labels) {
  step.use(logits), step.use(labels);
  if (!step)
    return false;
  std::vector<int64_t> rows = logits.shape();
  if (!is_float(logits.dtype()) || rows.empty()) {
    step.fail("logits must be floats [..., classes], not " +
              describe(logits.dtype(), logits.shape()));
    return false;
  }
  int64_t classes = rows.back();
  rows.pop_back();
  bool indices = !is_float(labels.dtype()) && labels.dtype() != i1;
  if (indices ? labels.shape() != rows
              : labels.dtype() != logits.dtype() ||
                    labels.shape() != logits.shape())
    step.fail("labels for the logits " +
              describe(logits.dtype(), logits.shape()) +
              " are integers of the shape " + describe(i32, rows).substr(3) +
              " or " + describe(logits.dtype(), logits.shape()) +
              " with one row for " + llvm::Twine(classes) + " classes, not " +
              describe(labels.dtype(), labels.shape()));
  return indices;
}

/// i1 of the logits' shape, true at each row's label.
static Tensor isLabel(const Tensor &logits, const Tensor &labels) {
  DType index = labels.dtype() == i64 ? i64 : i32;
  return equal(expand_dims(cast(labels, index), -1),
               iota(logits.shape(), -1, index));
}

Tensor cross_entropy(Tensor logits, Tensor labels, Place place) {
  Scope scope("cross_entropy", place);
  Step step("cross_entropy", place);
  bool indices = areIndices(step, logits, labels);
  if (!step)
    return step.poison();
  // Reductions and pointwise ops of one row only (no gather), so that value
  // and derivative are one pass over each row.
  Tensor wide = widened(logits);
  Tensor most = stop_gradient(max(wide, -1, keep_dims));
  Tensor shifted = wide - most;
  Tensor normalizer = log(sum(exp(shifted), -1)), losses;
  if (indices) {
    // Shifted by infinity, the label's logit is −∞ or, as ∞ itself, nan: the
    // loss without the normalizer's nan.
    const double infinity = std::numeric_limits<double>::infinity();
    normalizer = where(squeeze(most, -1) < infinity, normalizer, 0);
    losses = normalizer - sum(where(isLabel(logits, labels), shifted, 0), -1);
  } else {
    losses = sum(widened(labels) * (expand_dims(normalizer, -1) - shifted), -1);
  }
  return cast(mean(losses), logits.dtype());
}

Tensor binary_cross_entropy(Tensor logits, Tensor targets, Place place) {
  Scope scope("binary_cross_entropy", place);
  Step step("binary_cross_entropy", place);
  step.use(logits), step.use(targets);
  if (!step)
    return step.poison();
  if (!is_float(logits.dtype()) || logits.shape() != targets.shape())
    return step.fail("logits must be floats and targets of their shape, not " +
                     describe(logits.dtype(), logits.shape()) + " and " +
                     describe(targets.dtype(), targets.shape()));
  Tensor wide = widened(logits);
  return cast(mean(softplus(wide) - wide * cast(targets, wide.dtype())),
              logits.dtype());
}

Tensor correct(Tensor logits, Tensor labels, Place place) {
  Scope scope("correct", place);
  Step step("correct", place);
  bool indices = areIndices(step, logits, labels);
  if (!step)
    return step.poison();
  Tensor wanted = indices ? labels : argmax(labels);
  // Compared as i64 if the labels are, so that none wraps into range.
  DType index = wanted.dtype() == i64 ? i64 : i32;
  return equal(cast(argmax(logits), index), cast(wanted, index));
}

Tensor accuracy(Tensor logits, Tensor labels, Place place) {
  Scope scope("accuracy", place);
  return mean(cast(correct(logits, labels), f32));
}

} // namespace sinter::nn
