//===- Fusing.h - text through the `fused` stage ----------------*- C++ -*-===//
//
// Parses a model, runs the stage, and compares what the interpreter makes of it
// before and after: the same bits, since fusion computes the same ops on the
// same elements.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_FUSING_H
#define SINTER_TESTS_PASSES_FUSING_H

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"
#include "passes/fuse/Stage.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <random>

namespace sinter::tests {

class Fusing : public ::testing::Test {
protected:
  Fusing() {
    context.loadDialect<ir::SinterDialect>();
    context.printOpOnDiagnostic(false);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        text, mlir::ParserConfig(&context));
    EXPECT_TRUE(module) << text;
    return module;
  }
  bool fuse(mlir::ModuleOp module) {
    mlir::PassManager manager(&context);
    passes::buildFusedStage(manager);
    return succeeded(manager.run(module));
  }
  mlir::OwningOpRef<mlir::ModuleOp> fused(const std::string &text) {
    auto module = parse(text);
    if (module && !fuse(*module))
      ADD_FAILURE() << text;
    return module;
  }

  static std::string print(mlir::ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, mlir::OpPrintingFlags().enableDebugInfo());
    return text;
  }

  static std::vector<ir::KernelOp> kernels(mlir::ModuleOp module) {
    auto ops = module.getOps<ir::KernelOp>();
    return {ops.begin(), ops.end()};
  }
  static std::vector<ir::CallOp> calls(mlir::ModuleOp module,
                                       llvm::StringRef entry) {
    std::vector<ir::CallOp> result;
    module.lookupSymbol<ir::EntryOp>(entry).walk(
        [&](ir::CallOp call) { result.push_back(call); });
    return result;
  }
  static std::vector<std::string> callNames(mlir::ModuleOp module,
                                            llvm::StringRef entry) {
    std::vector<std::string> names;
    for (ir::CallOp call : calls(module, entry))
      names.push_back(call.getKernel().str());
    return names;
  }
  static ir::KernelOp kernelOf(ir::CallOp call) {
    return call->getParentOfType<mlir::ModuleOp>().lookupSymbol<ir::KernelOp>(
        call.getKernel());
  }
  static llvm::StringRef kind(ir::KernelOp kernel) {
    return kernel.getScheduleAttr().getAs<mlir::StringAttr>("kind").getValue();
  }
  static int64_t number(ir::KernelOp kernel, llvm::StringRef entry) {
    auto attr = kernel.getScheduleAttr().getAs<mlir::IntegerAttr>(entry);
    return attr ? attr.getInt() : -1;
  }

  /// Numbers of either sign, small integers for integer types.
  interpret::Array random(mlir::Type type) {
    auto tensor = llvm::cast<mlir::RankedTensorType>(type);
    mlir::Type element = tensor.getElementType();
    if (llvm::isa<mlir::FloatType>(element)) {
      std::vector<double> numbers(tensor.getNumElements());
      for (double &number : numbers)
        number = std::uniform_real_distribution<double>(-2, 2)(generator);
      return interpret::Array::of(type, numbers);
    }
    int64_t most = element.isInteger(1) ? 1 : 9;
    std::vector<int64_t> numbers(tensor.getNumElements());
    for (int64_t &number : numbers)
      number = std::uniform_int_distribution<int64_t>(0, most)(generator);
    return interpret::Array::ofInts(type, numbers);
  }

  /// Runs every entry of both modules twice on the same random inputs and
  /// state, and compares outputs and state.
  void expectSame(mlir::ModuleOp before, mlir::ModuleOp after) {
    interpret::Interpreter reference(before), subject(after);
    for (auto &[name, value] : reference.state())
      subject.state()[name] = value = random(value.type());
    for (auto entry : before.getOps<ir::EntryOp>())
      for (int round = 0; round < 2; ++round) {
        std::vector<interpret::Array> inputs;
        for (mlir::Type type : entry.getArgumentTypes())
          inputs.push_back(random(type));
        auto expected = reference.run(entry.getSymName(), inputs);
        auto got = subject.run(entry.getSymName(), inputs);
        ASSERT_TRUE(bool(expected)) << llvm::toString(expected.takeError());
        ASSERT_TRUE(bool(got)) << llvm::toString(got.takeError());
        ASSERT_EQ(expected->size(), got->size());
        for (size_t i = 0; i < got->size(); ++i)
          EXPECT_TRUE(interpret::identical((*expected)[i], (*got)[i]))
              << entry.getSymName().str() << ", output " << i;
        for (auto &[name, value] : reference.state())
          EXPECT_TRUE(interpret::identical(value, subject.state()[name]))
              << entry.getSymName().str() << " left another " << name;
      }
  }
  /// The stage does not change what the model computes.
  void expectUnchanged(const std::string &text) {
    auto before = parse(text);
    auto after = fused(text);
    ASSERT_TRUE(before && after);
    expectSame(*before, *after);
    if (HasFailure())
      ADD_FAILURE() << print(*after);
  }

  mlir::MLIRContext context;
  std::mt19937 generator{7};
};

} // namespace sinter::tests

#endif // SINTER_TESTS_PASSES_FUSING_H
