//===- Graph.h - a module under construction --------------------*- C++ -*-===//
//
// What stands behind the DSL's handles: one Graph is current while a model's
// C++ runs.  It holds a stack of frames (the entry, and within it the bodies of
// loops) that ops are appended to, the variables and options asked for, and the
// mistakes found.  Ops are checked by the dialect itself: its diagnostics are
// caught and reported at the user's place.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_FRONTEND_GRAPH_H
#define SINTER_FRONTEND_GRAPH_H

#include "compiler/ir/HostNames.h"
#include "compiler/ir/Sinter.h"
#include "frontend/BuildModule.h"
#include "frontend/include/sinter/tensor.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

#include <deque>
#include <map>
#include <optional>

namespace sinter::detail {

/// What a Tensor points to.  Its type is kept here too, so that a handle that
/// outlives its graph can still say what it was.
struct Node {
  uint64_t graph = 0, frame = 0;
  mlir::Value value; // null: poison
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
};

struct VariableRecord {
  uint64_t graph = 0;
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  Initializer initializer;
  bool trainable = false;
  Place place;
};

/// Makes and opens the public handles.
struct Access {
  static const Node *node(const Tensor &t) { return t.node_.get(); }
  static Tensor tensor(Node node) {
    Tensor result;
    result.node_ = std::make_shared<const Node>(std::move(node));
    return result;
  }
  static const VariableRecord *record(const Variable &v) {
    return v.record_.get();
  }
  static Variable variable(std::shared_ptr<const VariableRecord> record) {
    Variable result;
    result.record_ = std::move(record);
    return result;
  }
  static uint64_t &frame(Entry &entry) { return entry.frame_; }
};

/// A block that ops are appended to.
struct Frame {
  uint64_t id = 0;
  mlir::Block *block = nullptr;
  /// Steps of the loop whose body this is.
  int64_t steps = 0;
  /// Runs once, and draws the random numbers that are drawn outside.
  bool isCheckpoint = false;
  /// The loop's invariants: outer values and, by them, the block's arguments.
  llvm::SmallVector<mlir::Value> invariants;
  llvm::DenseMap<mlir::Value, mlir::Value> captured;
  /// The random key, once something was drawn here.
  mlir::Value key;
};

/// The entry under construction, or one that is done.
struct EntryRecord {
  std::string name;
  Place place;
  ir::EntryOp op;
  /// Whether it is the one made of the initializers.
  bool isInit = false;
  uint64_t frame = 0;
  llvm::SmallVector<std::string> inputNames, outputNames;
  /// The inputs' batch axes: as marked, and as guessed from option `batch`.
  llvm::SmallVector<std::optional<int64_t>> batchAxes, guessedAxes;
  llvm::SmallVector<mlir::Value> outputs;
  std::map<std::string, Place> names;
  std::map<const VariableRecord *, mlir::Value> reads;
  std::map<const VariableRecord *, Place> asked, written;
  /// How often each scoped name has drawn random numbers.
  llvm::StringMap<int> ordinals;
  std::map<uint32_t, std::string> streams;
};

/// An optimizer: what one is called under a name for certain variables.
struct OptimizerRecord {
  std::string id; ///< with scopes
  std::vector<const VariableRecord *> variables;
  std::string counter; ///< the variable that counts its steps
  Place place;
};

class Graph {
public:
  Graph(const ModelDefinition &definition, const OptionValues &options,
        mlir::MLIRContext &context, std::vector<Mistake> &mistakes);
  ~Graph();

  /// The graph that DSL functions write to on this thread; null outside of a
  /// model.
  static Graph *current();
  /// Reports a mistake; outside of any graph it is kept for the next one.
  static void report(Place place, const llvm::Twine &message);
  /// Places of the library calls that are open, here or outside of any graph.
  static std::vector<Place> &openCalls();

  /// Ends construction: makes `init`, marks batch axes, verifies.
  mlir::OwningOpRef<mlir::ModuleOp> finish();

  void error(Place place, const llvm::Twine &message);
  bool hasMistakes() const { return !mistakes.empty(); }

  // Places and names.
  mlir::Location loc(Place place);
  /// The location with the scoped name; without one, as it is.
  mlir::Location namedLoc(llvm::StringRef name, mlir::Location loc);
  std::string scoped(llvm::StringRef name) const;
  /// Where the user called: the outermost open call, else `place`.
  Place userPlace(Place place) const;

  // Values.
  Tensor wrap(mlir::Value value);
  static Tensor poison();
  /// The tensor's value in the innermost frame, captured by loops on the way;
  /// null if it is poison or a mistake, which is reported.
  mlir::Value resolve(const Tensor &tensor, Place place, llvm::StringRef what);
  /// Appends an op and verifies it; null if it is a mistake.
  mlir::Operation *insert(llvm::StringRef what, llvm::StringRef mnemonic,
                          Place place, mlir::TypeRange types,
                          mlir::ValueRange operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes);
  /// Verifies an op that is already placed, erases it if it is wrong.
  mlir::Operation *checked(llvm::StringRef what, Place place,
                           mlir::Operation *op);

