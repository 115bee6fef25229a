// What the tests of the runtime share: a folder of their own, files in every
// format written independently of the runtime, and sinter_run with its output
// captured.
#ifndef SINTER_TESTS_RUNTIME_HARNESS_H
#define SINTER_TESTS_RUNTIME_HARNESS_H

#include "sinter_runtime.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

namespace sinter_tests {

using Bytes = std::string;

// A folder that is there for one test, in memory where the system has that:
// the tests of damage write some ten thousand files.
class Folder {
public:
  Folder() {
    static int count = 0;
    std::filesystem::path memory = "/dev/shm";
    path_ = (std::filesystem::is_directory(memory)
                 ? memory
                 : std::filesystem::temp_directory_path()) /
            ("sinter-runtime-" + std::to_string(getpid()) + "-" +
             std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string &name) const {
    return (path_ / name).string();
  }
  // How many files there are: nothing half-written may stay behind.
  size_t count() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(path_),
                      std::filesystem::directory_iterator()));
  }

private:
  std::filesystem::path path_;
};

inline void writeFile(const std::string &path, const Bytes &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline Bytes readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <typename T> Bytes bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}

// An .npy file of version 1, 2 or 3. `shape` is Python text: "3,", "2, 3".
inline Bytes npy(const std::string &descr, const std::string &shape,
                 const Bytes &data, char version = 1,
                 const std::string &order = "False") {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + order +
                       ", 'shape': (" + shape + "), }\n";
  Bytes out = "\x93NUMPY";
  out += version;
  out += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    out += static_cast<char>(header.size() >> 8 * i & 255);
  return out + header + data;
}

// An IDX file: element type code, extents, elements already big-endian.
inline Bytes idx(int code, const std::vector<uint32_t> &extents,
                 const Bytes &data) {
  Bytes out("\0\0", 2);
  out += static_cast<char>(code);
  out += static_cast<char>(extents.size());
  for (uint32_t extent : extents)
    for (int shift = 24; shift >= 0; shift -= 8)
      out += static_cast<char>(extent >> shift & 255);
  return out + data;
}

// The 8 bytes of length that begin a safetensors file, header and data.
inline Bytes safetensors(const std::string &header, const Bytes &data) {
  Bytes out;
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(header.size() >> 8 * i & 255);
  return out + header + data;
}

struct Outcome {
  int code;
  std::string out, err;
};

// sinter_run in this process, on its own stdout and stderr.
inline int runOpenly(const sinter_model &model,
                     std::vector<std::string> words) {
  words.insert(words.begin(), "prog");
  std::vector<char *> argv;
  for (std::string &word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  return sinter_run(&model, static_cast<int>(words.size()), argv.data());
}

// The same, captured.
inline Outcome run(const sinter_model &model,
                   const std::vector<std::string> &words) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  int code = runOpenly(model, words);
  Outcome outcome{code, testing::internal::GetCapturedStdout(),
                  testing::internal::GetCapturedStderr()};
  return outcome;
}

} // namespace sinter_tests

#endif // SINTER_TESTS_RUNTIME_HARNESS_H
