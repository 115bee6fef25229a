//===- Gamma.h - lgamma and polygamma ---------------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_INTERPRET_GAMMA_H
#define SINTER_COMPILER_INTERPRET_GAMMA_H

namespace sinter::interpret {

/// ln|Γ(x)|; inf at the poles.
double lgammaOf(double x);
/// The `order`-th derivative of digamma.
double polygammaOf(unsigned order, double x);

} // namespace sinter::interpret

#endif // SINTER_COMPILER_INTERPRET_GAMMA_H
