//===- Compiled.h - entries compiled and run on guarded memory --*- C++ -*-===//
//
// What tests of emitted code share: a module of entries goes through the
// stages from `fused` (or from `gradient`) to an object, is linked and loaded,
// and its entries run on arguments, state and workspace beside inaccessible
// pages, so that one byte too far is a crash.  Whatever nobody has written
// holds a pattern.  The interpreter runs the same module for comparison.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_COMPILED_H
#define SINTER_TESTS_LOWER_COMPILED_H

#include "compiler/interpret/Interpreter.h"
#include "mlir/IR/OwningOpRef.h"
#include "sinter_runtime.h"
#include "tests/lower/GuardedBytes.h"
#include "gtest/gtest.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sinter::test {

using interpret::Array;
using interpret::Precision;
using interpret::State;

/// A CPU and a level to compile for, and what suites are instantiated with.
using Target = std::tuple<const char *, int>;
inline const Target allTargets[] = {
    {"native", 0}, {"native", 2}, {"x86-64-v3", 2}, {"generic", 2}};
inline const char *const allCpus[] = {"native", "x86-64-v3", "generic"};
/// The CPU's name as a part of a test's name.
std::string nameOfCpu(const testing::TestParamInfo<const char *> &info);

/// The first stage that a module is taken through.
enum class From { Gradient, Fused };

/// Whether this build has oneDNN, and where its two files are, or would be.
bool hasOneDnn();
std::string oneDnnModule();

class Compiled {
public:
  /// Compiles for "native", "generic" or another CPU at -O`level`, with
  /// `library` as --library says.
  Compiled(llvm::StringRef text, llvm::StringRef cpu = "native", int level = 2,
           From from = From::Fused, llvm::StringRef library = "");
  ~Compiled();

  explicit operator bool() const { return library != nullptr; }

  /// Runs an entry on the state that the last run left; a status other than 0,
  /// or a byte changed outside of outputs, state and workspace, fails the test.
  std::vector<Array> run(llvm::StringRef entry, llvm::ArrayRef<Array> inputs,
                         Guard guard = Guard::Behind);
  /// What an entry returns on that host, for zeros in place of inputs and
  /// state.
  int32_t statusOn(const sinter_host &host, llvm::StringRef entry);
  /// Runs an entry on memory of the caller's, inputs before outputs.
  int32_t call(llvm::StringRef entry, std::vector<void *> arguments);
  /// Before the first run, variables hold the pattern.
  void setState(const State &state);
  State getState();
  /// What the interpreter says of that module, on a state of zeros.
  std::vector<Array> interpret(llvm::StringRef entry,
                               llvm::ArrayRef<Array> inputs);
  std::map<std::string, mlir::Type> variableTypes();
  /// The module as it was given (requests expanded), for other interpretations.
  mlir::ModuleOp module();
  /// Input types of an entry.
  llvm::ArrayRef<mlir::Type> inputTypes(llvm::StringRef entry);
  /// Each kernel's function, with the reason why it has no vectors, or none.
  const std::map<std::string, std::string> &scalarReasons() const {
    return reasons;
  }
  /// The module of the fused stage.
  const std::string &fused() const { return fusedText; }
  /// The module of the loops stage.
  const std::string &loops() const { return loopsText; }
  std::string assembly() const;

  /// Bytes of an entry's workspace.
  int64_t workspaceBytes(llvm::StringRef entry);
  /// Each kernel's `library_choice`.
  const std::map<std::string, std::string> &libraryChoices() const {
    return choices;
  }

private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed;
  void *library = nullptr;
  std::string fusedText, loopsText;
  std::map<std::string, std::string> reasons, choices;
};

/// Deterministic inputs: small numbers, zeros of both signs, infinities, nans,
/// extreme integers.  `special` is how many of 16 are special.
Array makeInput(mlir::Type type, unsigned seed, unsigned special = 4);
/// Inputs of these types, each with a seed of its own from `seed` on.
std::vector<Array> makeInputs(llvm::ArrayRef<mlir::Type> types, unsigned seed,
                              unsigned special = 4);

/// Compares elements: equal (all nans alike, zeros of both signs equal), or
/// within `ulps` units in the last place of the type.
void expectClose(const Array &got, const Array &wanted, double ulps,
                 llvm::StringRef what);

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_COMPILED_H
