// The same loop (train.c) in C++20, over the generated wrapper, with a pool of
// two threads.
#include "prices.hpp"

#include <array>
#include <bit>
#include <cstdio>
#include <fstream>
#include <vector>

template <typename T> static std::vector<T> slurp(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy(bytes.begin(), bytes.end(),
            reinterpret_cast<char *>(values.data()));
  return values;
}

int main() {
  constexpr std::size_t samples = 36, batch = 8;
  auto measures = slurp<float>("measures.raw"), paid = slurp<float>("paid.raw");
  auto district = slurp<std::uint8_t>("district.raw");
  sinter::Pool pool(2);
  prices::Model model(11, pool.host());
  std::array<float, 2 * batch> x;
  std::array<float, batch> y;
  std::array<std::uint8_t, batch> where;
  std::vector<std::int64_t> order(samples);
  float loss = 0;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    sinter_shuffle(11, epoch, samples, order.data());
    for (std::size_t first = 0; first + batch <= samples; first += batch) {
      for (std::size_t i = 0; i < batch; ++i) {
        auto sample = static_cast<std::size_t>(order[first + i]);
        x[2 * i] = measures[2 * sample];
        x[2 * i + 1] = measures[2 * sample + 1];
        where[i] = district[sample];
        y[i] = paid[sample];
      }
      model.train({.measures = x,
                   .district = where,
                   .paid = y,
                   .loss = std::span(&loss, 1)});
    }
  }
  std::printf("%08x\n", std::bit_cast<std::uint32_t>(loss));
  model.save("cpp.safetensors");
}
