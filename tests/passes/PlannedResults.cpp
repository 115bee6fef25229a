//===- PlannedResults.cpp - what planning must not change -----------------===//

#include "tests/passes/PlannedResults.h"
#include "tests/passes/Planned.h"
#include "tests/passes/PlannedExecutor.h"

#include <cstring>
#include <random>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;
using namespace sinter::test;

void sinter::test::expectSameResults(const std::string &text, uint32_t seed) {
  Session session;
  auto reference = session.parse(text);
  ASSERT_TRUE(reference);
  auto planned = session.plan(text);
  ASSERT_TRUE(session.messages.empty()) << session.messages << text;
  // From a dump as well as from memory.
  std::string dump = toText(*planned);
  planned = session.parse(dump);

  std::mt19937 random(seed);
  auto fill = [&](int64_t bytes) {
    Bytes data(bytes);
    for (int64_t i = 0; i + 8 <= bytes; i += 8) {
      int64_t number = static_cast<int64_t>(random() % 2001) - 1000;
      std::memcpy(data.data() + i, &number, 8);
    }
    return data;
  };
  Interpreter interpreter(*reference);
  Bytes state(
      (*planned)->getAttrOfType<IntegerAttr>("sinter.state_bytes").getInt());
  poison(state.data(), state.size());
  auto forEachVariable = [&](auto visit) {
    for (auto variable : planned->getOps<VariableOp>())
      visit(variable.getSymName().str(), variable.getType(),
            state.data() + *variable.getOffset());
  };
  forEachVariable([&](const std::string &name, Type type, char *data) {
    Bytes value = fill(getByteSize(type));
    std::memcpy(data, value.data(), value.size());
    interpreter.state()[name] = cantFail(Array::fromBytes(type, value));
  });

  EntryOp entry = getEntry(*planned, "e");
  for (int round = 0; round != 3; ++round) {
    std::vector<Bytes> inputs;
    std::vector<Array> arrays;
    for (Type type : entry.getArgumentTypes()) {
      inputs.push_back(fill(getByteSize(type)));
      arrays.push_back(cantFail(Array::fromBytes(type, inputs.back())));
    }
    auto want = interpreter.run("e", arrays);
    ASSERT_TRUE(bool(want)) << llvm::toString(want.takeError());
    auto have = runPlanned(*planned, "e", inputs, state);
    ASSERT_TRUE(bool(have)) << llvm::toString(have.takeError()) << dump;
    for (size_t i = 0; i != want->size(); ++i)
      ASSERT_EQ((*want)[i].toBytes(), (*have)[i])
          << "output " << i << " of round " << round << "\n"
          << text << dump;
    forEachVariable([&](const std::string &name, Type type, char *data) {
      ASSERT_EQ(interpreter.state()[name].toBytes(),
                Bytes(data, data + getByteSize(type)))
          << "variable " << name << " after round " << round << "\n"
          << text << dump;
    });
  }
}
