//===- SplitArgReductions.cpp - long searches in parts --------------------===//
//
//   argmax x  ⇒  i[p] = p · size + argmax of piece p
//                i[argmax of x[i]]
//
// Of equal elements the first one is that of the first piece that has one, and
// a nan is the maximum of its piece as it is that of the row: the place is the
// same for any number of pieces.  What fills no piece comes last, and wins only
// if it is better.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/SplitArgReductions.h"

#include "passes/fuse/OpKinds.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

bool passes::isSplittableSearch(Operation *op) {
  // Of columns, what is found in the pieces is not where gathers read.
  return isa<ArgMaxOp, ArgMinOp>(op) && reducesLastDimension(op);
}

namespace {
/// The ops of one search.
class Search {
public:
  explicit Search(Operation *like)
      : builder(like), loc(like->getLoc()), isMaximum(isa<ArgMaxOp>(like)),
        index(getElementTypeOrSelf(like->getResult(0).getType())) {}

  Value place(Value of, int64_t d) {
    SmallVector<int64_t> shape(shapeOf(of));
    shape.erase(shape.begin() + d);
    Type type = RankedTensorType::get(shape, index);
    if (isMaximum)
      return ArgMaxOp::create(builder, loc, type, of, d);
    return ArgMinOp::create(builder, loc, type, of, d);
  }
  /// The elements of rows along the last dimension whose places are given.
  Value at(Value of, Value places) {
    int64_t d = cast<RankedTensorType>(of.getType()).getRank() - 1;
    auto type = cast<RankedTensorType>(places.getType())
                    .clone(getElementTypeOrSelf(of.getType()));
    return GatherOp::create(builder, loc, type, of, places, d, d);
  }
  Value number(Value like, int64_t value) {
    auto type = cast<RankedTensorType>(like.getType());
    return ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(type, builder.getIntegerAttr(index, value)));
  }
  /// Of each row along `d` the element whose place is given.
  Value pick(Value places, Value which, int64_t d) {
    auto type = cast<RankedTensorType>(places.getType());
    SmallVector<int64_t> others;
    for (int64_t each = 0; each < type.getRank(); ++each)
      if (each != d)
        others.push_back(each);
    Value here = IotaOp::create(builder, loc, type, d);
    Value wanted = BroadcastOp::create(builder, loc, type, which, others);
    Value isThis =
        CompareOp::create(builder, loc, Comparison::eq, here, wanted);
    Value picked =
        SelectOp::create(builder, loc, type, isThis, places, number(places, 0));
    return ReduceMaxOp::create(builder, loc, picked, ArrayRef(d));
  }
  /// Whether what is found first stays, though what comes last has `last`.
  Value stays(Value first, Value last) {
    Value isAsGood = CompareOp::create(
        builder, loc, isMaximum ? Comparison::ge : Comparison::le, first, last);
    Value isNan = CompareOp::create(builder, loc, Comparison::ne, first, first);
    return OrOp::create(builder, loc, isAsGood, isNan);
  }

  OpBuilder builder;
  Location loc;
  bool isMaximum;
  Type index;
};
} // namespace

Value passes::splitSearch(Operation *op, SplitExtent split) {
  Search search(op);
  OpBuilder &builder = search.builder;
  Location loc = search.loc;
  Value operand = op->getOperand(0);
  int64_t d = reducedDimensions(op).front();
  Value inside = search.place(split.covered(builder, loc, operand, d), d + 1);
  Value first = IotaOp::create(builder, loc, inside.getType(), d);
  first = MulOp::create(builder, loc, first, search.number(first, split.size));
  Value places = AddOp::create(builder, loc, first, inside);
  // What was found is read again: to keep it would slow the search down.
  Value which = search.place(search.at(operand, places), d);
  Value result = search.pick(places, which, d);
  if (split.rest > 0) {
    Value last = search.place(split.left(builder, loc, operand, d), d);
    last = AddOp::create(builder, loc, last,
                         search.number(last, split.pieces * split.size));
    Value stays =
        search.stays(search.at(operand, result), search.at(operand, last));
    result =
        SelectOp::create(builder, loc, result.getType(), stays, result, last);
  }
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return result;
}
