//===- RunTogether.cpp - calls of a block that may run as one -------------===//
//
// The calls go where the last of them stands; what stands before that and needs
// one of them goes behind.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/RunTogether.h"

#include "compiler/ir/Overwriting.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

RunTogether::RunTogether(ArrayRef<CallOp> calls)
    : block(*calls.front()->getBlock()), last(calls.back()) {
  for (CallOp call : calls)
    together.insert(call);
  // The calls, and what waits for them.
  SmallVector<Operation *> members, waiting;
  llvm::SmallPtrSet<Operation *, 16> held;
  for (Operation &op : block) {
    bool waits = llvm::any_of(op.getOperands(), [&](Value operand) {
      return held.contains(operand.getDefiningOp());
    });
    if (together.contains(&op)) {
      possible &= !waits;
      members.push_back(&op);
      held.insert(&op);
    } else if (waits) {
      waiting.push_back(&op);
      held.insert(&op);
    } else {
      order.push_back(&op);
    }
    if (&op == last) {
      llvm::append_range(order, members);
      llvm::append_range(order, waiting);
      held.clear();
    }
  }
}

/// Whether the value is not a temporary: it is, or becomes, what the block
/// leaves behind.
static bool isKept(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (isa<WriteOp, YieldOp, ReturnOp>(user))
      return true;
    auto reshape = dyn_cast<ReshapeOp>(user);
    return reshape && isKept(reshape.getResult());
  });
}

int64_t RunTogether::peak() const {
  llvm::DenseMap<Value, size_t> ends;
  for (auto [place, op] : llvm::enumerate(order))
    for (Value operand : op->getOperands())
      ends[memoryOf(operand)] = place;
  // The bytes that are not needed any more behind each op.
  SmallVector<int64_t> ended(order.size());
  int64_t live = 0, most = 0, later = 0;
  for (auto [place, op] : llvm::enumerate(order)) {
    if (isa<CallOp, ScanOp>(op))
      for (Value result : op->getResults()) {
        auto end = ends.find(result);
        if (end == ends.end() || isKept(result))
          continue;
        int64_t bytes = getByteSize(result.getType());
        ended[end->second] += bytes;
        live += bytes;
      }
    most = std::max(most, live);
    later += ended[place];
    if (together.contains(op) && op != last)
      continue;
    live -= std::exchange(later, 0);
  }
  return most;
}

void RunTogether::apply() {
  for (Operation *op : order)
    op->moveBefore(&block, block.end());
}
