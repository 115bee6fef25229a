//===- ShareDraws.cpp - kernels that differ in what they draw -------------===//
//
// `sinter-share-draws`: every parameter of a model is drawn from a stream of
// its own, so kernels that fill parameters of one shape differ in the numbers
// of their streams alone.  Those become arguments, and one function is left.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/ShareDraws.h"
#include "passes/lower/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace sinter::passes {
#define GEN_PASS_DEF_SHAREDRAWS
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using sinter::passes::streamAttrName;

namespace {
/// A function and the numbers of its streams, each once.
struct Drawing {
  func::FuncOp function;
  SmallVector<arith::ConstantOp> constants;
  llvm::SmallSetVector<Attribute, 4> numbers;

  explicit Drawing(func::FuncOp function) : function(function) {
    function.walk([&](arith::ConstantOp constant) {
      if (!constant->hasAttr(streamAttrName))
        return;
      constants.push_back(constant);
      numbers.insert(constant.getValue());
    });
  }

  int64_t indexOf(arith::ConstantOp constant) const {
    return llvm::find(numbers, constant.getValue()) - numbers.begin();
  }

  /// The text without name, places and numbers: which constant is which number
  /// stays.
  std::string text() {
    OwningOpRef<func::FuncOp> anonymous = function.clone();
    anonymous->setSymName("f");
    Builder builder(function.getContext());
    for (auto [k, constant] : llvm::enumerate(Drawing(*anonymous).constants))
      constant.setValueAttr(builder.getI32IntegerAttr(indexOf(constants[k])));
    std::string text;
    llvm::raw_string_ostream os(text);
    anonymous->getOperation()->print(
        os, OpPrintingFlags()
                .useLocalScope()
                .enableDebugInfo(false)
                .elideLargeElementsAttrs(std::numeric_limits<int64_t>::max()));
    return text;
  }

  void takeArguments() {
    Type i32 = IntegerType::get(function.getContext(), 32);
    unsigned first = function.getNumArguments();
    for (size_t k = 0; k != numbers.size(); ++k)
      (void)function.insertArgument(first + k, i32, {}, function.getLoc());
    for (arith::ConstantOp constant : constants) {
      constant.replaceAllUsesWith(
          static_cast<Value>(function.getArgument(first + indexOf(constant))));
      constant.erase();
    }
    constants.clear();
  }
};

struct ShareDraws : sinter::passes::impl::ShareDrawsBase<ShareDraws> {
  void runOnOperation() override {
    llvm::MapVector<StringRef, SmallVector<Drawing, 1>> alike;
    llvm::StringSet<> texts;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (Drawing drawing(function); !drawing.constants.empty())
        alike[texts.insert(drawing.text()).first->getKey()].push_back(drawing);

    // By the name that calls have: whose function it is now, and with what.
    llvm::StringMap<std::pair<func::FuncOp, SmallVector<Attribute>>> shared;
    for (auto &[text, drawings] : alike) {
      if (drawings.size() > 1) {
        func::FuncOp first = drawings.front().function;
        for (Drawing &drawing : drawings)
          shared[drawing.function.getSymName()] = {
              first, SmallVector<Attribute>(drawing.numbers.getArrayRef())};
        drawings.front().takeArguments();
        for (Drawing &drawing : llvm::drop_begin(drawings))
          drawing.function.erase();
      } else {
        for (arith::ConstantOp constant : drawings.front().constants)
          constant->removeAttr(streamAttrName);
      }
    }
    getOperation().walk([&](func::CallOp call) {
      auto it = shared.find(call.getCallee());
      if (it == shared.end())
        return;
      auto &[function, numbers] = it->second;
      OpBuilder builder(call);
      SmallVector<Value> operands(call.getOperands());
      for (Attribute number : numbers)
        operands.push_back(arith::ConstantOp::create(builder, call.getLoc(),
                                                     cast<TypedAttr>(number)));
      func::CallOp::create(builder, call.getLoc(), function, operands);
      call.erase();
    });
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createShareDrawsPass() {
  return std::make_unique<ShareDraws>();
}
