//===- Report.cpp - rows as text ------------------------------------------===//

#include "Report.h"

namespace bench {

void printHeader(std::FILE *file) {
  std::fprintf(
      file, "%-13s %5s %10s  %-7s %10s  %-21s %7s  %-21s %8s %8s %9s %9s %8s\n",
      "workload", "batch", "limit us", "peer", "median us", "(10% … 90%)",
      "x limit", "sinter/best (10…90%)", "own MB", "peak MB", "deploy kB",
      "start ms", "compile");
}

void printRow(std::FILE *file, const Row &row, const std::vector<Peer> &peers) {
  std::vector<double> ratios = row.ratios();
  for (const Peer &peer : peers) {
    bool ours = peer.name == "sinter";
    if (ours)
      std::fprintf(file, "%-13s %5lld %10.1f", row.workload.name.c_str(),
                   static_cast<long long>(row.workload.batch), row.limit);
    else
      std::fprintf(file, "%-13s %5s %10s", "", "", "");
    const Measurement *m = row.find(peer.name);
    if (!m) {
      std::fprintf(file, "  %-7s %10s\n", peer.name.c_str(), "–");
      continue;
    }
    char spread[40], ratio[60] = "", compile[20] = "";
    std::snprintf(spread, sizeof spread, "(%.1f … %.1f)",
                  quantile(m->turns, 0.1), quantile(m->turns, 0.9));
    if (ours && !ratios.empty())
      std::snprintf(ratio, sizeof ratio, "%.3f (%.3f … %.3f)",
                    quantile(ratios, 0.5), quantile(ratios, 0.1),
                    quantile(ratios, 0.9));
    if (ours)
      std::snprintf(compile, sizeof compile, "%.2f s", row.compileSeconds);
    else if (m == row.bestPeer())
      std::snprintf(ratio, sizeof ratio, "best");
    // The ellipsis is one column and three bytes.
    std::fprintf(
        file, "  %-7s %10.1f  %-23s %7.2f  %-*s %8.2f %8.1f %9.1f %9.2f %8s\n",
        peer.name.c_str(), m->median(), spread, m->median() / row.limit,
        ours && !ratios.empty() ? 23 : 21, ratio,
        static_cast<double>(m->ownMemoryBytes) / (1 << 20),
        static_cast<double>(m->peakMemoryBytes) / (1 << 20),
        static_cast<double>(m->libraryBytes) / 1000, m->startup / 1000,
        compile);
  }
  std::fflush(file);
}

bool writeJson(const std::string &path, const std::vector<Row> &rows,
               int threads) {
  std::FILE *file = std::fopen(path.c_str(), "w");
  if (!file)
    return false;
  std::fprintf(file, "[");
  const char *separator = "\n";
  for (const Row &row : rows)
    for (const Measurement &m : row.measurements) {
      std::fprintf(
          file,
          "%s  {\"workload\": \"%s\", \"batch\": %lld, \"peer\": \"%s\", "
          "\"threads\": %d, \"median_us\": %.3f, \"min_us\": %.3f, "
          "\"limit_us\": %.3f, \"flops\": %.0f, \"p10_us\": %.3f, \"p90_us\": "
          "%.3f, "
          "\"turns\": %zu, \"startup_us\": %.0f, \"own_bytes\": %lld, "
          "\"peak_bytes\": %lld, "
          "\"deploy_bytes\": %lld, \"weight_bytes\": %lld",
          separator, row.workload.name.c_str(),
          static_cast<long long>(row.workload.batch), m.peer.c_str(), threads,
          m.median(), m.least, row.limit, row.operations,
          quantile(m.turns, 0.1), quantile(m.turns, 0.9), m.turns.size(),
          m.startup, static_cast<long long>(m.ownMemoryBytes),
          static_cast<long long>(m.peakMemoryBytes),
          static_cast<long long>(m.libraryBytes),
          static_cast<long long>(row.workload.parameterBytes()));
      if (m.peer == "sinter") {
        std::fprintf(file, ", \"compile_s\": %.3f", row.compileSeconds);
        if (std::vector<double> ratios = row.ratios(); !ratios.empty())
          std::fprintf(file,
                       ", \"best_peer\": \"%s\", \"ratio\": %.4f, "
                       "\"ratio_p10\": %.4f, \"ratio_p90\": %.4f",
                       row.bestPeer()->peer.c_str(), quantile(ratios, 0.5),
                       quantile(ratios, 0.1), quantile(ratios, 0.9));
      }
      std::fprintf(file, "}");
      separator = ",\n";
    }
  std::fprintf(file, "\n]\n");
  return std::fclose(file) == 0;
}

} // namespace bench
