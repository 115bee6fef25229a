//===- Gradient.cpp - derivative requests ---------------------------------===//

#include "frontend/include/sinter/gradient.h"
#include "frontend/Step.h"
#include "frontend/include/sinter/model.h"

using namespace mlir;

namespace sinter {
using detail::Step;

/// Builds a request whose results have the types of `like`.
static std::vector<Tensor> request(Step &step, StringRef mnemonic,
                                   ArrayRef<Value> operands,
                                   ArrayRef<Value> like,
                                   ArrayRef<int32_t> segments) {
  std::vector<Tensor> poison(like.size(), step.poison());
  if (!step)
    return poison;
  NamedAttrList attributes;
  if (!segments.empty())
    attributes.set("operandSegmentSizes",
                   step.graph->builder.getDenseI32ArrayAttr(segments));
  Operation *op =
      step.graph->insert(mnemonic, mnemonic, step.place,
                         ValueRange(like).getTypes(), operands, attributes);
  if (!op)
    return poison;
  std::vector<Tensor> results;
  for (Value result : op->getResults())
    results.push_back(step.graph->wrap(result));
  return results;
}

std::vector<Tensor> gradient(Tensor loss, const std::vector<Tensor> &xs,
                             Place place) {
  Step step("gradient", place);
  SmallVector<Value> operands{step.use(loss)};
  SmallVector<Value> wrt = step.use(xs);
  llvm::append_range(operands, wrt);
  return request(step, "gradient", operands, wrt, {});
}

static std::vector<Tensor> twoSided(StringRef mnemonic,
                                    const std::vector<Tensor> &ys,
                                    const std::vector<Tensor> &xs,
                                    const std::vector<Tensor> &given,
                                    bool forward, Place place) {
  Step step(mnemonic, place);
  SmallVector<Value> of = step.use(ys), wrt = step.use(xs),
                     seeds = step.use(given);
  SmallVector<Value> operands(of);
  llvm::append_range(operands, wrt);
  llvm::append_range(operands, seeds);
  return request(step, mnemonic, operands, forward ? of : wrt,
                 {static_cast<int32_t>(of.size()),
                  static_cast<int32_t>(wrt.size()),
                  static_cast<int32_t>(seeds.size())});
}

std::vector<Tensor> vjp(const std::vector<Tensor> &ys,
                        const std::vector<Tensor> &xs,
                        const std::vector<Tensor> &cotangents, Place place) {
  return twoSided("vjp", ys, xs, cotangents, /*forward=*/false, place);
}

std::vector<Tensor> jvp(const std::vector<Tensor> &ys,
                        const std::vector<Tensor> &xs,
                        const std::vector<Tensor> &tangents, Place place) {
  return twoSided("jvp", ys, xs, tangents, /*forward=*/true, place);
}

std::vector<Tensor> hessian_vector(Tensor loss, const std::vector<Tensor> &xs,
                                   const std::vector<Tensor> &vs, Place place) {
  Scope scope("hessian_vector", place);
  return jvp(gradient(loss, xs), xs, vs);
}

} // namespace sinter
