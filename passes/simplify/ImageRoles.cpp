//===- ImageRoles.cpp - which dimensions are channels ---------------------===//

#include "passes/simplify/ImageRoles.h"
#include "compiler/ir/Reducing.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static int64_t rankOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

/// Whether the convolution slides a cotangent over its image, samples and
/// channels exchanged, as `conv` writes its kernel's derivative.
static bool isDerivativeOfKernel(ConvOp op) {
  auto image = op.getInput().getDefiningOp<TransposeOp>();
  auto cotangent = op.getKernel().getDefiningOp<TransposeOp>();
  if (!image || !cotangent)
    return false;
  int64_t spatial = op.getSpatialRank();
  auto places = llvm::seq<int64_t>(1, spatial + 1);
  Order exchanged{spatial + 1}, last;
  llvm::append_range(exchanged, places);
  llvm::append_range(last, places);
  exchanged.push_back(0);
  last.append({0, spatial + 1});
  return image.getPermutation() == ArrayRef<int64_t>(exchanged) &&
         cotangent.getPermutation() == ArrayRef<int64_t>(last);
}

ImageRoles::ImageRoles(Block &block) : block(block) {
  for (auto conv : block.getOps<ConvOp>())
    if (isDerivativeOfKernel(conv)) {
      ofKernel.insert(conv);
      for (Value operand : conv->getOperands())
        if (llvm::all_of(operand.getUsers(), [&](Operation *user) {
              return ofKernel.contains(user);
            }))
          ofKernel.insert(operand.getDefiningOp());
    }
  for (auto conv : block.getOps<ConvOp>()) {
    if (isOfKernel(conv) || conv.getType().getRank() > mostDimensions)
      continue;
    uint32_t last = 1u << (conv.getSpatialRank() + 1);
    for (Value image : {Value(conv.getInput()), Value(conv.getResult())})
      if (!roles.contains(image))
        set(image, {.samples = 1, .channels = last});
    while (!fresh.empty()) {
      Value value = fresh.pop_back_val();
      if (Operation *op = value.getDefiningOp())
        spread(op);
      for (Operation *user : value.getUsers())
        spread(user);
    }
  }
}

void ImageRoles::set(Value value, Roles found) {
  if (!found.channels)
    return;
  roles[value] = found;
  fresh.push_back(value);
}

void ImageRoles::spread(Operation *op) {
  if (op->getBlock() != &block || isOfKernel(op))
    return;
  auto places = carriedDimensions(op);
  auto isTooMany = [](Value value) { return rankOf(value) > mostDimensions; };
  if (!places || isTooMany(op->getResult(0)) ||
      llvm::any_of(op->getOperands(), isTooMany))
    return;
  auto carry = [](uint32_t bits, ArrayRef<int64_t> to) {
    uint32_t carried = 0;
    for (auto [d, place] : llvm::enumerate(to))
      if (place >= 0 && (bits >> d & 1))
        carried |= 1u << place;
    return carried;
  };
  // Where dimensions come or go, channels alone do not say which are samples.
  bool repeats = isa<BroadcastOp>(op), reduces = isReducing(op);
  Value result = op->getResult(0);
  if (!roles.contains(result))
    for (auto [operand, place] : llvm::zip_equal(op->getOperands(), *places))
      if (auto known = roles.find(operand);
          known != roles.end() && (!repeats || known->second.samples)) {
        set(result, {.samples = carry(known->second.samples, place),
                     .channels = carry(known->second.channels, place)});
        break;
      }
  auto known = roles.find(result);
  if (known == roles.end())
    return;
  Roles wanted = known->second;
  for (auto [operand, place] : llvm::zip_equal(op->getOperands(), *places)) {
    // What of the result comes from the operand; of one element it says
    // nothing.
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(operand.getType()).getShape();
    Order back(rankOf(result), -1), telling(place);
    uint32_t carried = 0;
    for (auto [d, at] : llvm::enumerate(place)) {
      if (at >= 0)
        back[at] = d;
      if (shape[d] == 1)
        telling[d] = -1;
      else if (at >= 0)
        carried |= 1u << at;
    }
    auto theirs = roles.find(operand);
    if (theirs == roles.end() && (!reduces || wanted.samples))
      set(operand, {.samples = carry(wanted.samples, back),
                    .channels = carry(wanted.channels, back)});
    else if (theirs != roles.end() &&
             (carry(theirs->second.samples, telling) !=
                  (wanted.samples & carried) ||
              carry(theirs->second.channels, telling) !=
                  (wanted.channels & carried)))
      disagreeing.insert(op);
  }
}

Order ImageRoles::channelsLast(Value value) const {
  int64_t rank = rankOf(value);
  auto known = roles.find(value);
  if (known == roles.end())
    return asWritten(rank);
  auto [samples, channels] = known->second;
  Order order;
  for (uint32_t which : {samples, ~(samples | channels), channels})
    for (int64_t d = 0; d < rank; ++d)
      if (which >> d & 1)
        order.push_back(d);
  return order;
}
