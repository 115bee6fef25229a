//===- gradient.h - derivatives ---------------------------------*- C++ -*-===//
//
// Derivatives are tensors like any other, so they nest to any order.  All
// tensors must be floats and belong to the same entry or loop body.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_GRADIENT_H
#define SINTER_GRADIENT_H

#include "sinter/tensor.h"

#include <concepts>

namespace sinter {

/// ∂loss/∂x for each x, of x's shape; zeros where the loss does not depend on
/// it.  The loss is a float scalar.
std::vector<Tensor> gradient(Tensor loss, const std::vector<Tensor> &xs,
                             Place place = Place::current());
/// The same for one x, a tensor or a variable.  (A template, so that braces are
/// always a list.)
template <class T>
requires std::same_as<T, Tensor> || std::same_as<T, Variable>
    Tensor gradient(Tensor loss, T x, Place place = Place::current()) {
  return gradient(loss, std::vector<Tensor>{Tensor(x)}, place)[0];
}
/// For each x the value Σ (∂y/∂x)ᵀ·cotangent over all ys (reverse mode);
/// cotangents have the ys' types.
std::vector<Tensor> vjp(const std::vector<Tensor> &ys,
                        const std::vector<Tensor> &xs,
                        const std::vector<Tensor> &cotangents,
                        Place place = Place::current());
/// For each y the value Σ (∂y/∂x)·tangent over all xs (forward mode); tangents
/// have the xs' types.
std::vector<Tensor> jvp(const std::vector<Tensor> &ys,
                        const std::vector<Tensor> &xs,
                        const std::vector<Tensor> &tangents,
                        Place place = Place::current());
/// (∂²loss/∂xs²)·vs, forward over reverse (Pearlmutter, "Fast exact
/// multiplication by the Hessian", 1994).
std::vector<Tensor> hessian_vector(Tensor loss, const std::vector<Tensor> &xs,
                                   const std::vector<Tensor> &vs,
                                   Place place = Place::current());

} // namespace sinter

#endif // SINTER_GRADIENT_H
