//===- UseOrder.cpp - uses in the order of the text -----------------------===//

#include "compiler/driver/UseOrder.h"

using namespace mlir;

namespace {
struct UseSorter {
  llvm::DenseMap<Operation *, unsigned> positions;

  /// A value, or a block, whose uses are the branches to it.
  template <typename Used> void sort(Used used) {
    // Where each use stands in the text and stood in the list.
    SmallVector<std::tuple<unsigned, unsigned, unsigned>> uses;
    for (auto &use : used->getUses())
      uses.emplace_back(positions.lookup(use.getOwner()),
                        use.getOperandNumber(), uses.size());
    auto isAfter = [](const auto &a, const auto &b) { return a > b; };
    if (llvm::is_sorted(uses, isAfter))
      return;
    llvm::sort(uses, isAfter);
    SmallVector<unsigned> target(uses.size());
    for (auto [place, use] : llvm::enumerate(uses))
      target[std::get<2>(use)] = place;
    used->shuffleUseList(target);
  }
};
} // namespace

void sinter::driver::orderUses(ModuleOp module) {
  UseSorter sorter;
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    unsigned position = sorter.positions.size();
    sorter.positions[op] = position;
  });
  module->walk([&](Operation *op) {
    for (Value result : op->getResults())
      sorter.sort(&result);
    for (Region &region : op->getRegions())
      for (Block &block : region) {
        for (Value argument : block.getArguments())
          sorter.sort(&argument);
        sorter.sort(&block);
      }
  });
}
