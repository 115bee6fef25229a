//===- Build.h - a model from a lambda, and what it computes ----*- C++ -*-===//

#ifndef SINTER_TESTS_FRONTEND_BUILD_H
#define SINTER_TESTS_FRONTEND_BUILD_H

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"
#include "frontend/BuildModule.h"
#include "frontend/include/sinter/sinter.h"
#include "mlir/Pass/PassManager.h"
#include "passes/differentiate/Stage.h"
#include "gtest/gtest.h"

#include <functional>

namespace sinter {

using Numbers = std::vector<double>;

/// A model that was built.
struct Built {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Mistake> mistakes;
  std::vector<OptionInfo> options;

  explicit Built(std::function<void(Model &)> body,
                 const OptionValues &values = {},
                 Place place = Place::current()) {
    static thread_local std::function<void(Model &)> current;
    current = std::move(body);
    ModelDefinition definition{"tested", [](Model &m) { current(m); }, place};
    module = buildModule(definition, values, context, mistakes, &options);
    EXPECT_EQ(!module, !mistakes.empty());
  }

  ir::EntryOp entry(llvm::StringRef name) {
    return module->lookupSymbol<ir::EntryOp>(name);
  }
  /// The names of an entry's ops, without the dialect's.
  std::vector<std::string> ops(llvm::StringRef name) {
    std::vector<std::string> result;
    for (mlir::Operation &op : entry(name).getBody().front())
      result.push_back(op.getName().stripDialect().str());
    return result;
  }
  std::string attribute(llvm::StringRef entryName, unsigned i, bool output,
                        llvm::StringRef name) {
    auto e = entry(entryName);
    mlir::Attribute value =
        output ? e.getResultAttr(i, name) : e.getArgAttr(i, name);
    std::string text;
    llvm::raw_string_ostream os(text);
    if (auto axis = mlir::dyn_cast_or_null<mlir::IntegerAttr>(value))
      os << axis.getInt();
    else if (auto string = mlir::dyn_cast_or_null<mlir::StringAttr>(value))
      os << string.getValue();
    else
      os << "none";
    return text;
  }
  std::string axis(llvm::StringRef entryName, unsigned i, bool output = true) {
    return attribute(entryName, i, output, ir::batchAxisAttr);
  }
};

/// A model that is differentiated and interpreted in f64.
class Computed {
public:
  explicit Computed(std::function<void(Model &)> body)
      : built(std::move(body)) {
    for (const Mistake &mistake : built.mistakes)
      ADD_FAILURE() << mistake.render();
    if (!built.module)
      return;
    mlir::PassManager manager(&built.context);
    passes::buildGradientStage(manager);
    EXPECT_TRUE(mlir::succeeded(manager.run(*built.module)));
    interpreter.emplace(*built.module, interpret::Precision::F64);
  }

  std::vector<Numbers> run(llvm::StringRef entry,
                           const std::vector<Numbers> &inputs = {}) {
    std::vector<interpret::Array> arrays;
    for (auto [i, numbers] : llvm::enumerate(inputs))
      arrays.push_back(interpret::Array::of(
          built.entry(entry).getArgumentTypes()[i], numbers));
    auto results = interpreter->run(entry, arrays);
    std::vector<Numbers> outputs;
    if (!results) {
      ADD_FAILURE() << llvm::toString(results.takeError());
      return outputs;
    }
    for (const interpret::Array &array : *results) {
      Numbers &numbers = outputs.emplace_back();
      for (int64_t i = 0; i < array.size(); ++i)
        numbers.push_back(array.number(i));
    }
    return outputs;
  }
  Numbers variable(const std::string &name) {
    Numbers result;
    const interpret::Array &array = interpreter->state().at(name);
    for (int64_t i = 0; i < array.size(); ++i)
      result.push_back(array.number(i));
    return result;
  }

  Built built;

private:
  std::optional<interpret::Interpreter> interpreter;
};

inline void expectNear(const Numbers &have, const Numbers &want,
                       double tolerance = 1e-12) {
  ASSERT_EQ(have.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(have[i], want[i], tolerance * std::max(1.0, std::abs(want[i])))
        << "element " << i;
}

} // namespace sinter

#endif // SINTER_TESTS_FRONTEND_BUILD_H
