//===- Reference.cpp - whether the peers are at their best ----------------===//

#include "Reference.h"

namespace bench {

namespace {

/// Microseconds on one Zen 4 core; 0 where a peer has no such workload.
struct Reference {
  const char *workload;
  double limit, onednn, ort, torch;
};
constexpr double referencePeak = 118; // GFLOP/s
const Reference references[] = {
    {"W1:1", 22, 25.8, 29.0, 32.8},
    {"W1:32", 290, 298, 308, 425},
    {"W1:256", 2320, 2395, 2505, 2864},
    {"W2:1", 15, 33.1, 34.7, 86},
    {"W2:64", 930, 1874, 1835, 2245},
    {"W4:1", 1850, 2159, 2219, 2660},
    {"W4:8", 14800, 17847, 18676, 20275},
    {"W5:1", 840, 1342, 930, 1713},
    {"W5:16", 6800, 7939, 8087, 14051},
    {"W6-mlp:128", 2600, 3361, 0, 4509},
    {"W6-lenet:64", 2250, 5375, 0, 8517},
    {"W7:16", 23000, 0, 0, 40374},
    {"W8:256", 284, 287, 289, 323},
    {"W8:512", 2270, 2338, 2372, 2617},
    {"W8:1024", 18200, 19512, 21778, 21439},
    {"W8:2048", 145300, 155874, 177874, 163249},
    {"W8-variable:256", 284, 292, 289, 323},
    {"W8-variable:512", 2270, 2421, 2372, 2617},
    {"W8-variable:1024", 18200, 20291, 21778, 21439},
    {"W8-variable:2048", 145300, 166517, 177874, 163249},
    {"W9-chain:1", 10100, 0, 31404, 53909},
    {"W9-softmax:1", 640, 3136, 1280, 2384},
    {"W9-layernorm:1", 640, 1154, 2634, 2759},
};

/// How many times the limit a peer takes there; 0 if that is not known.
double expected(const Row &row, const std::string &peer) {
  for (const Reference &reference : references)
    if (row.workload.label() == reference.workload)
      return (peer == "onednn"  ? reference.onednn
              : peer == "ort"   ? reference.ort
              : peer == "torch" ? reference.torch
                                : 0) /
             reference.limit;
  return 0;
}

} // namespace

void printWeakPeers(std::FILE *file, const std::vector<Row> &rows,
                    const Machine &machine) {
  constexpr double tolerance = 1.15;
  bool any = false;
  for (const Row &row : rows)
    for (const Measurement &m : row.measurements) {
      double here = m.median() / row.limit, there = expected(row, m.peer);
      if (there == 0 || here <= tolerance * there)
        continue;
      if (!any)
        std::fprintf(file,
                     "\nfurther from the limit than on the reference machine, "
                     "by more than 15 %%:\n");
      any = true;
      std::fprintf(file, "  %-16s %-7s %6.2f × limit, there %.2f\n",
                   row.workload.label().c_str(), m.peer.c_str(), here, there);
    }
  if (!any)
    return;
  double ratio = machine.peakGigaflops() / referencePeak;
  std::fprintf(file,
               "A core does %.0f GFLOP/s here and %.0f there, memory copies "
               "%.0f and 43 GB/s, the last cache reads %.0f and 97 GB/s.\n",
               machine.peakGigaflops(), referencePeak, machine.copyGigabytes(),
               machine.cacheGigabytes());
  if (ratio > tolerance)
    std::fprintf(file,
                 "The limit falls with the first number; what waits for memory "
                 "or does not fill the vectors does not.\n");
}

} // namespace bench