  // Entries and frames.
  /// What is wrong with the name of a new entry, or nothing.
  std::string checkEntryName(llvm::StringRef name);
  EntryRecord *beginEntry(llvm::StringRef name, Place place);
  void endEntry();
  EntryRecord *entry() { return openEntry; }
  Frame *frame() { return frames.empty() ? nullptr : &frames.back(); }
  /// What an inner frame is called in messages.
  std::string frameKind() {
    return frame()->isCheckpoint ? "a checkpoint" : "a loop's body";
  }
  /// Whether values of this frame can be used here.
  bool isOpen(uint64_t frame) const {
    return llvm::any_of(frames, [&](const Frame &f) { return f.id == frame; });
  }
  Frame &pushFrame(mlir::Block *block, int64_t steps);
  void popFrame();
  /// Runs with the entry's own frame on top, whatever loops are open.
  template <class F> auto inEntryFrame(F body) {
    std::vector<Frame> loops(std::make_move_iterator(frames.begin() + 1),
                             std::make_move_iterator(frames.end()));
    frames.resize(1);
    builder.setInsertionPointToEnd(frames.back().block);
    auto result = body();
    for (Frame &loop : loops)
      frames.push_back(std::move(loop));
    builder.setInsertionPointToEnd(frames.back().block);
    return result;
  }

  // Variables.
  Variable variable(llvm::StringRef name, const Shape &shape,
                    Initializer initializer, DType dtype, bool trainable,
                    Place place);
  /// The same for one that the user cannot ask for.
  Variable ownVariable(llvm::StringRef name, const Shape &shape,
                       Initializer initializer, DType dtype, bool trainable,
                       Place place);
  Tensor read(const Variable &variable, Place place);
  void write(const Variable &variable, const Tensor &value, Place place);

  /// The random key of the innermost frame.
  mlir::Value randomKey(Place place);
  /// The stream of the next draw under the current scopes.
  int32_t randomStream(llvm::StringRef kind);

  // Options.
  /// The text given for an option, or null; declares it.
  const std::string *option(llvm::StringRef name, llvm::StringRef type,
                            const std::string &otherwise, Place place);
  std::vector<OptionInfo> options;
  /// The integer option `batch`, if the model asked for it.
  std::optional<int64_t> batchOption;

  const uint64_t id;
  const ModelDefinition &definition;
  mlir::MLIRContext &context;
  mlir::OpBuilder builder;
  std::deque<EntryRecord> entries;
  /// What the entries will be called in C.
  ir::HostNames hostNames;
  std::vector<std::shared_ptr<const VariableRecord>> variables;
  std::vector<OptimizerRecord> optimizers;
  std::vector<std::string> nameScopes;
  std::vector<Place> callScopes;

private:
  mlir::Value resolveIn(mlir::Value value, size_t home, size_t level);
  mlir::Value keyAt(size_t level, Place place);
  void makeInit();
  void makeVariables();
  void endSignature(EntryRecord &entry);

  std::vector<Mistake> &mistakes;
  OptionValues given;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Frame> frames;
  EntryRecord *openEntry = nullptr;
  /// For frame i + 1, the entry it belongs to.
  std::vector<size_t> entryOfFrame;
  Graph *previous;
};

/// While it lives, names have no scope: what follows is named in full.
class FullNames {
public:
  explicit FullNames(Graph &graph) : graph(graph) {
    std::swap(scopes, graph.nameScopes);
  }
  ~FullNames() { std::swap(scopes, graph.nameScopes); }

private:
  Graph &graph;
  std::vector<std::string> scopes;
};

/// The variable that holds the seed and the number of calls so far.
inline constexpr llvm::StringLiteral randomState = "rng";

/// The most elements a tensor may have: bytes and offsets stay far from
/// overflow.
inline constexpr int64_t mostElements = int64_t(1) << 40;

/// Whether a finite number becomes infinite when rounded to the type.
bool overflows(double number, DType dtype);

mlir::Type elementType(mlir::MLIRContext *context, DType dtype);
DType dtypeOf(mlir::Type elementType);
/// In which ops compute: f32 for bf16.
DType computeType(DType dtype);
/// "f32[32, 784]".
std::string describe(DType dtype, llvm::ArrayRef<int64_t> shape);
std::string describe(mlir::Type type);
/// A number for a message.
std::string shown(double number);
/// The dialect's diagnostic in the DSL's words.
std::string reworded(llvm::StringRef what, std::string message);
/// The type, or null with a reason if the extents are not possible.
mlir::RankedTensorType tensorType(mlir::MLIRContext *context, DType dtype,
                                  llvm::ArrayRef<int64_t> shape,
                                  std::string &reason);
/// Whether the C library has a function of this name.
bool isLibraryFunction(llvm::StringRef symbol);
/// Whether it is the same place of the source.
bool samePlace(Place a, Place b);

/// The outputs' batch axes, which follow from the inputs'.
llvm::SmallVector<std::optional<int64_t>>
propagateBatchAxes(ir::EntryOp entry,
                   llvm::ArrayRef<std::optional<int64_t>> inputs);

} // namespace sinter::detail

#endif // SINTER_FRONTEND_GRAPH_H
