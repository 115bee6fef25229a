//===- HostNames.h - names of a model as names in C ------------*- C++ -*-===//
//
// What a model `mlp` with an entry `train` declares for its hosts, in one
// place: the frontend refuses names that would clash, and headers and symbols
// are spelled from here, so that they cannot differ.
//
//   mlp_model                              the model's description
//   mlp_train, mlp_train_args              an entry and its arguments
//   MLP_STATE_BYTES, MLP_TRAIN_WORKSPACE_BYTES, MLP_OFFSET_<variable>
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_HOSTNAMES_H
#define SINTER_COMPILER_IR_HOSTNAMES_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace sinter::ir {

/// Letters, digits and underscores, no digit first.
bool isIdentifier(llvm::StringRef name);
/// An identifier of C and C++ that nothing of theirs has: "hidden1.weight"
/// gives hidden1_weight, "class" gives class_.
std::string toIdentifier(llvm::StringRef name);

/// "mlp_train", "mlp_model": the exported symbols, of names that are
/// identifiers.
std::string getEntrySymbol(llvm::StringRef model, llvm::StringRef entry);
std::string getModelSymbol(llvm::StringRef model);
/// "MLP_STATE_BYTES", "MLP_TRAIN_WORKSPACE_BYTES"
std::string getStateMacro(llvm::StringRef model);
std::string getWorkspaceMacro(llvm::StringRef model, llvm::StringRef entry);

/// Gives out identifiers that differ from each other: a second "a.b" besides
/// "a_b" is a_b_2.
class IdentifierScope {
public:
  std::string add(llvm::StringRef name);

private:
  llvm::StringMap<bool> taken;
};

/// The names that a model's header declares outside of structs.
class HostNames {
public:
  explicit HostNames(llvm::StringRef model);

  /// Takes the names of an entry.  Why it cannot have them ("gives the C name
  /// 'mlp_model', which …"), or nothing.
  std::string addEntry(llvm::StringRef entry);
  /// The macro of a variable's offset; one that clashes gets a number.
  std::string addOffset(llvm::StringRef variable);

private:
  std::string model;
  /// Whose a name is.
  llvm::StringMap<std::string> owners;
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_HOSTNAMES_H
