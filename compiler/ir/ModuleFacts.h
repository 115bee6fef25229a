//===- ModuleFacts.h - what passes know of target and options --*- C++ -*-===//
//
// Everything that later stages need stands in the module, so that a dump goes
// on as the compiler would have: the dictionary attributes `sinter.target`
// (resolved once by the driver) and `sinter.options`.  Passes read them here
// and nowhere else.  An absent attribute, or an absent key, has the default
// written below.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_MODULEFACTS_H
#define SINTER_COMPILER_IR_MODULEFACTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace sinter::ir {

/// Names of the module's attributes.
inline constexpr llvm::StringLiteral targetAttrName = "sinter.target";
inline constexpr llvm::StringLiteral optionsAttrName = "sinter.options";
inline constexpr llvm::StringLiteral stageAttrName = "sinter.stage";

/// The machine that code is made for.  The defaults are those of x86-64 with
/// SSE2 and modest caches.
struct TargetFacts {
  /// LLVM's name of the CPU.
  std::string cpu = "x86-64";
  /// LLVM's feature string, beyond what `cpu` implies.
  std::string features;
  /// Width of the widest vectors worth using: 128, 256 or 512.
  int64_t vectorBits = 128;
  /// Whether fused multiply-add is one instruction.
  bool fma = false;
  /// Cache sizes that one core sees.
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 512 << 10;
  int64_t l3Bytes = 8 << 20;

  /// Lanes of a vector of elements of so many bits.
  int64_t lanes(int64_t elementBits) const { return vectorBits / elementBits; }

  /// The facts of the module that `op` is in (or is).
  static TargetFacts of(mlir::Operation *op);
  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context) const;
};

/// Options that passes heed.
struct Options {
  /// 0: one op a kernel, scalar.  1: fusion and vectors.  2: the default.
  /// 3: costly schedule search.
  int64_t optLevel = 2;
  /// Gather and scatter indices out of range end the call with a report
  /// instead of reading 0 or being dropped.
  bool trapOutOfRange = false;
  /// Line tables in the object.
  bool debugInfo = false;
  /// The shortest part of a loop nest that is worth giving to another thread,
  /// on the machine that `TaskCost.h` assumes.
  int64_t taskNanoseconds = 20000;
  /// A library that may compute contractions and convolutions: empty,
  /// "onednn" where it is expected to win, "onednn:all" wherever it can.
  std::string library;

  static Options of(mlir::Operation *op);
  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context) const;
};

/// Whether the attributes, where they are there, are what these structs write:
/// a dump may have been edited.  Errors are emitted at the module.
llvm::LogicalResult verifyFacts(mlir::Operation *module);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_MODULEFACTS_H
