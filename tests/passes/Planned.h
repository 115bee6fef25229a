//===- Planned.h - modules through the planned stage ------------*- C++ -*-===//
//
// What tests of the `planned` stage share: parsing, running it, and questions
// about the result.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_PLANNED_H
#define SINTER_TESTS_PASSES_PLANNED_H

#include "compiler/ir/Sinter.h"
#include "passes/plan/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

namespace sinter::test {

/// A context with what planned modules need, collecting diagnostics.
class Session {
public:
  Session() {
    context.loadDialect<ir::SinterDialect, mlir::memref::MemRefDialect,
                        mlir::arith::ArithDialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) {
      messages += d.str() + "\n";
      return mlir::success();
    });
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << messages << text.str();
    return module;
  }

  mlir::LogicalResult run(mlir::ModuleOp module,
                          llvm::function_ref<void(mlir::OpPassManager &)> add) {
    mlir::PassManager manager(&context);
    add(manager);
    return manager.run(module);
  }

  mlir::OwningOpRef<mlir::ModuleOp> plan(llvm::StringRef text) {
    auto module = parse(text);
    EXPECT_TRUE(mlir::succeeded(run(*module, passes::buildPlannedStage)))
        << messages << text.str();
    return module;
  }

  mlir::MLIRContext context;
  std::string messages;
};

inline ir::EntryOp getEntry(mlir::ModuleOp module, llvm::StringRef name) {
  return module.lookupSymbol<ir::EntryOp>(name);
}

inline int64_t getWorkspace(ir::EntryOp entry) {
  return entry->getAttrOfType<mlir::IntegerAttr>("workspace_bytes").getInt();
}

inline int64_t getMemoryFact(ir::EntryOp entry, llvm::StringRef name) {
  auto facts = entry->getAttrOfType<mlir::DictionaryAttr>("sinter.memory");
  return facts.getAs<mlir::IntegerAttr>(name).getInt();
}

template <typename Op> std::vector<Op> getOps(ir::EntryOp entry) {
  std::vector<Op> ops;
  entry.walk([&](Op op) { ops.push_back(op); });
  return ops;
}

inline std::string toText(mlir::Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream);
  return text;
}

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_PLANNED_H
