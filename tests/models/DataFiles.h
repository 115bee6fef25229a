//===- DataFiles.h - numbers in files and back ------------------*- C++ -*-===//
//
// What the command line of a compiled model reads and writes, as tests write
// and read it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_MODELS_DATAFILES_H
#define SINTER_TESTS_MODELS_DATAFILES_H

#include "tests/driver/Process.h"

#include <cstring>
#include <sstream>

namespace sinter::tests {

template <typename T>
void writeNpy(const std::string &path, const std::string &shape,
              const std::vector<T> &values) {
  // Two bytes are a bf16.
  std::string header = std::string("{'descr': '") +
                       (sizeof(T) == 2 ? "|V" : "<f") +
                       std::to_string(sizeof(T)) +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((10 + header.size()) / 64 * 64 + 63 - 10, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() % 256);
  text += static_cast<char>(header.size() / 256);
  text += header;
  text.append(reinterpret_cast<const char *>(values.data()),
              values.size() * sizeof(T));
  writeFile(path, text);
}

template <typename T> std::vector<T> readNpy(const std::string &path) {
  std::string text = readFile(path);
  size_t at = text.find('\n') + 1;
  std::vector<T> values((text.size() - at) / sizeof(T));
  std::memcpy(values.data(), text.data() + at, values.size() * sizeof(T));
  return values;
}

template <typename T>
void writeCsv(const std::string &path, const std::vector<T> &values) {
  std::ostringstream text;
  text.precision(17);
  for (T value : values)
    text << value << '\n';
  writeFile(path, text.str());
}

void writeIdx(const std::string &path, const std::vector<uint8_t> &values);

/// The numbers of a CSV file, row by row, its first line left out if `header`.
std::vector<std::vector<double>> readCsv(const std::string &path, bool header);

} // namespace sinter::tests

#endif // SINTER_TESTS_MODELS_DATAFILES_H
