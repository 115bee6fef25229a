//===- MemoryReportTest.cpp - the report of every model -------------------===//
//
// Each model of the repository, of the examples, the benchmark and the tests,
// is compiled as a user would, to its planned dump; what the report says of it
// is counted again from the dump.
//
//===----------------------------------------------------------------------===//

#include "compiler/inspect/MemoryReport.h"
#include "tests/passes/LiveBytes.h"
#include "tests/passes/Planned.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <filesystem>
#include <fstream>

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::test;

namespace {

namespace fs = std::filesystem;

/// The names behind SINTER_MODEL in a file.
std::vector<std::string> getNames(const fs::path &file) {
  std::ifstream text(file);
  std::vector<std::string> names;
  const std::string macro = "SINTER_MODEL(";
  for (std::string line; std::getline(text, line);)
    if (line.rfind(macro, 0) == 0)
      names.push_back(line.substr(macro.size(), line.find(')') - macro.size()));
  return names;
}

/// Every file of the repository with a model.
std::vector<fs::path> getFiles() {
  std::vector<fs::path> models;
  for (const char *folder :
       {"/examples", "/tools/bench/models", "/tests/models"})
    for (const auto &file :
         fs::recursive_directory_iterator(std::string(SINTER_ROOT) + folder))
      // Beside models there are programs that run them.
      if (std::ifstream text(file.path());
          file.path().extension() == ".cpp" &&
          std::string(std::istreambuf_iterator<char>(text), {})
                  .find("\nSINTER_MODEL(") != std::string::npos)
        models.push_back(file.path());
  std::sort(models.begin(), models.end());
  return models;
}

class MemoryReport : public testing::Test {
protected:
  void SetUp() override {
    llvm::SmallString<128> path;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("sinter-memory", path));
    folder = path.str().str();
  }
  void TearDown() override { fs::remove_all(folder); }

  /// The planned module, null if the file is not a model.
  OwningOpRef<ModuleOp> plan(Session &session, const fs::path &file,
                             const std::string &model) {
    std::string dumps = folder + "/" + file.stem().string() + "." + model;
    std::string command = std::string(SINTERC) + " " + file.string() +
                          " --model=" + model +
                          " --stop-after=planned --dump-dir=" + dumps + " > " +
                          folder + "/log 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return parseSourceFile<ModuleOp>(dumps + "/04-planned.mlir",
                                     &session.context);
  }

  std::string folder;
};

TEST_F(MemoryReport, EveryModelsMemoryIsNearWhatIsAlive) {
  int models = 0, entries = 0;
  for (const fs::path &file : getFiles())
    for (const std::string &model : getNames(file)) {
      SCOPED_TRACE(file.string() + " " + model);
      ++models;
      Session session;
      auto module = plan(session, file, model);
      ASSERT_TRUE(module) << session.messages;
      for (auto entry : module->getOps<EntryOp>()) {
        SCOPED_TRACE(entry.getSymName().str());
        ++entries;
        int64_t alive = getMostAlive(getLives(entry));
        EXPECT_EQ(getMemoryFact(entry, "lower_bound"), alive);
        EXPECT_EQ(getMemoryFact(entry, "peak"), getWorkspace(entry));
        EXPECT_GE(getWorkspace(entry), alive);
        EXPECT_LE(getWorkspace(entry), alive + alive / 50) << "over 2 % more";
      }
    }
  EXPECT_GE(models, 20);
  EXPECT_GE(entries, 40);
}

TEST_F(MemoryReport, TrainingStepOfTheMlpCopiesNoState) {
  Session session;
  auto module =
      plan(session, SINTER_ROOT "/examples/01-fashion-mnist/mlp.cpp", "mlp");
  ASSERT_TRUE(module);
  EntryOp train = getEntry(*module, "train");
  EXPECT_EQ(getMemoryFact(train, "state_copies_bytes"), 0);
  // Nothing that is copied lies in the state.
  for (CopyOp copy : getOps<CopyOp>(train))
    for (Value side : copy->getOperands())
      if (auto buffer = side.getDefiningOp<BufferOp>()) {
        EXPECT_NE(buffer.getSpace(), BufferSpace::State);
      }
}

TEST_F(MemoryReport, NamesWhoIsLiveAtThePeak) {
  Session session;
  auto module = session.plan(R"(!t = tensor<16x8xi64>
    module @m {
      sinter.variable @v : tensor<8xi64>
      sinter.kernel @wide(%a: tensor<8xi64>) -> !t
          attributes {overwrites = array<i64: -1>, schedule =
                      {kind = "scalar", scratch_bytes = 100 : i64}} {
        %0 = sinter.broadcast %a dims [1] : tensor<8xi64> -> !t
        sinter.return %0 : !t
      }
      sinter.kernel @total(%a: !t, %b: !t) -> tensor<8xi64>
          attributes {overwrites = array<i64: -1>} {
        %0 = sinter.add %a, %b : !t
        %1 = sinter.reduce_sum %0 dims [0] : !t -> tensor<8xi64>
        sinter.return %1 : tensor<8xi64>
      }
      sinter.entry @e(%x: tensor<8xi64>, %y: tensor<8xi64>) -> tensor<8xi64> {
        %a = sinter.call @wide(%x) : (tensor<8xi64>) -> !t
             loc("first"("model.cpp":3:5))
        %b = sinter.call @wide(%y) : (tensor<8xi64>) -> !t
             loc("folder/model.cpp":4:5)
        %c = sinter.call @total(%a, %b) : (!t, !t) -> tensor<8xi64>
        sinter.return %c : tensor<8xi64>
      }
    })");
  std::string text;
  llvm::raw_string_ostream stream(text);
  inspect::printMemoryReport(*module, stream);
  EXPECT_EQ(text, R"(state 64 bytes
entry e
  workspace    2176 bytes
  lower bound  2176 bytes, ratio 1.000
  copied       0 bytes, for state 0
  live at the peak
          1024 bytes at 0          first  model.cpp:3
          1024 bytes at 1024       wide  model.cpp:4
           100 bytes at 2048       wide (scratch)  model.cpp:4
)");
}

} // namespace
