//===- BuildModule.h - from a model's definition to a module ----*- C++ -*-===//
//
// The frontend's one function for compilers: it runs the model's C++ and
// returns a verified module of the `model` stage, or the mistakes it found.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_FRONTEND_BUILDMODULE_H
#define SINTER_FRONTEND_BUILDMODULE_H

#include "frontend/include/sinter/model.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <utility>
#include <vector>

namespace sinter {

/// A mistake of the model's author, at its place in the source.
struct Mistake {
  std::string file;
  unsigned line = 0, column = 0;
  std::string message;
  /// "file:line:col: error: message", then the source line and a caret if the
  /// file can be read.
  std::string render() const;
};

/// Values of options, in the order given (the last of equal names counts).
using OptionValues = std::vector<std::pair<std::string, std::string>>;

/// An option that the model asked for.
struct OptionInfo {
  std::string name;
  /// "integer", "number", "boolean" or "text".
  std::string type;
  std::string otherwise, value;
};

/// Builds the model.  Returns null and at least one mistake if it is wrong.
/// Loads the dialect into the context.  `declared` receives the options that
/// the model asked for.
mlir::OwningOpRef<mlir::ModuleOp>
buildModule(const ModelDefinition &definition, const OptionValues &options,
            mlir::MLIRContext &context, std::vector<Mistake> &mistakes,
            std::vector<OptionInfo> *declared = nullptr);

/// The models that SINTER_MODEL defined in this program, in order.
const std::vector<ModelDefinition> &registeredModels();

} // namespace sinter

#endif // SINTER_FRONTEND_BUILDMODULE_H
