//===- ModelBoundariesTest.cpp - the boundaries of real models ------------===//
//
// Every model of the examples and of the benchmarks is compiled as a user would
// compile it, with the fusion report.  Wherever its dump shows a kernel that
// reads what another computes, the report has to name the two and to say why
// they are two, with an op that stands in one of them.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/fuse/Refusals.h"
#include "tests/driver/Process.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

namespace fs = std::filesystem;

struct Model {
  fs::path file;
  std::string name;
};

std::vector<Model> getModels() {
  std::vector<Model> models;
  static const std::regex definition("\nSINTER_MODEL\\((\\w+)\\)");
  for (const char *folder : {"/examples", "/tools/bench/models"})
    for (const auto &entry :
         fs::recursive_directory_iterator(SINTER_ROOT + std::string(folder))) {
      if (entry.path().extension() != ".cpp")
        continue;
      std::string text = readFile(entry.path());
      for (std::sregex_iterator at(text.begin(), text.end(), definition), end;
           at != end; ++at)
        models.push_back({entry.path(), (*at)[1]});
    }
  std::sort(models.begin(), models.end(), [](const Model &a, const Model &b) {
    return std::pair(a.file, a.name) < std::pair(b.file, b.name);
  });
  return models;
}

using Pair = std::pair<std::string, std::string>;

/// What an entry's part of the report says of each pair of kernels.
std::map<Pair, std::vector<std::string>> readReport(const std::string &report,
                                                    llvm::StringRef entry) {
  std::map<Pair, std::vector<std::string>> reasons;
  std::istringstream lines(report);
  bool isInside = false;
  Pair pair;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("  ", 0) != 0)
      isInside = line == "boundaries of " + entry.str();
    else if (isInside && line.rfind("    ", 0) == 0)
      reasons[pair].push_back(line.substr(4));
    else if (size_t arrow = line.find(" -> ");
             isInside && arrow != std::string::npos)
      pair = {line.substr(2, arrow - 2), line.substr(arrow + 4)};
  }
  return reasons;
}

/// The kernel whose value this is, in whatever shape.
std::string whoComputes(Value value) {
  Operation *op = value.getDefiningOp();
  while (isa_and_nonnull<ReshapeOp>(op))
    op = op->getOperand(0).getDefiningOp();
  auto call = dyn_cast_or_null<CallOp>(op);
  return call ? call.getKernel().str() : std::string();
}

class ModelBoundaries : public InFolder {
protected:
  ModelBoundaries() { context.loadDialect<SinterDialect>(); }

  /// How many pairs of kernels the model has.
  size_t check(const Model &model, const std::vector<std::string> &more = {}) {
    SCOPED_TRACE(model.file.string() + " " + model.name);
    std::vector<std::string> command = {SINTERC,
                                        model.file,
                                        "--model=" + model.name,
                                        "--stop-after=fused",
                                        "--fusion-report",
                                        "-o",
                                        "fused.mlir"};
    command.insert(command.end(), more.begin(), more.end());
    Finished compiled = run(command);
    EXPECT_EQ(compiled.code, 0) << compiled.err;
    auto module = parseSourceFile<ModuleOp>("fused.mlir", &context);
    if (!module)
      return ADD_FAILURE() << "no dump", 0;
    SymbolTable symbols(*module);
    size_t pairs = 0;
    for (auto entry : module->getOps<EntryOp>()) {
      auto report = readReport(compiled.out + compiled.err, entry.getSymName());
      std::set<Pair> found;
      entry.walk([&](CallOp call) {
        for (Value operand : call->getOperands())
          if (std::string producer = whoComputes(operand); !producer.empty())
            found.insert({producer, call.getKernel().str()});
      });
      for (const Pair &pair : found) {
        SCOPED_TRACE(pair.first + " -> " + pair.second);
        EXPECT_FALSE(report[pair].empty());
        for (const std::string &reason : report[pair])
          checkReason(reason, {symbols.lookup<KernelOp>(pair.first),
                               symbols.lookup<KernelOp>(pair.second)});
      }
      EXPECT_EQ(report.size(), found.size())
          << "of others there is no boundary";
      pairs += found.size();
    }
    return pairs;
  }

private:
  /// "exp 'hidden': why", where `exp` stands in one of the kernels.
  static void checkReason(const std::string &reason,
                          std::initializer_list<KernelOp> kernels) {
    size_t colon = reason.rfind(": ");
    ASSERT_NE(colon, std::string::npos) << reason;
    EXPECT_TRUE(llvm::is_contained(sinter::passes::refusalTexts,
                                   reason.substr(colon + 2)))
        << reason;
    std::string mnemonic = reason.substr(0, reason.find_first_of(" :"));
    bool stands = false;
    for (KernelOp kernel : kernels)
      for (Operation &op : kernel.getBody().front())
        stands |= op.getName().stripDialect() == mnemonic;
    EXPECT_TRUE(stands) << reason;
  }

  MLIRContext context;
};

TEST_F(ModelBoundaries, HaveTheirReasonsInTheReport) {
  std::vector<Model> models = getModels();
  EXPECT_GE(models.size(), 15u);
  size_t pairs = 0;
  for (const Model &model : models) {
    pairs += check(model);
    // One image, one sentence: dimensions of one element everywhere.
    if (model.name == "encoder")
      pairs += check(model, {"-P", "batch=1"});
  }
  EXPECT_GE(pairs, 300u);
}

} // namespace
