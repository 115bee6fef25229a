//===- Variables.cpp - the model's state ----------------------------------===//

#include "frontend/Graph.h"
#include "frontend/include/sinter/model.h"

using namespace mlir;

namespace sinter {
using detail::Access;
using detail::Graph;
using detail::VariableRecord;

namespace detail {

static std::string lineOf(Place place) {
  return "line " + std::to_string(place.line());
}

/// What a mistake leaves: using it is no further mistake.
static Variable poisonVariable() {
  return Access::variable(std::make_shared<const VariableRecord>());
}

Variable Graph::variable(StringRef name, const Shape &shape,
                         Initializer initializer, DType dtype, bool trainable,
                         Place place) {
  if (scoped(name) == randomState) {
    error(place, "variable: the name '" + randomState +
                     "' is reserved for the state of the random numbers: "
                     "choose another name");
    return poisonVariable();
  }
  return ownVariable(name, shape, std::move(initializer), dtype, trainable,
                     place);
}

Variable Graph::ownVariable(StringRef name, const Shape &shape,
                            Initializer initializer, DType dtype,
                            bool trainable, Place place) {
  std::string full = scoped(name);
  Place user = userPlace(place);
  SmallVector<StringRef> parts;
  StringRef(full).split(parts, '.');
  if (!llvm::all_of(parts, ir::isIdentifier)) {
    error(place, "variable: '" + full +
                     "' is not a name: use letters, digits and underscores, "
                     "with dots between parts");
    return poisonVariable();
  }
  std::string reason;
  if (!tensorType(&context, dtype, shape.sizes(), reason)) {
    error(place, "variable '" + full + "': " + reason);
    return poisonVariable();
  }
  if (!initializer.make) {
    error(place, "variable '" + full + "': its initializer is empty");
    return poisonVariable();
  }
  if (trainable && !is_float(dtype)) {
    error(place, "variable '" + full +
                     "': a trainable variable is f32, f64 or bf16, "
                     "not " +
                     to_string(dtype));
    return poisonVariable();
  }
  if (openEntry) {
    auto found = llvm::find_if(openEntry->asked,
                               [&](auto &p) { return p.first->name == full; });
    if (found != openEntry->asked.end() && !samePlace(found->second, user)) {
      error(place, "variable '" + full + "': this entry asked for it in " +
                       lineOf(found->second) +
                       " already: choose another name, or pass the first "
                       "handle to share it");
      return poisonVariable();
    }
  }
  std::shared_ptr<const VariableRecord> record;
  for (auto &old : variables)
    if (old->name == full)
      record = old;
  if (record) {
    std::string difference;
    std::string have = describe(record->dtype, record->shape);
    std::string want = describe(dtype, shape.sizes());
    if (have != want)
      difference = "is " + have + ", not " + want;
    else if (record->initializer.description != initializer.description)
      difference = "begins as " + record->initializer.description + ", not " +
                   initializer.description;
    else if (record->trainable != trainable)
      difference = record->trainable ? "is trainable" : "is not trainable";
    if (!difference.empty()) {
      error(place, "variable '" + full + "', made in " + lineOf(record->place) +
                       ", " + difference + ": choose another name");
      return poisonVariable();
    }
  } else {
    if (full == "init") {
      error(place, "variable 'init': the entry that sets the variables has "
                   "this name: choose another one");
      return poisonVariable();
    }
    for (EntryRecord &entry : entries)
      if (entry.name == full) {
        error(place, "variable '" + full +
                         "': an entry has this name: choose "
                         "another one");
        return poisonVariable();
      }
    VariableRecord made;
    made.graph = id;
    made.name = full;
    made.dtype = dtype;
    made.shape = shape.sizes();
    made.initializer = std::move(initializer);
    made.trainable = trainable;
    made.place = user;
    record = std::make_shared<const VariableRecord>(std::move(made));
    variables.push_back(record);
  }
  if (openEntry)
    openEntry->asked.try_emplace(record.get(), user);
  return Access::variable(std::move(record));
}

/// Whether the handle is one of this graph, used inside an entry.
static const VariableRecord *usable(Graph &graph, StringRef what,
                                    const Variable &variable, Place place) {
  const VariableRecord *record = Access::record(variable);
  if (!record) {
    graph.error(place, what + ": this variable is empty: make it with "
                              "m.variable or m.parameter");
    return nullptr;
  }
  if (record->graph == 0)
    return nullptr;
  if (record->graph != graph.id) {
    graph.error(place, what + ": the variable '" + record->name +
                           "' belongs to a model that has been built already");
    return nullptr;
  }
  if (!graph.entry()) {
    graph.error(place, what + " '" + record->name +
                           "': a variable has a value inside m.entry(…) only");
    return nullptr;
  }
  if (graph.entry()->isInit) {
    graph.error(place, what + " '" + record->name +
                           "': an initializer cannot use variables");
    return nullptr;
  }
  return record;
}

Tensor Graph::read(const Variable &variable, Place place) {
  const VariableRecord *record = usable(*this, "read", variable, place);
  if (!record)
    return poison();
  return inEntryFrame([&] {
    Value &value = openEntry->reads[record];
    if (!value) {
      Location name =
          NameLoc::get(StringAttr::get(&context, record->name), loc(place));
      std::string reason;
      value = ir::ReadOp::create(
          builder, name,
          tensorType(&context, record->dtype, record->shape, reason),
          record->name);
    }
    return wrap(value);
  });
}

void Graph::write(const Variable &variable, const Tensor &value, Place place) {
  const VariableRecord *record = usable(*this, "assign", variable, place);
  if (!record)
    return;
  if (frames.size() > 1)
    return error(place, "assign '" + record->name + "': inside " + frameKind() +
                            ": return the value from it and assign it there");
  auto [old, isNew] = openEntry->written.try_emplace(record, userPlace(place));
  if (!isNew)
    return error(place, "assign '" + record->name +
                            "': this entry assigned it in " +
                            lineOf(old->second) +
                            " already: once an entry is the limit");
  Value resolved = resolve(value, place, "assign");
  if (!resolved)
    return;
  std::string have = describe(resolved.getType());
  std::string want = describe(record->dtype, record->shape);
  if (have != want)
    return error(place, "assign '" + record->name + "': the variable is " +
                            want + ", the value " + have);
  Location name =
      NameLoc::get(StringAttr::get(&context, record->name), loc(place));
  ir::WriteOp::create(builder, name, record->name, resolved);
}

} // namespace detail

Variable Model::variable(std::string_view name, Shape shape,
                         Initializer initializer, VariableOptions options,
                         Place place) {
  if (Graph *graph = Graph::current())
    return graph->variable(StringRef(name), shape, std::move(initializer),
                           options.dtype, options.trainable, place);
  Graph::report(place, "variable");
  return {};
}

Variable Model::parameter(std::string_view name, Shape shape,
                          Initializer initializer, DType dtype, Place place) {
  return variable(name, std::move(shape), std::move(initializer),
                  {.dtype = dtype, .trainable = true}, place);
}

std::vector<Variable> Model::variables() const {
  std::vector<Variable> result;
  if (Graph *graph = Graph::current())
    for (auto &record : graph->variables)
      result.push_back(Access::variable(record));
  return result;
}

std::vector<Variable> Model::trained() const {
  std::vector<Variable> result;
  Graph *graph = Graph::current();
  if (graph && graph->entry())
    for (auto &record : graph->variables)
      if (record->trainable && graph->entry()->reads.count(record.get()))
        result.push_back(Access::variable(record));
  return result;
}

} // namespace sinter
