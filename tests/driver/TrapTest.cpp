//===- TrapTest.cpp - calls that end at an index out of range -------------===//
//
// With --trap-out-of-range a bad index, in an entry, in a loop's body or in a
// derivative, gives a status and a report and leaves the state as it was;
// without a bad index everything is as without the option.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

using namespace sinter::tests;
using testing::HasSubstr;
using testing::Not;

namespace {
const char *const model = R"(#include <sinter/sinter.h>
using namespace sinter;
SINTER_MODEL(look) {
  Variable table = m.parameter("table", {5}, init::values({1, 2, 3, 4, 5}));
  Variable calls = m.variable("calls", {}, init::zeros(), {.dtype = i64});
  m.entry("read", [&](Entry &e) {
    e.output("y", gather(table, e.input("at", i32, {3}))); });
  m.entry("train", [&](Entry &e) {
    Tensor y = gather(table, e.input("at", i32, {3}));
    Tensor loss = sum(y * y);
    table.assign(table - 0.5f * gradient(loss, {table})[0]);
    calls.assign(calls + 1);
    e.output("loss", loss); });
  m.entry("walk", [&](Entry &e) {
    Tensor steps = e.input("at", u8, {3});
    Tensor total = scan(zeros({}), steps, 3, [&](Tensor sum, Tensor at) {
      return sum + reshape(gather(table, reshape(at, {1})), {});
    });
    calls.assign(calls + 10);
    e.output("total", total); });
  m.entry("far", [&](Entry &e) {
    e.output("y", gather(iota({300}, 0, f32), e.input("at", u8, {3}))); });
}
)";

const char *const host = R"(#include "look.h"
#include <stdio.h>
#include <string.h>

static _Alignas(64) unsigned char state[LOOK_STATE_BYTES], before[LOOK_STATE_BYTES];
static _Alignas(64) unsigned char workspace[1 << 16];
static int reports, codes;
static char last[200];
static void report(void *self, int32_t code, const char *message) {
  ++*(int *)self;
  codes += code;
  strncpy(last, message, sizeof last - 1);
}

#define EXPECT(x) if (!(x)) { printf("line %d: %s\n", __LINE__, #x); ++failures; }
#define UNCHANGED EXPECT(memcmp(state, before, sizeof state) == 0)

