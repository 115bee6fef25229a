//===- Entries.cpp - entries, their inputs and outputs --------------------===//

#include "frontend/Graph.h"
#include "frontend/include/sinter/model.h"

using namespace mlir;

namespace sinter {
using detail::Access;
using detail::EntryRecord;
using detail::Frame;
using detail::Graph;

namespace detail {

EntryRecord *Graph::beginEntry(StringRef name, Place place) {
  builder.setInsertionPointToEnd(module->getBody());
  auto op = ir::EntryOp::create(builder, loc(place), name,
                                builder.getFunctionType({}, {}), ArrayAttr(),
                                ArrayAttr());
  EntryRecord &entry = entries.emplace_back();
  entry.name = name.str();
  entry.place = place;
  entry.op = op;
  entry.frame = pushFrame(&op.getBody().emplaceBlock(), 0).id;
  openEntry = &entry;
  return openEntry;
}

std::string Graph::checkEntryName(StringRef name) {
  std::string quoted = ("'" + name + "'").str();
  if (!ir::isIdentifier(name))
    return "the name " + quoted +
           " becomes part of a C function's: use letters, digits and "
           "underscores";
  if (name == "init")
    return "'init' is made from the variables' initializers: choose another "
           "name";
  for (const EntryRecord &other : entries)
    if (other.name == name)
      return "there is an entry " + quoted + " already, in line " +
             std::to_string(other.place.line());
  if (std::string why = hostNames.addEntry(name); !why.empty())
    return quoted + " " + why + ": choose another name";
  std::string symbol = ir::getEntrySymbol(definition.name, name);
  if (isLibraryFunction(symbol))
    return quoted + " gives the C name '" + symbol +
           "', which is a function of the C library: choose another name";
  return {};
}

void Graph::endEntry() {
  EntryRecord &entry = *openEntry;
  Location end = loc(entry.place);
  // A run that drew random numbers counts the call up.
  if (Value key = frames.front().key; key && !entry.isInit) {
    auto type = cast<RankedTensorType>(key.getType());
    int64_t step[2] = {0, 1};
    Value one = ir::ConstantOp::create(
        builder, end, type, DenseElementsAttr::get(type, ArrayRef(step)));
    Value next = ir::AddOp::create(builder, end, key, one);
    ir::WriteOp::create(builder, end, randomState, next);
  }
  ir::ReturnOp::create(builder, end, entry.outputs);
  entry.op.setFunctionType(
      builder.getFunctionType(entry.op.getBody().getArgumentTypes(),
                              ValueRange(entry.outputs).getTypes()));
  popFrame();
  openEntry = nullptr;
}

void Graph::endSignature(EntryRecord &entry) {
  // Axes are guessed only in a model that marks none itself.
  bool marked = llvm::any_of(entries, [](const EntryRecord &e) {
    return llvm::any_of(e.batchAxes,
                        [](auto axis) { return axis.has_value(); });
  });
  ArrayRef<std::optional<int64_t>> axes =
      marked ? entry.batchAxes : entry.guessedAxes;
  auto attributes = [&](StringRef name, std::optional<int64_t> axis) {
    NamedAttrList list;
    list.set(ir::nameAttr, builder.getStringAttr(name));
    if (axis)
      list.set(ir::batchAxisAttr, builder.getI64IntegerAttr(*axis));
    return list.getDictionary(&context);
  };
  SmallVector<DictionaryAttr> inputs, outputs;
  for (auto [name, axis] : llvm::zip_equal(entry.inputNames, axes))
    inputs.push_back(attributes(name, axis));
  for (auto [name, axis] :
       llvm::zip_equal(entry.outputNames, propagateBatchAxes(entry.op, axes)))
    outputs.push_back(attributes(name, axis));
  entry.op.setAllArgAttrs(inputs);
  entry.op.setAllResultAttrs(outputs);
}

} // namespace detail

void Model::entry(std::string_view name,
                  const std::function<void(Entry &)> &body, Place place) {
  Graph *graph = Graph::current();
  if (!graph)
    return Graph::report(place, "entry");
  if (graph->entry())
    return graph->error(place, "entry: the entry '" + graph->entry()->name +
                                   "' has not ended: entries do not nest");
  std::string text(name);
  if (std::string mistake = graph->checkEntryName(text); !mistake.empty())
    graph->error(place, "entry: " + mistake);
  for (auto &variable : graph->variables)
    if (variable->name == text)
      graph->error(place, "entry: there is a variable '" + text +
                              "' already: choose another name");
  EntryRecord *record = graph->beginEntry(text, place);
  Entry handle;
  Access::frame(handle) = record->frame;
  body(handle);
  if (record->outputs.empty() && record->written.empty() &&
      !graph->hasMistakes())
    graph->error(place, "entry: '" + text +
                            "' does nothing: give it an "
                            "output or assign a variable");
  graph->endEntry();
}

/// The entry of the handle, if it is still open.
static EntryRecord *openEntry(StringRef what, uint64_t frame,
                              std::string_view name, Place place) {
  Graph *graph = Graph::current();
  if (!graph) {
    Graph::report(place, what);
    return nullptr;
  }
  EntryRecord *entry = graph->entry();
  if (!entry || entry->frame != frame) {
    graph->error(place, what + ": this entry has ended: use the Entry within "
                               "the function given to m.entry");
    return nullptr;
  }
  std::string text(name);
  if (!ir::isIdentifier(text)) {
    graph->error(place, what + ": the name '" + text +
                            "' becomes a field in C: use letters, digits and "
                            "underscores");
    return nullptr;
  }
  auto [old, isNew] = entry->names.try_emplace(text, place);
  if (!isNew) {
    graph->error(place, what + ": the entry '" + entry->name + "' has '" +
                            text + "' already, in line " +
                            Twine(old->second.line()) +
                            ": choose another name");
    return nullptr;
  }
  return entry;
}

/// Why the entry cannot take batches of `samples`; "" if it can.
static std::string wrongBatch(EntryRecord &entry, int64_t samples) {
  if (samples < 1)
    return "a batch of " + std::to_string(samples) +
           " samples: at least 1 is needed";
  for (auto [i, axis] : llvm::enumerate(entry.batchAxes)) {
    if (!axis)
      continue;
    Value other = entry.op.getBody().getArgument(i);
    int64_t have = cast<RankedTensorType>(other.getType()).getDimSize(*axis);
    if (have == samples)
      return "";
    const std::string &name = entry.inputNames[i];
    return "a batch of " + std::to_string(samples) + " samples, but '" + name +
           "', in line " + std::to_string(entry.names.at(name).line()) +
           ", has " + std::to_string(have) +
           ": all inputs of an entry count the same samples";
  }
  return "";
}

Tensor Entry::input(std::string_view name, DType dtype, Shape shape,
                    Place place) {
  EntryRecord *entry = openEntry("input", frame_, name, place);
  Graph *graph = Graph::current();
  if (!entry)
    return Graph::poison();
  std::string reason;
  RankedTensorType type =
      detail::tensorType(&graph->context, dtype, shape.sizes(), reason);
  std::optional<int64_t> axis, guess;
  for (auto [d, extent] : llvm::enumerate(shape.extents())) {
    if (!extent.is_batch)
      continue;
    if (axis)
      reason = "more than one extent is a batch axis";
    axis = d;
    if (reason.empty())
      reason = wrongBatch(*entry, extent.size);
  }
  if (!reason.empty()) {
    graph->error(place, "input '" + std::string(name) + "': " + reason);
    return Graph::poison();
  }
  const std::vector<Extent> &extents = shape.extents();
  if (!extents.empty() && !extents[0].is_fixed && graph->batchOption &&
      extents[0].size > 0 && extents[0].size == *graph->batchOption)
    guess = 0;
  entry->inputNames.emplace_back(name);
  entry->batchAxes.push_back(axis);
  entry->guessedAxes.push_back(guess);
  return graph->inEntryFrame([&] {
    Location loc = NameLoc::get(
        StringAttr::get(&graph->context, StringRef(name)), graph->loc(place));
    return graph->wrap(graph->frame()->block->addArgument(type, loc));
  });
}

void Entry::output(std::string_view name, Tensor value, Place place) {
  EntryRecord *entry = openEntry("output", frame_, name, place);
  if (!entry)
    return;
  Graph *graph = Graph::current();
  if (graph->frame()->id != entry->frame)
    return graph->error(place, "output: inside " + graph->frameKind() +
                                   ": return the value from it first");
  Value resolved = graph->resolve(value, place, "output");
  if (!resolved)
    return;
  entry->outputNames.emplace_back(name);
  entry->outputs.push_back(resolved);
}

} // namespace sinter
