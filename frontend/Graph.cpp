//===- Graph.cpp - places, values and frames of a module being built ------===//

#include "frontend/Graph.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

#include <dlfcn.h>

using namespace mlir;

namespace sinter::detail {

static thread_local Graph *currentGraph = nullptr;

/// Mistakes made outside of any model (in a static initializer, say).
static std::vector<Mistake> &strayMistakes() {
  static std::vector<Mistake> mistakes;
  return mistakes;
}

/// Open calls of library functions outside of any model.
static std::vector<Place> &strayCalls() {
  static thread_local std::vector<Place> calls;
  return calls;
}

std::vector<Place> &Graph::openCalls() {
  return currentGraph ? currentGraph->callScopes : strayCalls();
}

static Mistake makeMistake(Place place, const Twine &message) {
  return {place.file_name(), static_cast<unsigned>(place.line()),
          static_cast<unsigned>(place.column()), message.str()};
}

/// Handles hold their graph's number, so that one that outlives it is noticed.
static uint64_t nextGraphId() {
  static std::atomic<uint64_t> count{0};
  return ++count;
}

Graph::Graph(const ModelDefinition &definition, const OptionValues &options,
             MLIRContext &context, std::vector<Mistake> &mistakes)
    : id(nextGraphId()), definition(definition), context(context),
      builder(&context), hostNames(definition.name), mistakes(mistakes),
      given(options), previous(currentGraph) {
  context.loadDialect<ir::SinterDialect>();
  module = ModuleOp::create(loc(definition.place), StringRef(definition.name));
  currentGraph = this;
  mistakes.insert(mistakes.end(), strayMistakes().begin(),
                  strayMistakes().end());
  strayMistakes().clear();
  hostNames.addEntry("init");
  if (isLibraryFunction(definition.name))
    error(definition.place,
          "the model's name '" + Twine(definition.name) +
              "' is that of a function of the C library, which C++ hosts "
              "could not include beside it: choose another name");
}

Graph::~Graph() { currentGraph = previous; }

Graph *Graph::current() { return currentGraph; }

void Graph::report(Place place, const Twine &message) {
  if (currentGraph)
    currentGraph->error(place, message);
  else
    strayMistakes().push_back(
        makeMistake(strayCalls().empty() ? place : strayCalls().front(),
                    message + ": tensors and models live inside SINTER_MODEL"));
}

void Graph::error(Place place, const Twine &message) {
  Mistake mistake = makeMistake(userPlace(place), message);
  // A loop in the model's C++ makes a mistake many times.
  for (const Mistake &m : mistakes)
    if (m.line == mistake.line && m.column == mistake.column &&
        m.message == mistake.message && m.file == mistake.file)
      return;
  mistakes.push_back(std::move(mistake));
}

//===----------------------------------------------------------------------===//
// Places and names
//===----------------------------------------------------------------------===//

bool isLibraryFunction(StringRef symbol) {
  // Only libm and what it needs, which is libc: the process has many more.
  static void *library = dlopen("libm.so.6", RTLD_LAZY | RTLD_LOCAL);
  return library && dlsym(library, symbol.str().c_str());
}

bool samePlace(Place a, Place b) {
  return a.line() == b.line() && a.column() == b.column() &&
         StringRef(a.file_name()) == b.file_name();
}

Place Graph::userPlace(Place place) const {
  return callScopes.empty() ? place : callScopes.front();
}

/// The file's name as it stands in locations: library functions are named by a
/// path that is the same wherever the project was built.
static std::string fileName(Place place) {
  static const StringRef folder = llvm::sys::path::parent_path(__FILE__);
  StringRef name = place.file_name();
  if (name.consume_front(folder))
    return ("frontend" + name).str();
  return name.str();
}

Location Graph::loc(Place place) {
  auto file = [&](Place p) -> Location {
    return FileLineColLoc::get(&context, fileName(p), p.line(), p.column());
  };
  if (callScopes.empty())
    return file(place);
  Location caller = file(callScopes.front());
  for (Place call : llvm::drop_begin(callScopes))
    caller = CallSiteLoc::get(file(call), caller);
  return CallSiteLoc::get(file(place), caller);
}

std::string Graph::scoped(StringRef name) const {
  std::string result = llvm::join(nameScopes, ".");
  if (!result.empty() && !name.empty())
    result += '.';
  return result + name.str();
}

Location Graph::namedLoc(StringRef name, Location loc) {
  std::string full = scoped(name);
  if (full.empty())
    return loc;
  return NameLoc::get(StringAttr::get(&context, full), loc);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Tensor Graph::poison() { return Access::tensor(Node()); }

Tensor Graph::wrap(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Node node;
  node.graph = id;
  node.frame = frames.back().id;
  node.value = value;
  node.dtype = dtypeOf(type.getElementType());
  node.shape.assign(type.getShape().begin(), type.getShape().end());
  return Access::tensor(std::move(node));
}

Value Graph::resolve(const Tensor &tensor, Place place, StringRef what) {
  const Node *node = Access::node(tensor);
  if (!node) {
    error(place, Twine(what) + ": this tensor is empty: assign it a value "
                               "first");
    return {};
  }
  if (!node->value && node->graph == 0)
    return {};
  if (frames.empty()) {
    error(place, Twine(what) + ": ops belong inside m.entry(…)");
    return {};
  }
  if (node->graph != id) {
    error(place, Twine(what) + ": this tensor belongs to a model that has "
                               "been built already");
    return {};
  }
  for (size_t level = frames.size(); level-- > 0;)
    if (frames[level].id == node->frame)
      return resolveIn(node->value, level, frames.size() - 1);
  // The value itself may be gone: a loop that was a mistake is erased.
  const EntryRecord &home = entries[entryOfFrame[node->frame - 1]];
  bool loop = node->frame != home.frame;
  error(place, Twine(what) +
                   (loop ? ": this tensor belongs to the body of a loop that "
                           "has ended, or a checkpoint: return it from there"
                         : ": this tensor belongs to the entry '" + home.name +
                               "': compute it in this entry too, or keep it "
                               "in a variable"));
  return {};
}

Value Graph::resolveIn(Value value, size_t home, size_t level) {
  if (level == home)
    return value;
  Value outer = resolveIn(value, home, level - 1);
  Frame &frame = frames[level];
  Value &inner = frame.captured[outer];
  if (!inner) {
    inner = frame.block->addArgument(outer.getType(), outer.getLoc());
    frame.invariants.push_back(outer);
  }
  return inner;
}

/// Collects the text of the dialect's diagnostics while it lives.
namespace {
struct Catch {
  explicit Catch(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (text.empty())
            text = diagnostic.str();
          return success();
        }) {}
  std::string text;
  ScopedDiagnosticHandler handler;
};
} // namespace

Operation *Graph::insert(StringRef what, StringRef mnemonic, Place place,
                         TypeRange types, ValueRange operands,
                         ArrayRef<NamedAttribute> attributes) {
  OperationState state(namedLoc("", loc(place)), ("sinter." + mnemonic).str(),
                       operands, types, attributes);
  return checked(what, place, builder.create(state));
}

Operation *Graph::checked(StringRef what, Place place, Operation *op) {
  std::string text;
  {
    Catch diagnostics(&context);
    if (succeeded(verify(op, /*verifyRecursively=*/false)))
      return op;
    text = diagnostics.text;
  }
  op->erase();
  error(place, reworded(what, text));
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Frames
//===----------------------------------------------------------------------===//

Frame &Graph::pushFrame(Block *block, int64_t steps) {
  Frame frame;
  entryOfFrame.push_back(entries.size() - 1);
  frame.id = entryOfFrame.size();
  frame.block = block;
  frame.steps = steps;
  frames.push_back(std::move(frame));
  builder.setInsertionPointToEnd(block);
  return frames.back();
}

void Graph::popFrame() {
  frames.pop_back();
  if (!frames.empty())
    builder.setInsertionPointToEnd(frames.back().block);
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

OwningOpRef<ModuleOp> Graph::finish() {
  for (auto &[name, value] : given) {
    if (llvm::any_of(options, [&](auto &o) { return o.name == name; }))
      continue;
    std::string known;
    for (const OptionInfo &o : options)
      known += (known.empty() ? "" : ", ") + o.name;
    error(definition.place,
          "the model has no option '" + name + "' (-P " + name + "=" + value +
              "): " +
              (known.empty() ? "it asks for none" : "it asks for " + known));
  }
  if (entries.empty())
    error(definition.place, "the model has no entry: define one with m.entry");
  if (hasMistakes())
    return {};
  makeInit();
  if (hasMistakes())
    return {};
  makeVariables();
  for (EntryRecord &entry : entries)
    endSignature(entry);
  // `init` was built last, as every variable must be known, but comes first.
  entries.back().op->moveBefore(entries.front().op);
  Catch diagnostics(&context);
  if (failed(verify(*module))) {
    error(definition.place, "this is a bug in Sinter's frontend, please "
                            "report it: " +
                                diagnostics.text);
    return {};
  }
  return std::move(module);
}

void Graph::makeVariables() {
  builder.setInsertionPointToStart(module->getBody());
  callScopes.clear();
  for (auto &variable : variables) {
    std::string reason;
    RankedTensorType type =
        tensorType(&context, variable->dtype, variable->shape, reason);
    Location place = NameLoc::get(StringAttr::get(&context, variable->name),
                                  loc(variable->place));
    ir::VariableOp::create(builder, place, variable->name, type,
                           variable->trainable, IntegerAttr());
  }
}

} // namespace sinter::detail
