//===- Compiled.cpp - from text to a loaded library -----------------------===//

#include "tests/lower/Compiled.h"

#include "compiler/ir/LibraryPrimitive.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "compiler/target/Cpu.h"
#include "compiler/target/NativeModule.h"
#include "compiler/target/Stage.h"
#include "passes/differentiate/Stage.h"
#include "passes/fuse/Stage.h"
#include "passes/library/Stage.h"
#include "passes/lower/Stage.h"
#include "passes/plan/Stage.h"
#include "passes/simplify/Stage.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <thread>
#include <unistd.h>

using namespace mlir;
using namespace sinter;
using namespace sinter::test;

struct Compiled::Parsed {
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  llvm::StringMap<int64_t> workspaceOf;
  struct Variable {
    int64_t offset;
    Type type;
  };
  std::map<std::string, Variable> variables;
  std::vector<char> state;
  std::optional<target::NativeModule> native;

  using Entry = int32_t(void *, void **, void *, const sinter_host *);
  Entry *find(void *library, llvm::StringRef entry) {
    std::string symbol = (*module->getSymName() + "_" + entry).str();
    return reinterpret_cast<Entry *>(dlsym(library, symbol.c_str()));
  }
};

bool sinter::test::hasOneDnn() {
  return !llvm::StringRef(SINTER_ONEDNN_LINK).empty();
}
std::string sinter::test::oneDnnModule() { return SINTER_ONEDNN_MODULE; }

static void *linkAndLoad(const std::string &object) {
  char folder[] = "/tmp/sinter-lower-XXXXXX";
  if (!mkdtemp(folder))
    return nullptr;
  std::string base = folder, file = base + "/m.o", library = base + "/m.so";
  std::ofstream(file, std::ios::binary) << object;
  std::string command =
      "cc -shared -o " + library + " " + file + " -lm " SINTER_ONEDNN_LINK;
  void *handle = nullptr;
  if (std::system(command.c_str()) == 0) {
    handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
      ADD_FAILURE() << dlerror();
  } else {
    ADD_FAILURE() << "linking failed";
  }
  unlink(file.c_str());
  unlink(library.c_str());
  rmdir(folder);
  return handle;
}

Compiled::Compiled(llvm::StringRef text, llvm::StringRef cpu, int level,
                   From from, llvm::StringRef withLibrary)
    : parsed(std::make_unique<Parsed>()) {
  DialectRegistry registry;
  registry.insert<ir::SinterDialect>();
  target::registerDialects(registry);
  parsed->context.appendDialectRegistry(registry);
  parsed->context.loadAllAvailableDialects();
  parsed->module = parseSourceString<ModuleOp>(text, &parsed->context);
  if (!parsed->module) {
    ADD_FAILURE() << text.str();
    return;
  }
  OwningOpRef<ModuleOp> module = parsed->module->clone();
  auto facts = target::resolveCpu(cpu);
  if (!facts) {
    ADD_FAILURE() << llvm::toString(facts.takeError());
    return;
  }
  ir::Options options;
  options.optLevel = level;
  options.library = withLibrary.str();
  // Loop nests of these sizes are split into tasks, and stream their results,
  // nowhere but here; one CPU has them as they are.
  if (cpu != "x86-64-v3") {
    options.taskNanoseconds = 1;
    facts->l3Bytes = 1;
  }
  (*module)->setAttr(ir::targetAttrName, facts->toAttr(&parsed->context));
  (*module)->setAttr(ir::optionsAttrName, options.toAttr(&parsed->context));

  auto run = [&](auto build) {
    PassManager manager(&parsed->context);
    build(manager);
    bool done = succeeded(manager.run(*module));
    EXPECT_TRUE(done) << text.str();
    return done;
  };
  if (from == From::Gradient) {
    if (!run(passes::buildGradientStage))
      return;
    parsed->module = module->clone();
    if (!run([](OpPassManager &manager) {
          manager.addPass(passes::createKeepConvolutionsPass(oneDnnModule()));
          passes::buildSimplifiedStage(manager);
        }))
      return;
  }
  if (!run([](OpPassManager &manager) {
        passes::formKernels(manager);
        manager.addPass(passes::createChooseLibraryPass(oneDnnModule()));
        passes::scheduleKernels(manager);
      }))
    return;
  for (auto kernel : module->getOps<ir::KernelOp>())
    if (auto choice = kernel->getAttrOfType<StringAttr>(ir::libraryChoiceAttr))
      choices[kernel.getSymName().str()] = choice.str();
  llvm::raw_string_ostream(fusedText) << *module;
  if (!run(passes::buildPlannedStage))
    return;
  for (auto entry : module->getOps<ir::EntryOp>())
    parsed->workspaceOf[entry.getSymName()] =
        entry->getAttrOfType<IntegerAttr>("workspace_bytes").getInt();
  if (auto state = (*module)->getAttrOfType<IntegerAttr>("sinter.state_bytes"))
    parsed->state.assign(state.getInt(), GuardedBytes::pattern);
  for (auto variable : module->getOps<ir::VariableOp>())
    parsed->variables[variable.getSymName().str()] = {
        static_cast<int64_t>(*variable.getOffset()), variable.getType()};
  if (!run(passes::buildLoopsStage))
    return;
  llvm::raw_string_ostream(loopsText) << *module;
  for (Operation &function : module->getOps())
    if (auto schedule = function.getAttrOfType<DictionaryAttr>("schedule")) {
      auto reason = schedule.getAs<StringAttr>("scalar_reason");
      reasons[SymbolTable::getSymbolName(&function).str()] =
          reason ? reason.str() : "";
    }
  if (!run(target::buildLLVMStage))
    return;
  auto native = target::NativeModule::make(*module);
  if (failed(native)) {
    ADD_FAILURE() << "no LLVM IR";
    return;
  }
  library = linkAndLoad(native->toObject());
  parsed->native = std::move(*native);
}

