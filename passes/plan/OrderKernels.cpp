//===- OrderKernels.cpp - kernels in the order that needs least memory ----===//
//
// Comes in: blocks of calls and scans in any legal order.  Goes out: the same
// in a better one.  Orders are made greedily by three rules, the best is varied
// by moving single kernels, with a fixed seed and a bounded amount of work, and
// judged by a model (KernelGraph).  At the end the orders of the entry are
// shared and packed for real, and a new one stays only if it is better: it
// copies less state, or as much and needs less memory.  -O1 makes greedy orders
// only, -O3 searches much longer.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/KernelGraph.h"
#include "passes/plan/ShareStorage.h"
#include "passes/plan/Stage.h"

#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;
using sinter::plan::Effort;

namespace sinter::passes {
#define GEN_PASS_DEF_ORDERKERNELS
#include "passes/plan/Passes.h.inc"
} // namespace sinter::passes

namespace {

/// How many kernels the local search of one block may look at in all.
constexpr int64_t searchWork = 1'000'000;
/// Tries without success after which it ends.
constexpr int64_t patience = 300;
/// How much more of both a long search may take.
constexpr int64_t longSearch = 30;

enum class Rule { Program, LeastAfter, LeastPeak };

SmallVector<int> makeOrder(const KernelGraph &graph, Rule rule) {
  SmallVector<int> order;
  KernelGraph::Frontier frontier(graph);
  int64_t peak = 0;
  auto getKey = [&](int node) -> std::tuple<int64_t, int64_t, int64_t> {
    auto [during, after] = frontier.preview(node);
    switch (rule) {
    case Rule::Program:
      return {0, 0, node};
    case Rule::LeastAfter:
      return {after, during, node};
    case Rule::LeastPeak:
      return {std::max(peak, during), after, node};
    }
    llvm_unreachable("rule");
  };
  while (!frontier.getReady().empty()) {
    int best = *std::min_element(
        frontier.getReady().begin(), frontier.getReady().end(),
        [&](int a, int b) { return getKey(a) < getKey(b); });
    peak = std::max(peak, frontier.preview(best).first);
    frontier.run(best);
    order.push_back(best);
  }
  return order;
}

/// Moves kernels within the span their dependences leave.
void improve(const KernelGraph &graph, SmallVector<int> &order, OrderCost &cost,
             int64_t factor) {
  uint64_t state = 0x9E3779B97F4A7C15u;
  auto below = [&](int64_t n) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<int64_t>((state * 0x2545F4914F6CDD1Du >> 32) % n);
  };
  int64_t count = order.size(), failures = 0;
  for (int64_t work = 0;
       work < searchWork * factor && failures < patience * factor;
       work += count) {
    int64_t from = below(count), low = 0, high = count - 1;
    const KernelGraph::Node &node = graph[order[from]];
    for (int64_t i = 0; i != count; ++i) {
      if (llvm::is_contained(node.before, order[i]))
        low = i + 1;
      if (llvm::is_contained(node.after, order[i]))
        high = std::min(high, i - 1);
    }
    ++failures;
    if (low >= high)
      continue;
    int64_t to = low + below(high - low + 1);
    SmallVector<int> changed = order;
    int moved = changed[from];
    changed.erase(changed.begin() + from);
    changed.insert(changed.begin() + to, moved);
    OrderCost changedCost = graph.getCost(changed);
    if (changedCost < cost) {
      cost = changedCost;
      order = changed;
      failures = 0;
    }
  }
}

/// Puts the block's ops in this order of kernels: what costs nothing goes right
/// before its first user, writes go to the end.
void applyOrder(Block &block, const KernelGraph &graph, ArrayRef<int> order) {
  Operation *end = block.getTerminator();
  SmallVector<Operation *> old;
  for (Operation &op : block.without_terminator())
    old.push_back(&op);
  llvm::SmallDenseSet<Operation *> done;
  std::function<void(Operation *)> place = [&](Operation *op) {
    if (!op || op->getBlock() != &block || !done.insert(op).second)
      return;
    for (Value operand : op->getOperands())
      place(operand.getDefiningOp());
    op->moveBefore(end);
  };
  for (Operation *op : old)
    if (isa<ReadOp, ConstantOp>(op))
      place(op);
  for (int node : order)
    place(graph[node].op);
  for (Operation *op : old)
    place(op);
}

/// Orders the block and all inside it; returns what it needs by the model.
int64_t orderBlock(Block &block, Effort effort) {
  KernelGraph graph(block, [&](ScanOp scan) {
    return orderBlock(scan.getBody().front(), effort);
  });
  SmallVector<int> best;
  OrderCost cost;
  for (Rule rule : {Rule::Program, Rule::LeastAfter, Rule::LeastPeak}) {
    SmallVector<int> order = makeOrder(graph, rule);
    OrderCost orderCost = graph.getCost(order);
    if (best.empty() || orderCost < cost) {
      best = order;
      cost = orderCost;
    }
  }
  if (graph.size() > 2 && effort != Effort::Greedy)
    improve(graph, best, cost, effort == Effort::Long ? longSearch : 1);
  assert(graph.isLegal(best) && "an order must keep dependences");
  applyOrder(block, graph, best);
  return cost.peak;
}

/// The ops of the entry's blocks, in order.
class Order {
public:
  explicit Order(EntryOp entry) {
    entry.walk([&](Block *block) {
      auto &ops = blocks.emplace_back(block, SmallVector<Operation *>()).second;
      for (Operation &op : *block)
        ops.push_back(&op);
    });
  }
  void restore() const {
    for (auto &[block, ops] : blocks)
      for (Operation *op : ops)
        op->moveBefore(block, block->end());
  }

private:
  std::vector<std::pair<Block *, SmallVector<Operation *>>> blocks;
};

class OrderKernels
    : public sinter::passes::impl::OrderKernelsBase<OrderKernels> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<EntryOp>())
      if (failed(orderEntry(entry)))
        return signalPassFailure();
  }

  /// Bytes copied for the state, of the workspace, copied at all.
  using Cost = std::tuple<int64_t, int64_t, int64_t>;
  static FailureOr<Cost> getCost(EntryOp entry) {
    FailureOr<PlannedEntry> plan = shareEntry(entry);
    if (failed(plan))
      return failure();
    auto &[program, sharing] = *plan;
    packStorage(program, sharing, getEffort(entry));
    CopiedBytes copied = countCopies(program, sharing);
    return Cost(copied.forState, sharing.workspaceBytes, copied.inAll);
  }

  /// Tries every effort up to the one that is allowed, so that more effort is
  /// never worse.
  static LogicalResult orderEntry(EntryOp entry) {
    const Order written(entry);
    Order best = written;
    FailureOr<Cost> least = getCost(entry);
    if (failed(least))
      return failure();
    for (Effort effort : {Effort::Greedy, Effort::Bounded, Effort::Long}) {
      if (effort > getEffort(entry))
        break;
      written.restore();
      orderBlock(entry.getBody().front(), effort);
      FailureOr<Cost> cost = getCost(entry);
      if (succeeded(cost) && *cost < *least) {
        least = cost;
        best = Order(entry);
      }
    }
    best.restore();
    return success();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createOrderKernelsPass() {
  return std::make_unique<OrderKernels>();
}