int main(void) {
  int failures = 0, i;
  int32_t at[3] = {4, 0, 4};
  uint8_t steps[3] = {1, 2, 4};
  float y[3], loss, total;
  look_read_args read = {at, y};
  look_train_args train = {at, &loss};
  look_walk_args walk = {steps, &total};
  look_far_args far_ = {steps, y};
  sinter_host silent, speaking;
  memset(&silent, 0, sizeof silent);
  silent.struct_size = 8;
  silent.report = report; /* beyond the size: must not be called */
  memset(&speaking, 0, sizeof speaking);
  speaking.struct_size = sizeof speaking;
  speaking.self = &reports;
  speaking.report = report;

  EXPECT(look_init(state, 1, workspace, 0) == SINTER_OK);
  EXPECT(look_read(state, &read, workspace, &speaking) == SINTER_OK);
  EXPECT(y[0] == 5 && y[1] == 1 && y[2] == 5);
  EXPECT(look_walk(state, &walk, workspace, &speaking) == SINTER_OK);
  EXPECT(total == 2 + 3 + 5);
  EXPECT(*(int64_t *)(state + LOOK_OFFSET_calls) == 10);
  EXPECT(look_train(state, &train, workspace, &speaking) == SINTER_OK);
  EXPECT(loss == 51);
  /* Gradient 4·5 at the place that was read twice, 2·1 at the other. */
  EXPECT(((float *)(state + LOOK_OFFSET_table))[4] == 5 - 10);
  EXPECT(((float *)(state + LOOK_OFFSET_table))[0] == 0);
  EXPECT(((float *)(state + LOOK_OFFSET_table))[1] == 2);
  EXPECT(*(int64_t *)(state + LOOK_OFFSET_calls) == 11);
  EXPECT(reports == 0);

  for (i = 0; i < 3; ++i) {
    static const int32_t bad[3] = {5, -1, INT32_MIN};
    at[i] = bad[i];
    memcpy(before, state, sizeof state);
    reports = codes = 0;
    EXPECT(look_train(state, &train, workspace, &speaking) ==
           SINTER_INDEX_OUT_OF_RANGE);
    UNCHANGED
    EXPECT(reports == 1 && codes == SINTER_INDEX_OUT_OF_RANGE);
    EXPECT(strstr(last, "train: an index is out of range") == last);
    EXPECT(look_read(state, &read, workspace, &speaking) ==
           SINTER_INDEX_OUT_OF_RANGE);
    EXPECT(reports == 2 && strstr(last, "read: ") == last);
    EXPECT(look_train(state, &train, workspace, 0) ==
           SINTER_INDEX_OUT_OF_RANGE);
    EXPECT(look_train(state, &train, workspace, &silent) ==
           SINTER_INDEX_OUT_OF_RANGE);
    UNCHANGED
    at[i] = 2;
    EXPECT(look_read(state, &read, workspace, &speaking) == SINTER_OK);
    EXPECT(reports == 2 && y[i] == 3);
  }
  for (i = 0; i < 3; ++i) {
    steps[i] = 5;
    memcpy(before, state, sizeof state);
    EXPECT(look_walk(state, &walk, workspace, 0) == SINTER_INDEX_OUT_OF_RANGE);
    UNCHANGED
    steps[i] = 255;
    EXPECT(look_walk(state, &walk, workspace, 0) == SINTER_INDEX_OUT_OF_RANGE);
    UNCHANGED
    /* No u8 is beyond 300. */
    EXPECT(look_far(state, &far_, workspace, 0) == SINTER_OK && y[i] == 255);
    steps[i] = 0;
  }
  EXPECT(look_walk(state, &walk, workspace, 0) == SINTER_OK && total == 0);
  return failures;
}
)";

class Trap : public InFolder {
protected:
  void SetUp() override {
    InFolder::SetUp();
    writeFile("model.cpp", model);
    writeFile("host.c", host);
  }
  static void succeeds(const std::vector<std::string> &args) {
    Finished finished = run(args);
    ASSERT_EQ(finished.code, 0) << finished.err << finished.out;
  }
  static void buildHost() {
    succeeds({"cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I.",
              "-I" SOURCE_DIR "/runtime/include", "host.c", "look.o", "-lm",
              "-o", "host"});
  }
};

TEST_F(Trap, badIndicesEndTheCallAndLeaveTheState) {
  for (const char *level : {"-O2", "-O0"}) {
    succeeds({SINTERC, "model.cpp", level, "--trap-out-of-range",
              "--emit=obj,header", "-o", "look"});
    // Hosts see no further output, and the code still calls nothing.
    EXPECT_THAT(readFile("look.h"), Not(HasSubstr("fault")));
    buildHost();
    Finished finished = run({"./host"});
    EXPECT_EQ(finished.code, 0) << level << "\n" << finished.out;
  }
}

TEST_F(Trap, withoutTheOptionNothingTraps) {
  succeeds({SINTERC, "model.cpp", "--emit=obj,header", "-o", "look"});
  buildHost();
  Finished finished = run({"./host"});
  EXPECT_NE(finished.code, 0);
  EXPECT_THAT(finished.out, HasSubstr("SINTER_INDEX_OUT_OF_RANGE"));
  EXPECT_THAT(finished.out, Not(HasSubstr("look_far")));
}

TEST_F(Trap, dumpsGoOnToTheSameBytes) {
  expectDumpsGoOn("--trap-out-of-range");
}

TEST_F(Trap, theExecutableSaysSo) {
  succeeds({SINTERC, "model.cpp", "--trap-out-of-range", "-o", "look"});
  writeFile("at.csv", "1\n7\n2\n");
  Finished finished = run(
      {"./look", "train", "--input", "at=at.csv", "--save", "s.safetensors"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("out of range"));
  EXPECT_FALSE(std::filesystem::exists("s.safetensors"));
}
} // namespace
