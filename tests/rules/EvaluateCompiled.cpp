//===- EvaluateCompiled.cpp - compiled code, on guarded memory ------------===//
//
// For the CPU that SINTER_TEST_CPU names, this one if it names none.
// The module goes through all stages from `simplified` on.  Central differences
// evaluate one module many times, so the last few stay loaded.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Evaluate.h"

#include "compiler/ir/Sinter.h"
#include "tests/lower/Compiled.h"

#include <cstdlib>
#include <list>

using namespace mlir;
using namespace sinter;
using interpret::Array;

const double sinter::singleUnit = 0x1p-23;

static test::Compiled &compile(ModuleOp module) {
  constexpr size_t kept = 8;
  static std::list<std::pair<std::string, test::Compiled>> recent;
  std::string text;
  llvm::raw_string_ostream(text) << module;
  for (auto it = recent.begin(); it != recent.end(); ++it)
    if (it->first == text) {
      recent.splice(recent.begin(), recent, it);
      return recent.front().second;
    }
  static const char *cpu = std::getenv("SINTER_TEST_CPU");
  recent.emplace_front(
      std::piecewise_construct, std::forward_as_tuple(text),
      std::forward_as_tuple(text, cpu ? cpu : "native", /*level=*/2,
                            test::From::Gradient));
  if (recent.size() > kept)
    recent.pop_back();
  return recent.front().second;
}

std::vector<Array> sinter::evaluateEntry(ModuleOp module,
                                         llvm::ArrayRef<Array> inputs) {
  test::Compiled &compiled = compile(module);
  if (!compiled)
    return {};
  // Types of the caller's context: what is compiled may be gone before them.
  std::vector<Array> outputs = compiled.run("f", inputs);
  auto entry = module.lookupSymbol<ir::EntryOp>("f");
  for (auto [output, type] : llvm::zip_equal(outputs, entry.getResultTypes()))
    output.elementType = getElementTypeOrSelf(type);
  return outputs;
}
