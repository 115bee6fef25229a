//===- DataFiles.cpp - numbers in files and back --------------------------===//

#include "tests/models/DataFiles.h"

#include <algorithm>
#include <utility>

void sinter::tests::writeIdx(const std::string &path,
                             const std::vector<uint8_t> &values) {
  std::string text("\0\0\x08\x01\0\0\0", 7);
  text += static_cast<char>(values.size());
  text.append(values.begin(), values.end());
  writeFile(path, text);
}

std::vector<std::vector<double>> sinter::tests::readCsv(const std::string &path,
                                                        bool header) {
  std::istringstream file(readFile(path));
  std::vector<std::vector<double>> rows;
  for (std::string line; std::getline(file, line);) {
    if (std::exchange(header, false))
      continue;
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    std::vector<double> &row = rows.emplace_back();
    for (double number; words >> number;)
      row.push_back(number);
  }
  return rows;
}
