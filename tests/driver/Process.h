//===- Process.h - programs run by tests -----------------------*- C++ -*-===//
//
// A program with its arguments, run to its end: exit code, output and errors.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_DRIVER_PROCESS_H
#define SINTER_TESTS_DRIVER_PROCESS_H

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sinter::tests {

struct Finished {
  /// The exit code, or 128 + the signal that ended it.
  int code = -1;
  std::string out, err;
};

Finished run(const std::vector<std::string> &args);

std::string readFile(const std::filesystem::path &path);
void writeFile(const std::filesystem::path &path, const std::string &text);
/// The bytes of a safetensors file behind its header: every tensor's bits.
std::string tensors(const std::filesystem::path &path);
/// The text with the first `from`, which has to be there, replaced.
std::string replaced(std::string text, const std::string &from,
                     const std::string &to);

/// A test in an empty folder of its own, which is the current one meanwhile.
class InFolder : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;
  /// Names of the files in a folder, sorted.
  static std::vector<std::string> list(const std::string &folder = ".");

  std::filesystem::path folder, before;
};

} // namespace sinter::tests

#endif // SINTER_TESTS_DRIVER_PROCESS_H
