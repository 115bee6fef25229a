//===- Handles.cpp - what tensors and variables say of themselves ---------===//

#include "frontend/Graph.h"
#include "frontend/include/sinter/model.h"

using namespace mlir;

namespace sinter {
using detail::Access;
using detail::Graph;

Tensor::Tensor(const Variable &variable, Place place)
    : Tensor(variable.read(place)) {}

DType Tensor::dtype() const { return node_ ? node_->dtype : DType::f32; }
int64_t Tensor::rank() const {
  return node_ ? static_cast<int64_t>(node_->shape.size()) : 0;
}
std::vector<int64_t> Tensor::shape() const {
  return node_ ? node_->shape : std::vector<int64_t>();
}
int64_t Tensor::size() const {
  int64_t result = 1;
  for (int64_t extent : shape())
    result *= extent;
  return result;
}
bool Tensor::is_poison() const { return !node_ || !node_->value; }

int64_t Tensor::dim(int64_t d, Place place) const {
  if (is_poison()) {
    if (!node_)
      Graph::report(place,
                    "dim: this tensor is empty: assign it a value first");
    return 1;
  }
  if (d >= -rank() && d < rank())
    return node_->shape[d < 0 ? d + rank() : d];
  Graph::report(place, "dim: dimension " + Twine(d) + " is out of range for " +
                           detail::describe(node_->dtype, node_->shape));
  return 1;
}

static const std::string noName;
const std::string &Variable::name() const {
  return record_ ? record_->name : noName;
}
std::vector<int64_t> Variable::shape() const {
  return record_ ? record_->shape : std::vector<int64_t>();
}
DType Variable::dtype() const { return record_ ? record_->dtype : DType::f32; }
bool Variable::is_trainable() const { return record_ && record_->trainable; }

Tensor Variable::read(Place place) const {
  if (Graph *graph = Graph::current())
    return graph->read(*this, place);
  Graph::report(place, "read");
  return Graph::poison();
}
void Variable::assign(Tensor value, Place place) const {
  if (Graph *graph = Graph::current())
    graph->write(*this, value, place);
  else
    Graph::report(place, "assign");
}

Tensor named(Tensor value, std::string_view name, Place place) {
  Graph *graph = Graph::current();
  const detail::Node *node = Access::node(value);
  if (!graph || !node || !node->value || node->graph != graph->id ||
      !graph->isOpen(node->frame))
    return value;
  if (name.empty()) {
    graph->error(place, "named: the name is empty");
    return value;
  }
  // A name given before, by a library function's scope, gives way.
  Location loc = node->value.getLoc();
  if (auto old = dyn_cast<NameLoc>(loc))
    loc = old.getChildLoc();
  loc = graph->namedLoc(StringRef(name), loc);
  if (Operation *op = node->value.getDefiningOp())
    op->setLoc(loc);
  else
    cast<BlockArgument>(node->value).setLoc(loc);
  return value;
}

Scope::Scope(std::string_view name) {
  Graph *graph = Graph::current();
  named_ = graph && !name.empty();
  if (named_)
    graph->nameScopes.emplace_back(name);
}
Scope::Scope(std::string_view name, Place caller) : Scope(name) {
  Graph::openCalls().push_back(caller);
  called_ = true;
}
Scope::~Scope() {
  // A scope that outlives its graph has nothing left to close.
  Graph *graph = Graph::current();
  if (named_ && graph && !graph->nameScopes.empty())
    graph->nameScopes.pop_back();
  if (called_ && !Graph::openCalls().empty())
    Graph::openCalls().pop_back();
}

} // namespace sinter
