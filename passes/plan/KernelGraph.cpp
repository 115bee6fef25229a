//===- KernelGraph.cpp - dependences and memory of a block's kernels ------===//

#include "passes/plan/KernelGraph.h"
#include "passes/plan/packer/Packer.h"

#include <queue>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

Value sinter::passes::plan::getOrigin(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape->getOperand(0);
  return value;
}

KernelGraph::KernelGraph(Block &block,
                         llvm::function_ref<int64_t(ScanOp)> scratch) {
  for (Operation &op : block)
    if (isa<CallOp, ScanOp>(op)) {
      numbers[&op] = nodes.size();
      nodes.push_back({&op, {}, {}, {}, {}, 0});
    }
  // What is assigned at the block's end has a place of its own.
  llvm::SmallDenseSet<Value> placed;
  for (Value value : block.getTerminator()->getOperands())
    placed.insert(getOrigin(value));
  for (auto write : block.getOps<WriteOp>())
    placed.insert(getOrigin(write.getValue()));

  DenseMap<Value, int> temporaries;
  for (auto [number, node] : llvm::enumerate(nodes)) {
    SmallVector<int> operands;
    for (Value operand : node.op->getOperands()) {
      Value origin = getOrigin(operand);
      operands.push_back(-1);
      if (Operation *producer = origin.getDefiningOp())
        if (auto at = numbers.find(producer); at != numbers.end())
          addEdge(at->second, number);
      auto at = temporaries.find(origin);
      if (at == temporaries.end())
        continue;
      operands.back() = at->second;
      if (!llvm::is_contained(node.uses, at->second)) {
        node.uses.push_back(at->second);
        ++readers[at->second];
      }
    }
    SmallVector<int64_t> overwrites(node.op->getNumResults(), -1);
    if (auto call = dyn_cast<CallOp>(node.op)) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
          call, call.getKernelAttr());
      if (auto allowed = kernel.getOverwrites())
        overwrites.assign(allowed->begin(), allowed->end());
      if (DictionaryAttr schedule = kernel.getScheduleAttr())
        if (auto attr = schedule.getAs<IntegerAttr>("scratch_bytes"))
          node.scratch = sinter::plan::alignedSize(attr.getInt());
    } else {
      auto scan = cast<ScanOp>(node.op);
      node.scratch = scratch(scan);
      // A carry starts in its first value's place.
      for (size_t i = 0; i != scan.getNumCarried(); ++i)
        overwrites[i] = i;
    }
    for (Value result : node.op->getResults()) {
      if (placed.contains(result))
        continue;
      int64_t over = overwrites[cast<OpResult>(result).getResultNumber()];
      temporaries[result] = bytes.size();
      node.makes.emplace_back(bytes.size(), over < 0 ? -1 : operands[over]);
      bytes.push_back(sinter::plan::alignedSize(getByteSize(result.getType())));
      readers.push_back(0);
    }
  }

  // Who reads an old value, by what it is: a variable or a carry.
  llvm::DenseMap<const void *, SmallVector<int>> readersOf;
  for (auto [number, node] : llvm::enumerate(nodes))
    for (Value operand : node.op->getOperands()) {
      Value origin = getOrigin(operand);
      auto read = origin.getDefiningOp<ReadOp>();
      SmallVector<int> &known =
          readersOf[read ? read.getVariableAttr().getAsOpaquePointer()
                         : origin.getAsOpaquePointer()];
      if (known.empty() || known.back() != static_cast<int>(number))
        known.push_back(number);
    }
  for (auto write : block.getOps<WriteOp>())
    addReplacement(
        readersOf.lookup(write.getVariableAttr().getAsOpaquePointer()),
        write.getValue());
  if (auto scan = dyn_cast<ScanOp>(block.getParentOp()))
    for (auto [carry, next] :
         llvm::zip(scan.getCarryArgs(), scan.getNextCarry()))
      addReplacement(readersOf.lookup(Value(carry).getAsOpaquePointer()), next);
}

void KernelGraph::addReplacement(ArrayRef<int> readers, Value next) {
  Operation *producer = getOrigin(next).getDefiningOp();
  auto at = numbers.find(producer);
  if (!producer || at == numbers.end() || readers.empty())
    return;
  std::vector<bool> behind = reachedFrom(at->second);
  for (int reader : readers)
    if (!behind[reader])
      addEdge(reader, at->second);
}

void KernelGraph::addEdge(int from, int to) {
  if (llvm::is_contained(nodes[to].before, from))
    return;
  nodes[to].before.push_back(from);
  nodes[from].after.push_back(to);
}

