// States as safetensors files: read by another JSON parser after saving,
// written by hand before loading.
#include "harness.h"
#include "models.h"
#include "sinter_runtime.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace sinter_tests;

namespace {

// A variable of every dtype, with names that JSON has to escape.
struct EveryDtype {
  EveryDtype() {
    static const int64_t extents[] = {3, 5};
    static const char *const names[] = {"f64",   "f\"32", "b\\f16", "f16.é",
                                        "i64\n", "i32",   "i16",    "i8",
                                        "u8",    "i1"};
    uint64_t offset = 0;
    for (int32_t dtype = SINTER_F64; dtype <= SINTER_I1; ++dtype) {
      uint64_t bytes = 15 * sinter_dtype_size(dtype);
      variables.push_back({names[dtype], extents, 2, dtype, -1,
                           SINTER_TRAINABLE, bytes, offset});
      offset += (bytes + 63) / 64 * 64;
    }
    model = regression;
    model.name = "every\"dtype";
    model.variables = variables.data();
    model.num_variables = static_cast<int32_t>(variables.size());
    model.state_bytes = offset;
    state = sinter::AlignedBytes(offset);
    auto bytes = static_cast<unsigned char *>(state.data());
    for (const sinter_tensor &variable : variables)
      for (uint64_t i = 0; i < variable.bytes; ++i)
        bytes[variable.offset + i] = static_cast<unsigned char>(
            variable.dtype == SINTER_I1 ? i % 2 : i * 57 + variable.offset);
  }
  std::vector<sinter_tensor> variables;
  sinter_model model;
  sinter::AlignedBytes state;
};

TEST(State, RoundTripsEveryDtypeBitForBit) {
  Folder folder;
  EveryDtype every;
  sinter::save_state(every.model, every.state.data(), folder / "s");
  sinter::AlignedBytes loaded(every.model.state_bytes);
  sinter::load_state(every.model, loaded.data(), folder / "s");
  EXPECT_TRUE(std::ranges::equal(loaded.bytes(), every.state.bytes()));
  EXPECT_EQ(folder.count(), 1u);
}

TEST(State, IsValidSafetensors) {
  Folder folder;
  EveryDtype every;
  sinter::save_state(every.model, every.state.data(), folder / "s");
  Bytes file = readFile(folder / "s");
  uint64_t length;
  std::memcpy(&length, file.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  ASSERT_LT(8 + length, file.size());
  nlohmann::json header = nlohmann::json::parse(file.substr(8, length));
  EXPECT_EQ(header["__metadata__"]["format"], "sinter");
  EXPECT_EQ(header["__metadata__"]["model"], every.model.name);
  EXPECT_EQ(header.size(), every.variables.size() + 1);
  const char *const spellings[] = {"F64", "F32", "BF16", "F16", "I64",
                                   "I32", "I16", "I8",   "U8",  "BOOL"};
  uint64_t covered = 0;
  for (const sinter_tensor &variable : every.variables) {
    const nlohmann::json &tensor = header.at(variable.name);
    EXPECT_EQ(tensor["dtype"], spellings[variable.dtype]);
    EXPECT_EQ(tensor["shape"], (std::vector<int64_t>{3, 5}));
    uint64_t begin = tensor["data_offsets"][0];
    EXPECT_EQ(tensor["data_offsets"][1], begin + variable.bytes);
    EXPECT_EQ(begin % sinter_dtype_size(variable.dtype), 0u);
    auto *bytes = static_cast<const char *>(every.state.data());
    EXPECT_EQ(file.substr(8 + length + begin, variable.bytes),
              Bytes(bytes + variable.offset, variable.bytes));
    covered += variable.bytes;
  }
  EXPECT_EQ(8 + length + covered, file.size());
}

// A valid state of `regression`, in pieces that tests replace.
const char *const wEntry =
    R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
const char *const bEntry =
    R"("b":{"dtype":"F32","shape":[],"data_offsets":[8,12]})";
const char *const stepsEntry =
    R"("steps":{"dtype":"I64","shape":[],"data_offsets":[12,20]})";

Bytes header(const std::vector<std::string> &entries) {
  Bytes text = "{";
  for (const std::string &entry : entries)
    text += (text.size() > 1 ? "," : "") + entry;
  return text + "}";
}

struct Load {
  int code;
  std::string message;
  bool untouched;
};

Load load(const Folder &folder, const Bytes &file) {
  writeFile(folder / "s", file);
  alignas(64) char state[192], before[192];
  std::memset(state, 0x5a, sizeof state);
  std::memcpy(before, state, sizeof state);
  char message[1024] = "";
  int code = sinter_state_load(&regression, state, (folder / "s").c_str(),
                               message, sizeof message);
  return {code, message, std::memcmp(state, before, sizeof state) == 0};
}

TEST(State, LoadsWhatOthersWroteAndIgnoresOtherTensors) {
  Folder folder;
  Bytes data = bytesOf<float>({1, 2, 3}) + bytesOf<int64_t>({4});
  EXPECT_EQ(
      load(folder, safetensors(header({wEntry, bEntry, stepsEntry}), data))
          .code,
      0);
  std::string other =
      R"("other":{"dtype":"F8_E4M3","shape":[5],"data_offsets":[20,25]})";
  Load loaded = load(
      folder, safetensors(header({stepsEntry, other, bEntry, wEntry}) + "   ",
                          data + "12345"));
  EXPECT_EQ(loaded.code, 0) << loaded.message;
  EXPECT_FALSE(loaded.untouched);
}

TEST(State, EveryMistakeIsNamedAndLeavesTheStateAlone) {
  Folder folder;
  Bytes data(20, '\0');
  struct Case {
    Bytes file;
    const char *message;
  } cases[] = {
      {"", "shorter than 8 bytes"},
      {Bytes("\xff\xff\xff\xff\xff\xff\xff\xff", 8), "its header would have"},
      {Bytes("\xff\0\0\0\0\0\0\0{}", 10), "cut off within the header"},
      {safetensors("", data), "the safetensors header is wrong"},
      {safetensors("[]", data), "a '{' is missing"},
      {safetensors("{} x", ""), "something follows"},
      {safetensors("{}", data), "20 bytes belong to no tensor"},
      {safetensors("{}", ""), "variable 'w' of model 'regression' is missing"},
      {safetensors(header({R"("__metadata__":{"model":"mlp"})"}), ""),
       "is missing (the file is of model 'mlp')"},
      {safetensors(header({R"("__metadata__":{"a":1})"}), ""),
       "a string is missing"},
      {safetensors(header({wEntry, bEntry, stepsEntry}), data.substr(1)),
       "'steps' lies outside the file's data"},
      {safetensors(header({wEntry, bEntry, stepsEntry}), data + "1"),
       "1 bytes belong to no tensor"},
      {safetensors(header({wEntry, bEntry}), data.substr(8)),
       "variable 'steps' of model 'regression' is missing"},
      {safetensors(
           header({wEntry,
                   R"("b":{"dtype":"F32","shape":[],"data_offsets":[4,8]})",
                   stepsEntry}),
           data),
       "overlaps another"},
      {safetensors(
           header({wEntry,
                   R"("b":{"dtype":"F32","shape":[],"data_offsets":[9,13]})",
                   R"("steps":{"dtype":"I64","shape":[],)"
                   R"("data_offsets":[13,21]})"}),
           data + "1"),
       "leaves a gap"},
      {safetensors(
           header({R"("w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]})"}),
           data),
       "'w' lies outside the file's data"},
      {safetensors(
           header({R"("w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]})"}),
           data.substr(12)),
       "not what its dtype and shape say"},
      {safetensors(header({R"("w":{"dtype":"F32","shape":)"
                           R"([4294967296,4294967296],)"
                           R"("data_offsets":[0,0]})"}),
                   ""),
       "not what its dtype and shape say"},
      {safetensors(header({R"("w":{"dtype":"F64","shape":[1],)"
                           R"("data_offsets":[0,8]})",
                           bEntry, stepsEntry}),
                   data),
       "'w' is F64 [1], but the model's variable is F32 [2]"},
      {safetensors(header({R"("w":{"dtype":"F32","shape":[2,1],)"
                           R"("data_offsets":[0,8]})",
                           bEntry, stepsEntry}),
                   data),
       "'w' is F32 [2, 1], but the model's variable is F32 [2]"},
      {safetensors(header({wEntry,
                           R"("w":{"dtype":"F32","shape":[],)"
                           R"("data_offsets":[8,12]})",
                           stepsEntry}),
                   data),
       "tensor 'w' is there twice"},
      {safetensors(header({R"("w":{"dtype":"F32","shape":[2]})"}), data),
       "lacks its dtype, shape or data_offsets"},
      {safetensors(header({R"("w":{"dtype":"F32","dtype":"F32"})"}), data),
       "the same key twice"},
      {safetensors(header({R"("w":{"dtype":"F32","shape":[-2],)"
                           R"("data_offsets":[0,8]})"}),
                   data),
       "a whole number is missing"},
      {safetensors(header({R"("w":{"dtype":"F32","shape":[2.5],)"
                           R"("data_offsets":[0,8]})"}),
                   data),
       "a whole number is missing"},
      {safetensors(header({R"("w":{"dtype":"F32","shape":)"
                           R"([99999999999999999999],"data_offsets":[0,8]})"}),
                   data),
       "a number is too large"},
      {safetensors(header({R"("w\uD800":{})"}), data), "a bad \\u escape"},
      {safetensors(header({R"("w\q":{})"}), data), "an unknown escape"},
      {safetensors(R"({"w)", data), "a string does not end"},
      {safetensors("{\"w\":" + Bytes(100000, '['), data), "a '{' is missing"},
      {safetensors("{\"w\":{\"x\":" + Bytes(100000, '['), data),
       "nested too deeply"},
  };
  for (const Case &test : cases) {
    Load loaded = load(folder, test.file);
    EXPECT_NE(loaded.code, 0) << test.message;
    EXPECT_EQ(loaded.message.find(folder / "s"), 0u) << loaded.message;
    EXPECT_NE(loaded.message.find(test.message), std::string::npos)
        << loaded.message << " / " << test.message;
    EXPECT_TRUE(loaded.untouched) << test.message;
  }
}

TEST(State, EveryTruncationIsAnErrorAndLeavesTheStateAlone) {
  Folder folder;
  alignas(64) char state[192] = {};
  sinter::save_state(regression, state, folder / "whole");
  Bytes file = readFile(folder / "whole");
  for (size_t size = 0; size < file.size(); ++size) {
    Load loaded = load(folder, file.substr(0, size));
    EXPECT_NE(loaded.code, 0) << size;
    EXPECT_TRUE(loaded.untouched) << size;
  }
}

TEST(State, RefusesTruthValuesThatAreNone) {
  Folder folder;
  EveryDtype every;
  sinter::save_state(every.model, every.state.data(), folder / "s");
  Bytes file = readFile(folder / "s");
  // Stored last, because the order is by element size.
  file.back() = 2;
  writeFile(folder / "s", file);
  sinter::AlignedBytes loaded(every.model.state_bytes);
  try {
    sinter::load_state(every.model, loaded.data(), folder / "s");
    FAIL();
  } catch (const sinter::Error &error) {
    EXPECT_NE(std::string(error.what()).find("holds a BOOL that is 2"),
              std::string::npos)
        << error.what();
  }
  for (std::byte byte : loaded.bytes())
    ASSERT_EQ(byte, std::byte{0});
}

TEST(State, AFailedSaveLeavesTheOldFileAndNothingElse) {
  Folder folder;
  EveryDtype every;
  sinter::save_state(every.model, every.state.data(), folder / "s");
  Bytes before = readFile(folder / "s");
  // A file size limit is the full disk of tests.
  rlimit old, small;
  getrlimit(RLIMIT_FSIZE, &old);
  small = old;
  small.rlim_cur = 512;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  char message[512] = "";
  int code = sinter_state_save(&every.model, every.state.data(),
                               (folder / "s").c_str(), message, sizeof message);
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(code, 0);
  EXPECT_EQ(std::string(message),
            (folder / "s") + ": cannot write: File too large");
  EXPECT_EQ(readFile(folder / "s"), before);
  EXPECT_EQ(folder.count(), 1u);
}

TEST(State, SavesThroughSymbolicLinksAndToDevices) {
  Folder folder;
  alignas(64) char state[192] = {};
  writeFile(folder / "real", "");
  std::filesystem::create_symlink(folder / "real", folder / "link");
  sinter::save_state(regression, state, folder / "link");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_GT(readFile(folder / "real").size(), 20u);
  EXPECT_NO_THROW(sinter::save_state(regression, state, "/dev/null"));
  struct stat info;
  stat("/dev/null", &info);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST(State, RefusesModelsOfAnotherVersion) {
  alignas(64) char state[192] = {};
  sinter_model model = regression;
  model.abi_version = 2;
  EXPECT_THROW(sinter::save_state(model, state, "never"), sinter::Error);
  EXPECT_THROW(sinter::save_state(regression, nullptr, "never"), sinter::Error);
  EXPECT_NE(sinter_state_load(&model, state, "never", nullptr, 0), 0);
}

} // namespace
