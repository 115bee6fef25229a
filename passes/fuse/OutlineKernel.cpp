//===- OutlineKernel.cpp - a cluster becomes a kernel and a call ----------===//

#include "passes/fuse/OutlineKernel.h"

#include "compiler/ir/Boundaries.h"
#include "compiler/ir/Segments.h"
#include "passes/fuse/ExplainBoundaries.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {

/// What one kernel is made of.
struct Outline {
  SmallVector<Operation *> ops;
  llvm::SetVector<Value> arguments;
  SmallVector<Value> results;
};

/// Why it is not larger: whom it did not take, and why what others compute is
/// an argument.
struct Reasons {
  ArrayAttr refusals, boundaries;
};

} // namespace

static bool isUsedOutside(Value value,
                          const llvm::SmallPtrSetImpl<Operation *> &ops) {
  return llvm::any_of(value.getUsers(),
                      [&](Operation *user) { return !ops.contains(user); });
}

/// Arguments in order of first use in `ops`, among them only those for which
/// `wanted` holds.
static void collectArguments(ArrayRef<Operation *> ops,
                             const llvm::SmallPtrSetImpl<Operation *> &inside,
                             llvm::function_ref<bool(Value)> wanted,
                             llvm::SetVector<Value> &arguments) {
  for (Operation *op : ops)
    for (Value operand : op->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!(producer && inside.contains(producer)) && wanted(operand))
        arguments.insert(operand);
    }
}

/// Appends, operands first, everything of `inside` that `op` needs.
static void appendInOrder(Operation *op,
                          const llvm::SmallPtrSetImpl<Operation *> &inside,
                          llvm::SetVector<Operation *> &ordered) {
  if (!inside.contains(op) || ordered.contains(op))
    return;
  for (Value operand : op->getOperands())
    if (Operation *producer = operand.getDefiningOp())
      appendInOrder(producer, inside, ordered);
  ordered.insert(op);
}

static Outline outlineOf(const ClusterGraph &graph, const Cluster &cluster,
                         ArrayRef<Operation *> absorbed) {
  Outline outline;
  llvm::SmallPtrSet<Operation *, 32> inside(cluster.members.begin(),
                                            cluster.members.end());
  inside.insert_range(absorbed);

  if (cluster.segments.empty()) {
    // What floats stands before its reader: where the block has it depends on
    // who else reads it, and equal kernels would differ by that.
    SmallVector<Operation *> members(cluster.members);
    llvm::sort(members, [&](Operation *a, Operation *b) {
      return graph.positionOf(a) < graph.positionOf(b);
    });
    llvm::SetVector<Operation *> ordered;
    for (Operation *op : members)
      appendInOrder(op, inside, ordered);
    outline.ops = ordered.takeVector();
    collectArguments(
        outline.ops, inside, [](Value) { return true; }, outline.arguments);
  } else {
    // Corresponding ops of the segments in corresponding order, whatever the
    // order of the block.
    auto isScalar = [](Value value) { return shapeOf(value).empty(); };
    llvm::SetVector<Operation *> ordered;
    for (ArrayRef<Operation *> segment : cluster.segments) {
      size_t start = ordered.size();
      for (Operation *op : segment)
        appendInOrder(op, inside, ordered);
      collectArguments(ordered.getArrayRef().drop_front(start), inside,
                       std::not_fn(isScalar), outline.arguments);
    }
    outline.ops = ordered.takeVector();
    collectArguments(outline.ops, inside, isScalar, outline.arguments);
  }
  for (Operation *op : outline.ops)
    for (Value result : op->getResults())
      if (isUsedOutside(result, inside))
        outline.results.push_back(result);
  return outline;
}

/// What is known of the kernel's form before its schedule is computed.
static DictionaryAttr formOf(Builder &builder, const Cluster &cluster,
                             const Outline &outline) {
  NamedAttrList form;
  OpKind kind = cluster.kind;
  if (kind == OpKind::Pointwise &&
      llvm::any_of(cluster.members,
                   [](Operation *op) { return kindOf(op) == OpKind::Random; }))
    kind = OpKind::Random;
  form.set("kind", builder.getStringAttr(kindName(kind)));
  if (int64_t segments = cluster.segments.size()) {
    int64_t shared = llvm::count_if(
        outline.arguments, [](Value value) { return shapeOf(value).empty(); });
    int64_t arguments = outline.arguments.size();
    int64_t results = outline.results.size();
    Segments{segments, (arguments - shared) / segments, results / segments}
        .addTo(form, builder.getContext());
  }
  return form.getDictionary(builder.getContext());
}

