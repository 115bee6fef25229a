//===- Compile.h - a model through the stages ------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_COMPILE_H
#define SINTER_COMPILER_DRIVER_COMPILE_H

#include "compiler/driver/CompileOptions.h"
#include "mlir/Support/Timing.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::driver {

/// How a compilation ended; the values are the tools' exit codes.
enum class Outcome {
  Done = 0,
  /// The input is wrong: an error was emitted at its place.
  InputError = 1,
  /// The request makes no sense (a flag, an output).
  UsageError = 2,
  /// Sinter is wrong: `Compilation::reproducer` shows how.
  Bug = 70
};

/// One module on its way.  Diagnostics go to the context's handler, reports to
/// `reports`.
class Compilation {
public:
  Compilation(mlir::OwningOpRef<mlir::ModuleOp> module,
              const CompileOptions &options, llvm::raw_ostream &reports,
              mlir::TimingScope &timing);
  ~Compilation();

  /// Checks the module, resolves target and options into it, and runs the
  /// stages up to `options.stopAfter`, dumping each.
  Outcome run();

  mlir::ModuleOp getModule() const { return *module; }
  Stage getStage() const { return stage; }
  /// The module's text at the current stage.
  std::string getText() const;

private:
  Outcome begin();
  Outcome advance();
  /// Makes the module what its dump says, and writes the dump.
  Outcome settle(bool isInput);
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text, Stage of);
  /// Runs the stages up to `last` again, from the text, and says which pass
  /// leaves the module invalid; false if none does.
  bool blame(Stage last);
  /// Reports an error that is at no line of the model.
  Outcome fail(Outcome outcome, const llvm::Twine &message);
  /// Holds a module that was given to what its stage promises.
  mlir::LogicalResult verifyStage();
  mlir::LogicalResult resolveFacts();

  mlir::OwningOpRef<mlir::ModuleOp> module;
  const CompileOptions &options;
  llvm::raw_ostream &reports;
  mlir::TimingScope &timing;
  Stage stage = Stage::Model;
  /// The module's text at the last stage at which it is small, or as it came;
  /// large constants are zeros in it.
  std::string text;
  Stage textStage = Stage::Model;
};

/// The text a crash handler saves as a reproducer: the module before the stage
/// that is running, and before `loops` if that is later; with zeros for large
/// constants.
struct Reproducer {
  static const char *text;
  static size_t size;
};

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_COMPILE_H
