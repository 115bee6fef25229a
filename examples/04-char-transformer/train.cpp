// A program of its own around a compiled model: it reads a text, trains the
// model on its first nine tenths, prints what a character of the last tenth
// costs in bits, and lets the trained model write.
//
//   train TEXT [SEED [STEPS]]
//
// The model is a library with a typed header (chars.hpp); nothing else of
// Sinter is here but a thread pool and a random generator.  The same seed gives
// the same output for any number of threads.
#include "chars.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

using Codes = std::vector<std::uint8_t>;

// The model's own sizes, from the description that comes with it.
const sinter_tensor &input(const char *entry) {
  for (int i = 0; i < chars_model.num_entries; ++i)
    if (std::string(chars_model.entries[i].name) == entry)
      return chars_model.entries[i].inputs[0];
  throw std::logic_error(std::string("no entry ") + entry);
}
const auto batch = static_cast<std::size_t>(input("predict").shape[0]);
const auto length = static_cast<std::size_t>(input("predict").shape[1]);

// Printable ASCII, and the end of a line.
constexpr std::size_t vocabulary = 96;
std::uint8_t encode(char c) {
  return c == '\n'              ? vocabulary - 1
         : c >= ' ' && c <= '~' ? static_cast<std::uint8_t>(c - ' ')
                                : 0;
}
char decode(std::size_t code) {
  return code == vocabulary - 1 ? '\n' : static_cast<char>(' ' + code);
}

Codes read(const char *path) {
  std::ifstream file(path, std::ios::binary);
  Codes codes;
  for (std::istreambuf_iterator<char> c(file), end; c != end; ++c)
    codes.push_back(encode(*c));
  if (codes.size() < 20 * (length + 1))
    throw std::runtime_error(
        std::string(path) +
        (file ? ": too short to learn from" : ": cannot be read"));
  return codes;
}

// Philox (Salmon et al., 2011), one block of it for each pair of indices.
class Random {
public:
  explicit Random(std::uint64_t seed)
      : key{static_cast<std::uint32_t>(seed),
            static_cast<std::uint32_t>(seed >> 32)} {}
  // On [0, 1).
  double uniform(std::size_t i, std::size_t j) const {
    const std::uint32_t counter[4] = {static_cast<std::uint32_t>(i),
                                      static_cast<std::uint32_t>(j), 0, 0};
    std::uint32_t words[4];
    sinter_philox4x32(counter, key, words);
    return words[0] * 0x1p-32;
  }

private:
  std::uint32_t key[2];
};

// Bits of a character on average: drawn from the text's frequencies, and drawn
// so when the character before it is known.
struct Entropies {
  double unigram = 0, bigram = 0;
};
Entropies entropies(const Codes &text) {
  std::vector<double> one(vocabulary), first(vocabulary),
      two(vocabulary * vocabulary);
  for (std::size_t i = 0; i < text.size(); ++i) {
    one[text[i]] += 1;
    if (i > 0) {
      first[text[i - 1]] += 1;
      two[text[i - 1] * vocabulary + text[i]] += 1;
    }
  }
  auto n = static_cast<double>(text.size());
  Entropies result;
  for (std::size_t a = 0; a < vocabulary; ++a) {
    if (one[a] > 0)
      result.unigram -= one[a] / n * std::log2(one[a] / n);
    for (std::size_t b = 0; b < vocabulary; ++b)
      if (double count = two[a * vocabulary + b]; count > 0)
        result.bigram -= count / (n - 1) * std::log2(count / first[a]);
  }
  return result;
}

// What the model pays for each character from `begin` on, in bits.  Windows
// overlap by half, so that it has seen at least length/2 characters before.
double bitsPerCharacter(chars::Model &model, const Codes &text,
                        std::size_t begin) {
  const std::size_t half = length / 2;
  Codes windows(batch * (length + 1));
  std::vector<float> nats(batch * length);
  double sum = 0;
  std::size_t count = 0;
  while (begin < text.size()) {
    // Window i pays for the `half` characters from begin + i·half on.
    for (std::size_t i = 0; i < batch; ++i)
      for (std::size_t t = 0; t <= length; ++t) {
        std::size_t at = begin + i * half + t + half - length - 1;
        windows[i * (length + 1) + t] = at < text.size() ? text[at] : 0;
      }
    model.evaluate({.windows = windows, .nats = nats});
    for (std::size_t i = 0; i < batch; ++i)
      for (std::size_t t = length - half; t < length; ++t)
        if (begin + i * half + t + half - length < text.size()) {
          sum += nats[i * length + t];
          ++count;
        }
    begin += batch * half;
  }
  return sum / static_cast<double>(count) / std::log(2.0);
}