static ArrayAttr refusalsOf(Builder &builder, const ClusterGraph &graph,
                            const Cluster &cluster) {
  SmallVector<Attribute> texts;
  for (auto &[op, reason] : cluster.refusals)
    if (graph.clusterOf(op) != &cluster)
      texts.push_back(builder.getStringAttr(Explanation{op, reason}.text()));
  return texts.empty() ? ArrayAttr() : builder.getArrayAttr(texts);
}

static ArrayAttr boundariesOf(Builder &builder, const ClusterGraph &graph,
                              const Cluster &cluster,
                              const llvm::SetVector<Value> &arguments) {
  SmallVector<Attribute> texts;
  for (Value argument : arguments)
    if (auto why = explainBoundary(graph, cluster, argument))
      texts.push_back(builder.getStringAttr(why->text()));
  return texts.empty() ? ArrayAttr() : builder.getArrayAttr(texts);
}

/// Where the kernel's call stands in the source: its root's place, and the name
/// that the user gave to its last op.
static Location locationOf(const Cluster &cluster) {
  for (Operation *op : llvm::reverse(cluster.members))
    if (!getGivenName(op->getLoc()).empty())
      return op->getLoc();
  return cluster.root->getLoc();
}

static void outlineCluster(const Cluster &cluster, const Outline &outline,
                           Reasons reasons, EntryOp entry,
                           SymbolTable &symbols) {
  // Kernels stand before all entries, in the order of their first calls.
  auto module = entry->getParentOfType<ModuleOp>();
  OpBuilder builder(*module.getOps<EntryOp>().begin());
  auto typesOf = [](auto &&values) {
    return llvm::map_to_vector(values, [](Value v) { return v.getType(); });
  };
  Location loc = locationOf(cluster);
  auto type = builder.getFunctionType(typesOf(outline.arguments),
                                      typesOf(outline.results));
  // NameKernels finds the name, once equal kernels are one.
  auto kernel = KernelOp::create(
      builder, loc, builder.getStringAttr("kernel"), TypeAttr::get(type),
      /*arg_attrs=*/nullptr, /*res_attrs=*/nullptr,
      formOf(builder, cluster, outline), /*overwrites=*/nullptr);
  if (reasons.refusals)
    kernel->setAttr(refusalsAttr, reasons.refusals);

  Block &body = kernel.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value argument : outline.arguments)
    mapping.map(argument,
                body.addArgument(argument.getType(), argument.getLoc()));
  builder.setInsertionPointToStart(&body);
  for (Operation *op : outline.ops)
    builder.clone(*op, mapping);
  ReturnOp::create(builder, loc,
                   llvm::map_to_vector(outline.results, [&](Value result) {
                     return mapping.lookup(result);
                   }));
  symbols.insert(kernel);

  builder.setInsertionPointAfter(outline.ops.back());
  auto call = CallOp::create(builder, loc, typesOf(outline.results),
                             FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
                             outline.arguments.getArrayRef());
  if (reasons.boundaries)
    call->setAttr(boundariesAttr, reasons.boundaries);
  for (auto [old, fresh] : llvm::zip(outline.results, call.getResults()))
    Value(old).replaceAllUsesWith(fresh);
  for (Operation *op : llvm::reverse(outline.ops)) {
    op->dropAllUses();
    op->erase();
  }
}

void passes::outlineKernels(ClusterGraph &graph, EntryOp entry, Block &block,
                            SymbolTable &symbols) {
  // Which floating ops each cluster absorbs, before anything is erased.
  llvm::DenseMap<const Cluster *, SmallVector<Operation *>> absorbed;
  for (Operation *op : graph.ops())
    if (graph.floatingOps().floats(op))
      absorbed[graph.clusterOf(graph.floatingOps().anchorOf(op))].push_back(op);

  // In the order of the block, by the clusters' first ops.
  SmallVector<const Cluster *> clusters;
  llvm::SmallPtrSet<const Cluster *, 32> seen;
  for (Operation *op : graph.ops())
    if (const Cluster *cluster = graph.clusterOf(op);
        cluster && seen.insert(cluster).second)
      clusters.push_back(cluster);
  Builder builder(entry.getContext());
  SmallVector<Reasons> reasons;
  for (const Cluster *cluster : clusters) {
    Outline outline = outlineOf(graph, *cluster, absorbed[cluster]);
    reasons.push_back(
        {refusalsOf(builder, graph, *cluster),
         boundariesOf(builder, graph, *cluster, outline.arguments)});
  }

  for (auto [cluster, why] : llvm::zip(clusters, reasons))
    outlineCluster(*cluster, outlineOf(graph, *cluster, absorbed[cluster]), why,
                   entry, symbols);
  sortTopologically(&block);
}
