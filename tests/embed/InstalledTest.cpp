//===- InstalledTest.cpp - the project as it is installed -----------------===//
//
// Installs into a folder and uses nothing but that: its sinterc, headers,
// libraries and CMake package.  A C99 host, a C++20 host on two threads and the
// executable train one model on the same data and must agree in every bit.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/Process.h"

#include <gmock/gmock.h>

#include <cmath>

using namespace sinter::tests;
using testing::HasSubstr;

namespace {

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}

std::string npy(const std::string &type, const std::string &shape,
                const std::string &bytes) {
  std::string header = "{'descr': '" + type +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + '\n' + bytes;
}

class Installed : public InFolder {
protected:
  static void succeeds(const std::vector<std::string> &args) {
    Finished finished = run(args);
    ASSERT_EQ(finished.code, 0) << args[0] << finished.err << finished.out;
  }
  void SetUp() override {
    InFolder::SetUp();
    succeeds({"cmake", "--install", BUILD_DIR, "--prefix", folder / "prefix"});
  }
};

TEST_F(Installed, hostsAndExecutableAgreeInEveryBit) {
  constexpr int samples = 36;
  std::vector<float> measures, paid;
  std::vector<uint8_t> district;
  for (int i = 0; i < samples; ++i) {
    measures.push_back(std::sin(1.0f + static_cast<float>(i)));
    measures.push_back(std::cos(2.0f * static_cast<float>(i)));
    paid.push_back(std::sin(3.0f * static_cast<float>(i)));
    district.push_back(static_cast<uint8_t>(i * i % 5));
  }
  writeFile("measures.raw", bytesOf(measures));
  writeFile("paid.raw", bytesOf(paid));
  writeFile("district.raw", bytesOf(district));
  writeFile("measures.npy", npy("<f4", "36, 2", bytesOf(measures)));
  writeFile("paid.npy", npy("<f4", "36,", bytesOf(paid)));
  writeFile("district.npy", npy("|u1", "36,", bytesOf(district)));

  std::filesystem::create_directory("host");
  succeeds({"prefix/bin/sinterc",
            SOURCE_DIR "/tests/models/regression/prices.cpp",
            "--emit=exe,obj,lib,header", "-o", "host/prices"});
  // No allocation, no output, no end of the process, nothing but memory moves.
  Finished symbols = run({"nm", "-u", "host/prices.o"});
  ASSERT_EQ(symbols.code, 0);
  for (const char *name :
       {"malloc", "free", "printf", "abort", "exit", "sinter", "__assert"})
    EXPECT_THAT(symbols.out, testing::Not(HasSubstr(name)));

  for (const char *source : {"train.c", "train.cpp", "compile.cpp"})
    std::filesystem::copy(SOURCE_DIR "/tests/embed/" + std::string(source),
                          "host");
  std::filesystem::copy(SOURCE_DIR "/tests/embed/CMakeLists.package.txt",
                        "host/CMakeLists.txt");
  std::vector<std::string> configure = {
      "cmake",      "-G",
      "Ninja",      "-S",
      "host",       "-B",
      "host/build", "-DCMAKE_PREFIX_PATH=" + (folder / "prefix").string()};
  if (*SANITIZERS)
    for (const char *language : {"C", "CXX"})
      configure.push_back("-DCMAKE_" + std::string(language) +
                          "_FLAGS=-fsanitize=" SANITIZERS);
  succeeds(configure);
  succeeds({"cmake", "--build", "host/build"});

  Finished c = run({"host/build/train_c"});
  Finished cpp = run({"host/build/train_cpp"});
  ASSERT_EQ(c.code, 0);
  ASSERT_EQ(cpp.code, 0) << cpp.err;
  EXPECT_EQ(c.out, cpp.out);
  EXPECT_EQ(c.out.size(), 9u);
  succeeds({"host/prices", "train", "--input", "measures=measures.npy",
            "--input", "district=district.npy", "--input", "paid=paid.npy",
            "--epochs", "3", "--seed", "11", "--save", "exe.safetensors"});
  std::string expected = tensors("exe.safetensors");
  // The two variables, and the optimizer's count of steps.
  EXPECT_EQ(expected.size(), (2 + 5) * sizeof(float) + sizeof(int64_t));
  EXPECT_EQ(tensors("c.safetensors"), expected);
  EXPECT_EQ(tensors("cpp.safetensors"), expected);

  EXPECT_EQ(run({"host/build/compile"}).code, 0);
}
} // namespace
