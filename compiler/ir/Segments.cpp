//===- Segments.cpp - one formula for several sets of arguments -----------===//

#include "compiler/ir/Segments.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace sinter::ir;

Segments Segments::of(KernelOp kernel) {
  Segments segments;
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto number = [&](StringRef name, int64_t otherwise) {
    auto value = schedule ? schedule.getAs<IntegerAttr>(name) : IntegerAttr();
    return value ? value.getInt() : otherwise;
  };
  segments.count = number("segments", 1);
  segments.arguments =
      number("segment_arguments", kernel.getArgumentTypes().size());
  segments.results = number("segment_results", kernel.getResultTypes().size());
  return segments;
}

void Segments::addTo(NamedAttrList &schedule, MLIRContext *context) const {
  Builder builder(context);
  schedule.set("segments", builder.getI64IntegerAttr(count));
  schedule.set("segment_arguments", builder.getI64IntegerAttr(arguments));
  schedule.set("segment_results", builder.getI64IntegerAttr(results));
}

SmallVector<Operation *>
sinter::ir::getCommonFormula(KernelOp kernel, const Segments &segments) {
  Block &body = kernel.getBody().front();
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    ops.push_back(&op);
  Operation *end = body.getTerminator();
  int64_t arguments = body.getNumArguments();
  // What a dump says was perhaps not verified yet.
  if (segments.count < 1 || segments.arguments < 0 ||
      segments.arguments > arguments / segments.count ||
      static_cast<int64_t>(end->getNumOperands()) / segments.count !=
          segments.results ||
      end->getNumOperands() % segments.count != 0 ||
      ops.size() % segments.count != 0)
    return {};
  size_t length = ops.size() / segments.count;
  for (int64_t s = 1; s < segments.count; ++s) {
    // What in this segment stands for a value of the first one.
    llvm::DenseMap<Value, Value> partners;
    for (int64_t i = 0; i < segments.arguments; ++i)
      partners[body.getArgument(i)] =
          body.getArgument(segments.ofSegment(s, i));
    for (int64_t i = segments.count * segments.arguments; i < arguments; ++i)
      partners[body.getArgument(i)] = body.getArgument(i);
    auto arePartners = [&](auto &&first, auto &&other) {
      return llvm::all_of(llvm::zip_equal(first, other), [&](auto pair) {
        auto [a, b] = pair;
        return partners.lookup(a) == b && a.getType() == b.getType();
      });
    };
    for (size_t i = 0; i < length; ++i) {
      Operation *first = ops[i], *other = ops[s * length + i];
      if (first->getName() != other->getName() ||
          first->getAttrDictionary() != other->getAttrDictionary() ||
          first->getNumRegions() != 0 ||
          first->getNumOperands() != other->getNumOperands() ||
          first->getResultTypes() != other->getResultTypes() ||
          !arePartners(first->getOperands(), other->getOperands()))
        return {};
      for (auto [a, b] : llvm::zip(first->getResults(), other->getResults()))
        partners[a] = b;
    }
    if (!arePartners(
            end->getOperands().take_front(segments.results),
            end->getOperands().slice(s * segments.results, segments.results)))
      return {};
  }
  ops.resize(length);
  return ops;
}