int64_t Compiled::workspaceBytes(llvm::StringRef entry) {
  return parsed->workspaceOf[entry];
}

std::string Compiled::assembly() const {
  return parsed->native ? parsed->native->toAssembly() : "";
}

Compiled::~Compiled() {
  if (library)
    dlclose(library);
}

void Compiled::setState(const State &state) {
  for (const auto &[name, value] : state) {
    std::vector<char> bytes = value.toBytes();
    std::copy(bytes.begin(), bytes.end(),
              parsed->state.begin() + parsed->variables.at(name).offset);
  }
}

State Compiled::getState() {
  State state;
  for (const auto &[name, variable] : parsed->variables)
    state[name] = cantFail(Array::fromBytes(
        variable.type,
        llvm::ArrayRef<char>(parsed->state)
            .slice(variable.offset, ir::getByteSize(variable.type))));
  return state;
}

std::map<std::string, Type> Compiled::variableTypes() {
  std::map<std::string, Type> types;
  for (const auto &[name, variable] : parsed->variables)
    types[name] = variable.type;
  return types;
}

ModuleOp Compiled::module() { return *parsed->module; }

static int runLastFirst(void *, int64_t count, int (*body)(void *, int64_t),
                        void *data) {
  for (int64_t i = count; i > 0; --i)
    if (int failure = body(data, i - 1))
      return failure;
  return 0;
}
static const sinter_host lastFirst = {sizeof(sinter_host), nullptr,
                                      runLastFirst, nullptr, nullptr};

/// Several threads at once.
static int runTogether(void *, int64_t count, int (*body)(void *, int64_t),
                       void *data) {
  std::atomic<int64_t> next = 0;
  std::atomic<int> failure = 0;
  auto work = [&] {
    for (int64_t i = next++; i < count; i = next++)
      if (int code = body(data, i))
        failure = code;
  };
  std::thread second(work), third(work);
  work();
  second.join();
  third.join();
  return failure;
}
static const sinter_host together = {sizeof(sinter_host), nullptr, runTogether,
                                     nullptr, nullptr};

