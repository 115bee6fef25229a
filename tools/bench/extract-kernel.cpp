//===- extract-kernel.cpp - one kernel of a model, alone ------------------===//
//
//   extract-kernel FUSED.mlir                  lists the kernels of entry `run`
//   extract-kernel FUSED.mlir NAME -o OUT.mlir
//
// Reads a module at `fused`.  A line of the list is a kernel's name, how often
// a call runs it, and its FLOPs, bytes read and bytes written.  OUT.mlir is a
// module with the one kernel and an entry `run` whose inputs are the kernel's
// arguments, but for those that are constants: it compiles to the same code, as
// the model `kernel`.
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Pipeline.h"
#include "compiler/inspect/KernelFacts.h"
#include "compiler/ir/Sinter.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

static int fail(const Twine &message) {
  llvm::errs() << "extract-kernel: error: " << message << '\n';
  return 1;
}

static EntryOp findRun(ModuleOp module) {
  return SymbolTable(module).lookup<EntryOp>("run");
}

static void list(ModuleOp module) {
  SymbolTable symbols(module);
  for (auto &[name, runs] : inspect::countRuns(findRun(module))) {
    auto kernel = symbols.lookup<KernelOp>(name);
    if (!kernel)
      continue;
    inspect::KernelFacts facts = inspect::factsOf(kernel);
    llvm::outs() << name.getValue() << ' ' << runs << ' ' << facts.flops << ' '
                 << facts.bytesRead << ' ' << facts.bytesWritten << '\n';
  }
}

static DictionaryAttr named(OpBuilder &builder, const Twine &name) {
  return builder.getDictionaryAttr(
      builder.getNamedAttr(nameAttr, builder.getStringAttr(name)));
}

/// An entry that does what `call` does.
static void addEntry(OpBuilder &builder, CallOp call) {
  Location loc = call.getLoc();
  auto entry =
      EntryOp::create(builder, loc, "run", builder.getFunctionType({}, {}),
                      ArrayAttr(), ArrayAttr());
  Block &body = entry.getBody().emplaceBlock();
  OpBuilder inside = OpBuilder::atBlockEnd(&body);
  IRMapping mapping;
  SmallVector<DictionaryAttr> inputs, outputs;
  for (auto [i, value] : llvm::enumerate(call.getOperands())) {
    if (mapping.contains(value))
      continue;
    if (auto constant = value.getDefiningOp<ConstantOp>()) {
      inside.clone(*constant, mapping);
      continue;
    }
    mapping.map(value, body.addArgument(value.getType(), value.getLoc()));
    inputs.push_back(named(builder, "x" + Twine(i)));
  }
  Operation *copy = inside.clone(*call, mapping);
  ReturnOp::create(inside, loc, copy->getResults());
  for (size_t i = 0; i < copy->getNumResults(); ++i)
    outputs.push_back(named(builder, "y" + Twine(i)));
  entry.setFunctionType(
      builder.getFunctionType(body.getArgumentTypes(), copy->getResultTypes()));
  entry.setAllArgAttrs(inputs);
  entry.setAllResultAttrs(outputs);
}

/// Leaves of the module what compiles to the kernel alone.
static bool extract(ModuleOp module, StringRef name) {
  EntryOp run = findRun(module);
  CallOp call;
  run.walk([&](CallOp candidate) {
    if (!call && candidate.getKernel() == name)
      call = candidate;
  });
  if (!call)
    return false;
  module.setSymName("kernel");
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  addEntry(builder, call);
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    auto entry = dyn_cast<EntryOp>(op);
    if (entry && entry.getSymName() == "init") {
      // A model has one; without variables it has nothing to do.
      Block &body = entry.getBody().front();
      while (&body.front() != body.getTerminator())
        std::prev(Block::iterator(body.getTerminator()))->erase();
      continue;
    }
    auto kernel = dyn_cast<KernelOp>(op);
    bool kept = (kernel && kernel.getSymName() == name) ||
                &op == &module.getBody()->back();
    if (!kept)
      op.erase();
  }
  return true;
}

int main(int argc, char **argv) {
  if (argc != 2 && (argc != 5 || StringRef(argv[3]) != "-o"))
    return fail("usage: extract-kernel FUSED.mlir [NAME -o OUT.mlir]");
  DialectRegistry registry;
  driver::registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  auto module = parseSourceFile<ModuleOp>(argv[1], ParserConfig(&context));
  if (!module || !findRun(*module))
    return fail(Twine(argv[1]) + " is no module with an entry 'run'");
  if (argc == 2) {
    list(*module);
    return 0;
  }
  if (!extract(*module, argv[2]))
    return fail(Twine("no kernel '") + argv[2] + "' is called");
  std::error_code error;
  llvm::raw_fd_ostream stream(argv[4], error);
  if (error)
    return fail(Twine("cannot write ") + argv[4] + ": " + error.message());
  module->print(stream, OpPrintingFlags().enableDebugInfo());
  return 0;
}
