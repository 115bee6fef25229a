//===- CallMathLibrary.cpp - functions that only libm has -----------------===//
//
// `sinter-call-math-library`: functions that no expansion took (f64, and
// everything at -O0) become calls, lane by lane, where upstream has another
// lowering: it makes e^x − 1 and ln(1 + x) of expm1 and log1p, which lose all
// digits near 0, and has none at all for vectors of some.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::passes {
#define GEN_PASS_DEF_CALLMATHLIBRARY
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

static StringRef libraryName(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case<math::ExpM1Op>([](auto) { return "expm1"; })
      .Case<math::Log1pOp>([](auto) { return "log1p"; })
      .Case<math::ErfOp>([](auto) { return "erf"; })
      .Case<math::TanOp>([](auto) { return "tan"; })
      .Case<math::SinhOp>([](auto) { return "sinh"; })
      .Case<math::CoshOp>([](auto) { return "cosh"; })
      .Case<math::AsinOp>([](auto) { return "asin"; })
      .Case<math::AcosOp>([](auto) { return "acos"; })
      .Case<math::AtanOp>([](auto) { return "atan"; })
      .Case<math::Atan2Op>([](auto) { return "atan2"; })
      .Case<math::AsinhOp>([](auto) { return "asinh"; })
      .Case<math::AcoshOp>([](auto) { return "acosh"; })
      .Case<math::AtanhOp>([](auto) { return "atanh"; })
      .Case<math::CbrtOp>([](auto) { return "cbrt"; })
      .Default([](Operation *) { return StringRef(); });
}

namespace {
struct CallMathLibrary
    : sinter::passes::impl::CallMathLibraryBase<CallMathLibrary> {
  func::FuncOp declare(StringRef name, Type type, unsigned operands) {
    ModuleOp module = getOperation();
    if (auto found = module.lookupSymbol<func::FuncOp>(name))
      return found;
    OpBuilder builder(module.getBodyRegion());
    SmallVector<Type> types(operands, type);
    auto function = func::FuncOp::create(
        builder, module.getLoc(), name, builder.getFunctionType(types, {type}));
    function.setPrivate();
    return function;
  }

  void call(Operation *op) {
    OpBuilder builder(op);
    Location loc = op->getLoc();
    Type type = op->getResult(0).getType(), scalar = getElementTypeOrSelf(type);
    std::string name = libraryName(op).str() + (scalar.isF32() ? "f" : "");
    func::FuncOp function = declare(name, scalar, op->getNumOperands());
    auto apply = [&](ValueRange operands) {
      return func::CallOp::create(builder, loc, function, operands)
          .getResult(0);
    };
    Value result;
    if (auto vector = dyn_cast<VectorType>(type)) {
      SmallVector<Value> lanes;
      for (int64_t lane = 0; lane < vector.getNumElements(); ++lane) {
        SmallVector<Value> operands;
        for (Value operand : op->getOperands())
          operands.push_back(
              vector::ExtractOp::create(builder, loc, operand, lane));
        lanes.push_back(apply(operands));
      }
      result = vector::FromElementsOp::create(builder, loc, vector, lanes);
    } else {
      result = apply(op->getOperands());
    }
    op->replaceAllUsesWith(ValueRange(result));
    op->erase();
  }

  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (!libraryName(op).empty())
        found.push_back(op);
    });
    for (Operation *op : found)
      call(op);
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createCallMathLibraryPass() {
  return std::make_unique<CallMathLibrary>();
}