std::vector<Array> Compiled::run(llvm::StringRef entry,
                                 llvm::ArrayRef<Array> inputs, Guard guard) {
  auto op = parsed->module->lookupSymbol<ir::EntryOp>(entry);
  Parsed::Entry *function = parsed->find(library, entry);
  if (!op || !function) {
    ADD_FAILURE() << "no entry " << entry.str();
    return {};
  }
  std::vector<GuardedBytes> buffers;
  std::vector<void *> arguments;
  auto add = [&](size_t bytes) {
    buffers.emplace_back(bytes, /*alignment=*/1, guard);
    arguments.push_back(buffers.back().begin);
  };
  for (const Array &input : inputs) {
    std::vector<char> bytes = input.toBytes();
    add(bytes.size());
    std::copy(bytes.begin(), bytes.end(), buffers.back().begin);
  }
  for (Type type : op.getResultTypes())
    add(ir::getByteSize(type));
  constexpr size_t alignment = 64;
  buffers.emplace_back(parsed->state.size(), alignment, guard);
  char *state = buffers.back().begin;
  std::copy(parsed->state.begin(), parsed->state.end(), state);
  buffers.emplace_back(parsed->workspaceOf[entry], alignment, guard);
  char *workspace = buffers.back().begin;

  // On a host that takes the last task first, on one with threads, and on one
  // that takes them in their order.  Nothing may differ.
  std::vector<std::vector<char>> results;
  for (const sinter_host *host :
       {&lastFirst, &together, (const sinter_host *)nullptr}) {
    for (GuardedBytes &buffer : llvm::drop_begin(buffers, inputs.size()))
      std::fill_n(buffer.begin, buffer.bytes, GuardedBytes::pattern);
    // Floats in a workspace are nan until they are written.
    std::fill_n(workspace, buffers.back().bytes, static_cast<char>(0xFF));
    std::copy(parsed->state.begin(), parsed->state.end(), state);
    EXPECT_EQ(function(state, arguments.data(), workspace, host), SINTER_OK)
        << entry.str();
    auto &written = results.emplace_back(state, state + parsed->state.size());
    for (const GuardedBytes &buffer : llvm::ArrayRef(buffers).slice(
             inputs.size(), op.getResultTypes().size()))
      written.insert(written.end(), buffer.begin, buffer.begin + buffer.bytes);
  }
  EXPECT_EQ(results.front(), results.back())
      << entry.str() << " depends on the order of its tasks";
  EXPECT_EQ(results[1], results.back()) << entry.str() << " depends on threads";

  std::copy(state, state + parsed->state.size(), parsed->state.begin());
  for (const GuardedBytes &buffer : buffers)
    EXPECT_TRUE(buffer.isSurroundingIntact())
        << entry.str() << " writes beside buffer " << &buffer - buffers.data();
  for (auto [i, input] : llvm::enumerate(inputs)) {
    std::vector<char> bytes = input.toBytes();
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), buffers[i].begin))
        << entry.str() << " writes into input " << i;
  }
  std::vector<Array> outputs;
  for (auto [i, type] : llvm::enumerate(op.getResultTypes())) {
    GuardedBytes &buffer = buffers[inputs.size() + i];
    outputs.push_back(cantFail(Array::fromBytes(
        type, llvm::ArrayRef<char>(buffer.begin, buffer.bytes))));
  }
  return outputs;
}

int32_t Compiled::call(llvm::StringRef entry, std::vector<void *> arguments) {
  constexpr size_t alignment = 64;
  GuardedBytes state(parsed->state.size(), alignment, Guard::Behind);
  std::copy(parsed->state.begin(), parsed->state.end(), state.begin);
  GuardedBytes workspace(parsed->workspaceOf[entry], alignment, Guard::Behind);
  return parsed->find(library, entry)(state.begin, arguments.data(),
                                      workspace.begin, nullptr);
}

int32_t Compiled::statusOn(const sinter_host &host, llvm::StringRef entry) {
  auto op = parsed->module->lookupSymbol<ir::EntryOp>(entry);
  std::vector<GuardedBytes> buffers;
  std::vector<void *> arguments;
  auto add = [&](size_t bytes) {
    constexpr size_t alignment = 64;
    buffers.emplace_back(bytes, alignment, Guard::Behind);
    std::fill_n(buffers.back().begin, bytes, 0);
    return buffers.back().begin;
  };
  for (Type type : op.getArgumentTypes())
    arguments.push_back(add(ir::getByteSize(type)));
  for (Type type : op.getResultTypes())
    arguments.push_back(add(ir::getByteSize(type)));
  char *state = add(parsed->state.size());
  char *workspace = add(parsed->workspaceOf[entry]);
  return parsed->find(library, entry)(state, arguments.data(), workspace,
                                      &host);
}

std::vector<Array> Compiled::interpret(llvm::StringRef entry,
                                       llvm::ArrayRef<Array> inputs) {
  auto outputs = interpret::Interpreter(*parsed->module).run(entry, inputs);
  if (!outputs) {
    ADD_FAILURE() << llvm::toString(outputs.takeError());
    return {};
  }
  return *outputs;
}

llvm::ArrayRef<Type> Compiled::inputTypes(llvm::StringRef entry) {
  return parsed->module->lookupSymbol<ir::EntryOp>(entry).getArgumentTypes();
}