// Lets the model go on after `prompt`, a whole batch of samples at once; of
// logits it draws in proportion to their exponentials.
std::vector<std::string> write(chars::Model &model, const std::string &prompt,
                               std::size_t characters, const Random &random) {
  std::vector<std::string> samples(batch, prompt);
  Codes text(batch * length);
  std::vector<float> logits(batch * length * vocabulary);
  while (samples[0].size() < characters) {
    // The last characters from the left; what stands behind them does not
    // matter, since no position sees a later one.
    std::size_t known = std::min(samples[0].size(), length);
    for (std::size_t i = 0; i < batch; ++i)
      for (std::size_t t = 0; t < known; ++t)
        text[i * length + t] =
            encode(samples[i][samples[i].size() - known + t]);
    model.predict({.text = text, .logits = logits});
    for (std::size_t i = 0; i < batch; ++i) {
      const float *row = &logits[(i * length + known - 1) * vocabulary];
      double most = *std::max_element(row, row + vocabulary), total = 0;
      std::array<double, vocabulary> weights;
      for (std::size_t c = 0; c < vocabulary; ++c)
        total += weights[c] = std::exp(row[c] - most);
      double left = total * random.uniform(samples[i].size(), i);
      std::size_t chosen = 0;
      while (chosen + 1 < vocabulary && left >= weights[chosen])
        left -= weights[chosen++];
      samples[i] += decode(chosen);
    }
  }
  return samples;
}

int run(const char *path, std::uint64_t seed, std::size_t steps) {
  const Codes text = read(path);
  const std::size_t training = text.size() / 10 * 9;
  Entropies entropy = entropies(text);
  std::printf("%zu characters; entropy %.3f bits a character, %.3f with the "
              "one before known\n",
              text.size(), entropy.unigram, entropy.bigram);

  int threads = static_cast<int>(std::thread::hardware_concurrency());
  sinter::Pool pool(std::clamp(threads, 1, 64));
  chars::Model model(seed, pool.host());
  Random random(seed);
  Codes windows(batch * (length + 1));
  double loss_sum = 0;
  const std::size_t every = std::max<std::size_t>(steps / 10, 1);
  double held_out = 0;
  for (std::size_t step = 1; step <= steps; ++step) {
    for (std::size_t i = 0; i < batch; ++i) {
      auto begin = static_cast<std::size_t>(
          random.uniform(step, i) * static_cast<double>(training - length));
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(begin), length + 1,
                  windows.begin() +
                      static_cast<std::ptrdiff_t>(i * (length + 1)));
    }
    float loss = 0;
    model.train({.windows = windows, .loss = std::span(&loss, 1)});
    loss_sum += loss;
    if (step % every == 0) {
      held_out = bitsPerCharacter(model, text, training);
      std::printf("step %5zu: %.3f bits in training, %.3f held out\n", step,
                  loss_sum / static_cast<double>(every) / std::log(2.0),
                  held_out);
      std::fflush(stdout);
      loss_sum = 0;
    }
  }
  model.save("chars.safetensors");

  std::vector<std::string> samples =
      write(model, "You may ", 300, Random(seed + 1));
  for (std::size_t i = 0; i < 3 && i < samples.size(); ++i)
    std::printf("\n--- sample %zu\n%s\n", i + 1, samples[i].c_str());
  std::printf("\nheld out: %.3f bits a character (unigrams %.3f, bigrams "
              "%.3f)\n",
              held_out, entropy.unigram, entropy.bigram);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    if (argc < 2 || argc > 4) {
      std::fprintf(stderr, "usage: %s TEXT [SEED [STEPS]]\n", argv[0]);
      return 2;
    }
    return run(argv[1], argc > 2 ? std::stoull(argv[2]) : 1,
               argc > 3 ? std::stoul(argv[3]) : 600);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
