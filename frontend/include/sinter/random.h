//===- random.h - random numbers --------------------------------*- C++ -*-===//
//
// Philox of (seed, call, stream): the same bits for any number of threads.  The
// stream is a hash of the op's scoped name and ordinal; every run of an entry
// that draws counts the call up; a loop folds in its step.  A draw in a
// variable's initializer is keyed by the variable's name.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RANDOM_H
#define SINTER_RANDOM_H

#include "sinter/tensor.h"

namespace sinter {

namespace random {
/// On [0, 1); f32, f64 or bf16 (the f32 number, rounded, which may be 1).
Tensor uniform(Shape shape, DType dtype = f32, Place place = Place::current());
/// Mean 0, variance 1; f32, f64 or bf16 (the f32 number, rounded).
Tensor normal(Shape shape, DType dtype = f32, Place place = Place::current());
/// i1, true with probability p in [0, 1].
Tensor bernoulli(Shape shape, double p, Place place = Place::current());
/// 0 … n−1 in random order, i32.
Tensor permutation(int64_t n, Place place = Place::current());
} // namespace random

namespace nn {
/// Inverted dropout (Srivastava et al., JMLR 2014): keeps each element with
/// probability `keep` in (0, 1] and divides it by `keep`, else gives 0.
Tensor dropout(Tensor x, double keep, Place place = Place::current());
} // namespace nn

} // namespace sinter

#endif // SINTER_RANDOM_H