std::vector<bool> KernelGraph::reachedFrom(int from) const {
  std::vector<bool> seen(nodes.size());
  seen[from] = true;
  SmallVector<int> todo{from};
  while (!todo.empty())
    for (int next : nodes[todo.pop_back_val()].after)
      if (!seen[next]) {
        seen[next] = true;
        todo.push_back(next);
      }
  return seen;
}

/// The last member in place of each of them.
void KernelGraph::replace(SmallVectorImpl<int> &neighbours,
                          ArrayRef<int> members) {
  size_t before = neighbours.size();
  llvm::erase_if(neighbours,
                 [&](int node) { return llvm::is_contained(members, node); });
  if (neighbours.size() < before)
    neighbours.push_back(members.back());
}

void KernelGraph::join(ArrayRef<int> members) {
  assert(llvm::none_of(members,
                       [&](int member) {
                         return llvm::any_of(members, [&](int other) {
                           return llvm::is_contained(nodes[member].before,
                                                     other);
                         });
                       }) &&
         "one needs another");
  llvm::SmallSetVector<int, 8> before, after, uses;
  llvm::SmallDenseMap<int, int> count;
  Node &whole = nodes[members.back()];
  for (int member : members) {
    Node &node = nodes[member];
    before.insert(node.before.begin(), node.before.end());
    after.insert(node.after.begin(), node.after.end());
    uses.insert(node.uses.begin(), node.uses.end());
    for (int use : node.uses)
      ++count[use];
    if (&node == &whole)
      continue;
    llvm::append_range(whole.makes, node.makes);
    whole.scratch = std::max(whole.scratch, node.scratch);
    node = {node.op, {}, {}, {}, {}, 0};
  }
  for (auto [use, times] : count)
    readers[use] -= times - 1;
  for (auto &[made, over] : whole.makes)
    if (over >= 0 && count.lookup(over) > 1)
      over = -1;
  whole.before = before.takeVector();
  whole.after = after.takeVector();
  whole.uses = uses.takeVector();
  for (int node : whole.before)
    replace(nodes[node].after, members);
  for (int node : whole.after)
    replace(nodes[node].before, members);
}

SmallVector<int> KernelGraph::getProgramOrder() const {
  SmallVector<int> order, missing;
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (auto [number, node] : llvm::enumerate(nodes)) {
    missing.push_back(node.before.size());
    if (node.before.empty())
      ready.push(number);
  }
  while (!ready.empty()) {
    int number = ready.top();
    ready.pop();
    order.push_back(number);
    for (int next : nodes[number].after)
      if (--missing[next] == 0)
        ready.push(next);
  }
  assert(order.size() == size() && "nodes need one another");
  return order;
}

bool KernelGraph::isLegal(ArrayRef<int> order) const {
  SmallVector<int> rank(nodes.size());
  for (auto [position, node] : llvm::enumerate(order))
    rank[node] = position;
  return llvm::all_of(order, [&](int node) {
    return llvm::all_of(nodes[node].before,
                        [&](int before) { return rank[before] < rank[node]; });
  });
}

OrderCost KernelGraph::getCost(ArrayRef<int> order) const {
  Live live{*this, readers};
  OrderCost cost;
  for (int node : order) {
    auto [during, after] = live.preview(node);
    cost.peak = std::max(cost.peak, during);
    cost.sum += during + after;
    live.run(node);
  }
  return cost;
}

KernelGraph::Frontier::Frontier(const KernelGraph &graph)
    : graph(graph), live{graph, graph.readers} {
  for (auto [number, node] : llvm::enumerate(graph.nodes)) {
    missing.push_back(node.before.size());
    if (node.before.empty())
      ready.push_back(number);
  }
}

std::pair<int64_t, int64_t> KernelGraph::Live::preview(int number) const {
  const Node &node = graph.nodes[number];
  int64_t during = bytes + node.scratch, after = bytes;
  for (int use : node.uses)
    if (usesLeft[use] == 1)
      after -= graph.bytes[use];
  SmallVector<int> replaced;
  for (auto [made, over] : node.makes) {
    if (graph.readers[made] > 0)
      after += graph.bytes[made];
    if (over >= 0 && usesLeft[over] == 1 &&
        graph.bytes[over] == graph.bytes[made] &&
        !llvm::is_contained(replaced, over))
      replaced.push_back(over);
    else
      during += graph.bytes[made];
  }
  return {during, after};
}

void KernelGraph::Live::run(int number) {
  bytes = preview(number).second;
  for (int use : graph.nodes[number].uses)
    --usesLeft[use];
}

void KernelGraph::Frontier::run(int number) {
  live.run(number);
  llvm::erase(ready, number);
  for (int next : graph.nodes[number].after)
    if (--missing[next] == 0)
      ready.push_back(next);
}
