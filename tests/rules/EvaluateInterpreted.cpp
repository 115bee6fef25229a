//===- EvaluateInterpreted.cpp - the interpreter in f64 -------------------===//

#include "tests/rules/Evaluate.h"

#include "compiler/interpret/Interpreter.h"
#include "gtest/gtest.h"

using namespace sinter;
using interpret::Array;

const double sinter::singleUnit = 0;

std::vector<Array> sinter::evaluateEntry(mlir::ModuleOp module,
                                         llvm::ArrayRef<Array> inputs) {
  auto outputs = interpret::Interpreter(module, interpret::Precision::F64)
                     .run("f", inputs);
  if (!outputs) {
    ADD_FAILURE() << llvm::toString(outputs.takeError());
    return {};
  }
  return *outputs;
}
