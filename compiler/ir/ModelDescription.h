//===- ModelDescription.h - what hosts are told about a model --*- C++ -*-===//
//
// The module attribute `sinter.model`, built by the `planned` stage: names,
// dtypes, shapes, offsets and sizes.  The header, the constant `mlp_model` and
// the entry points are made from it alone, so any later dump suffices.
//
//   sinter.model = {name = "mlp", state_bytes = 128,
//     variables = [{name = "w", dtype = "f32", shape = array<i64: 4, 2>,
//                   offset = 0, bytes = 32, trainable}],
//     entries = [{name = "train", inputs = [{name = "x", dtype = "f32",
//                 shape = array<i64: 8, 4>, batch_axis = 0}], outputs = [],
//                 workspace_bytes = 64, writes_state}],
//     library = "onednn"}
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_MODELDESCRIPTION_H
#define SINTER_COMPILER_IR_MODELDESCRIPTION_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"

#include <string>
#include <vector>

namespace sinter::ir {

inline constexpr llvm::StringLiteral modelAttrName = "sinter.model";
/// Marks an entry's last result where it says that an index was out of range
/// (--trap-out-of-range).  Hosts get a status instead.
inline constexpr llvm::StringLiteral faultAttrName = "sinter.fault";

struct TensorDescription {
  std::string name;
  /// "f64 f32 bf16 f16 i64 i32 i16 i8 u8 i1", as sinter_dtype_name says.
  std::string dtype;
  std::vector<int64_t> shape;
  /// Dense, row-major, a byte for an i1.
  int64_t bytes = 0;
  /// Variables: where in the state.
  int64_t offset = 0;
  /// The dimension that counts samples, or −1.
  int64_t batchAxis = -1;
  bool trainable = false;

  /// Fills dtype, shape and bytes.
  void setType(mlir::RankedTensorType type);
  /// Bytes of one element; 0 for an unknown dtype.
  int64_t elementBytes() const;
};

struct EntryDescription {
  std::string name;
  std::vector<TensorDescription> inputs, outputs;
  int64_t workspaceBytes = 0;
  bool writesState = false;
  /// Whether all it writes is how many random numbers were drawn.
  bool onlyDraws = false;
  /// The body has one more output, of one byte: `sinter.fault`.
  bool traps = false;
};

struct ModelDescription {
  std::string name;
  int64_t stateBytes = 0;
  std::vector<TensorDescription> variables;
  /// All entries, `init` among them.
  std::vector<EntryDescription> entries;
  /// "onednn" if the code calls it, so that a host must link it; else empty.
  std::string library;

  const EntryDescription *find(llvm::StringRef entry) const;

  /// Reads the module's attribute; an error at the module if it is missing or
  /// malformed.
  static mlir::FailureOr<ModelDescription> of(mlir::ModuleOp module);
  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context) const;
};

/// The dtype's name of an element type; empty if it has none.
llvm::StringRef getDtypeName(mlir::Type elementType);
/// The number of a dtype's name in `sinter_dtype`; −1 for an unknown one.
int32_t getDtypeNumber(llvm::StringRef name);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_MODELDESCRIPTION_H
