//===- control.h - loops and checkpoints ------------------------*- C++ -*-===//
//
//   auto [last, ys] = scan(h0, xs, 28, [&](Tensor h, Tensor x) {
//     Tensor next = tanh(matmul(x, w) + matmul(h, u));
//     return std::pair(next, next);            // next carry, this step's
//     output
//   });
//
// The carry is a Tensor or a std::tuple, std::pair, std::array or std::vector
// of trees of tensors, or a struct for which detail::Tree is specialized; so
// are xs and the outputs.  What the body uses from outside is the same in all
// steps. The loop stays a loop: code size does not depend on the number of
// steps.
//
//   Tensor y = checkpoint([&] { return block(x); });
//
// is block(x), of which the backward pass keeps x and the result alone.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_CONTROL_H
#define SINTER_CONTROL_H

#include "sinter/tensor.h"

#include <array>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sinter {

/// No per-step inputs or outputs.
struct Nothing {};

namespace detail {

/// How a structure of tensors is taken apart and put together again.
template <class T> struct Tree;
template <> struct Tree<Tensor> {
  static void flatten(const Tensor &t, std::vector<Tensor> &out) {
    out.push_back(t);
  }
  static Tensor rebuild(const Tensor &, const Tensor *&next) { return *next++; }
};
template <> struct Tree<Nothing> {
  static void flatten(Nothing, std::vector<Tensor> &) {}
  static Nothing rebuild(Nothing, const Tensor *&) { return {}; }
};
template <class T> struct Tree<std::vector<T>> {
  static void flatten(const std::vector<T> &v, std::vector<Tensor> &out) {
    for (const T &t : v)
      Tree<T>::flatten(t, out);
  }
  static std::vector<T> rebuild(const std::vector<T> &like,
                                const Tensor *&next) {
    std::vector<T> result;
    for (const T &t : like)
      result.push_back(Tree<T>::rebuild(t, next));
    return result;
  }
};
/// Whatever std::apply takes.
template <class T> struct TupleTree {
  static void flatten(const T &tuple, std::vector<Tensor> &out) {
    std::apply([&](const auto &...t) { (flatten_one(t, out), ...); }, tuple);
  }
  static T rebuild(const T &like, const Tensor *&next) {
    // Braces fix the order of evaluation.
    return std::apply(
        [&](const auto &...t) { return T{rebuild_one(t, next)...}; }, like);
  }

private:
  template <class U>
  static void flatten_one(const U &t, std::vector<Tensor> &out) {
    Tree<U>::flatten(t, out);
  }
  template <class U> static U rebuild_one(const U &t, const Tensor *&next) {
    return Tree<U>::rebuild(t, next);
  }
};
template <class... Ts>
struct Tree<std::tuple<Ts...>> : TupleTree<std::tuple<Ts...>> {};
template <class A, class B>
struct Tree<std::pair<A, B>> : TupleTree<std::pair<A, B>> {};
template <class T, size_t n>
struct Tree<std::array<T, n>> : TupleTree<std::array<T, n>> {};

template <class T> std::vector<Tensor> flatten(const T &tree) {
  std::vector<Tensor> result;
  Tree<T>::flatten(tree, result);
  return result;
}
template <class T>
T rebuild(const T &like, const std::vector<Tensor> &tensors) {
  const Tensor *next = tensors.data();
  return Tree<T>::rebuild(like, next);
}

struct ScanValues {
  std::vector<Tensor> carry, outputs;
};
/// The untyped form; the body takes the index, the carry and the slices.
ScanValues
build_scan(const std::vector<Tensor> &init, const std::vector<Tensor> &xs,
           int64_t steps, bool reverse,
           const std::function<ScanValues(Tensor, const std::vector<Tensor> &,
                                          const std::vector<Tensor> &)> &body,
           Place place);
std::vector<Tensor>
build_checkpoint(const std::function<std::vector<Tensor>()> &body, Place place);

/// Calls the body with as many of (carry, x, index) as it takes.
template <class Body, class Carry, class X>
auto call_step(const Body &body, const Carry &carry, const X &x,
               const Tensor &index) {
  if constexpr (std::is_invocable_v<Body, Carry, X, Tensor>)
    return body(carry, x, index);
  else if constexpr (std::is_invocable_v<Body, Carry, X>)
    return body(carry, x);
  else if constexpr (std::is_invocable_v<Body, Carry, Tensor>)
    return body(carry, index);
  else
    return body(carry);
}

} // namespace detail

/// For t = 0 … steps−1 (downwards if `reverse`): (carry, yₜ) ← body(carry, xₜ),
/// xₜ being xs[t, …] for every tensor of xs.  The body takes (carry, x), or
/// (carry, x, index) with an i64 scalar, or, where xs is Nothing, (carry) or
/// (carry, index).  It returns the next carry, or a pair of it and the step's
/// outputs.  Returns the last carry, or a pair of it and the outputs stacked
/// along a new leading dimension.
template <class Carry, class Xs, class Body>
auto scan(Carry init, Xs xs, int64_t steps, Body body, bool reverse = false,
          Place place = Place::current()) {
  using Result = decltype(detail::call_step(body, init, xs, Tensor()));
  constexpr bool carry_only = std::is_convertible_v<Result, Carry>;
  auto split = [](const Result &result) {
    if constexpr (carry_only)
      return std::pair<Carry, Nothing>(result, Nothing());
    else
      return std::pair(Carry(result.first), result.second);
  };
  using Outputs = typename decltype(split(std::declval<Result>()))::second_type;
  // The structure of the outputs (how long a vector is) is known once the body
  // has run.
  Outputs outputs{};
  detail::ScanValues values = detail::build_scan(
      detail::flatten(init), detail::flatten(xs), steps, reverse,
      [&](Tensor index, const std::vector<Tensor> &carry,
          const std::vector<Tensor> &slices) {
        auto [next, output] =
            split(detail::call_step(body, detail::rebuild(init, carry),
                                    detail::rebuild(xs, slices), index));
        outputs = output;
        return detail::ScanValues{detail::flatten(next),
                                  detail::flatten(output)};
      },
      place);
  values.outputs.resize(detail::flatten(outputs).size());
  if constexpr (carry_only)
    return detail::rebuild(init, values.carry);
  else
    return std::pair(detail::rebuild(init, values.carry),
                     detail::rebuild(outputs, values.outputs));
}

/// A loop with no per-step inputs.
template <class Carry, class Body>
auto repeat(Carry init, int64_t steps, Body body,
            Place place = Place::current()) {
  return scan(init, Nothing(), steps, body, false, place);
}

/// What f returns: a Tensor, or a tree of them.  A derivative keeps only what f
/// uses from outside and computes what is in between again, when it gets there:
/// a chain of n checkpointed blocks holds n inputs and the inside of one block,
/// for the time of one more forward pass.  Derivatives are the same, random
/// numbers too: they are those that f would draw without the checkpoint.
/// Checkpoints may stand in loops and in one another.
template <class F> auto checkpoint(F f, Place place = Place::current()) {
  using Result = std::invoke_result_t<F>;
  Result inside{};
  std::vector<Tensor> outside = detail::build_checkpoint(
      [&] {
        inside = f();
        return detail::flatten(inside);
      },
      place);
  return detail::rebuild(inside, outside);
}

} // namespace sinter

#endif // SINTER_CONTROL_H
