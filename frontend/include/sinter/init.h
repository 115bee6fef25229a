//===- init.h - how variables begin -----------------------------*- C++ -*-===//
//
// An initializer makes the first value of a variable, inside the entry `init`.
// Random ones draw from a stream named after the variable, so adding a layer
// does not change the others.
//
// Fans: the last extent of a shape is n_out, the product of the others n_in
// (dense weights are [in, out]); a vector's or scalar's n_in is 1.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_INIT_H
#define SINTER_INIT_H

#include "sinter/tensor.h"

#include <functional>

namespace sinter {

struct Initializer {
  /// Says what it does, parameters included: two initializers are the same if
  /// their descriptions are.
  std::string description;
  /// Builds the value; `name` is the variable's.
  std::function<Tensor(const std::vector<int64_t> &shape, DType dtype,
                       Place place)>
      make;
};

namespace init {
Initializer zeros();
Initializer constant(double value);
/// The values in row-major order.
Initializer values(std::vector<double> values);
/// Normal numbers of mean 0.
Initializer normal(double standard_deviation);
/// Uniform numbers on [low, high).
Initializer uniform(double low, double high);
// Glorot and Bengio, "Understanding the difficulty of training deep feedforward
// neural networks", AISTATS 2010.
/// Variance 2/(n_in + n_out).
Initializer xavier_normal();
/// Uniform on ±√(6/(n_in + n_out)).
Initializer xavier_uniform();
/// Variance 1/n_in.
Initializer lecun_normal();
// He et al., "Delving deep into rectifiers", ICCV 2015.
/// Variance 2/n_in.
Initializer he_normal();
/// Uniform on ±√(6/n_in).
Initializer he_uniform();
/// Variance 2/n_out.
Initializer he_normal_fan_out();
} // namespace init

} // namespace sinter

#endif // SINTER_INIT_H
