//===- Report.h - rows as text ----------------------------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_REPORT_H
#define SINTER_TOOLS_BENCH_REPORT_H

#include "Peers.h"
#include "Row.h"

#include <cstdio>

namespace bench {

void printHeader(std::FILE *file);
/// A line for each peer, "–" for those that are not there.
void printRow(std::FILE *file, const Row &row, const std::vector<Peer> &peers);

/// Returns false if the file cannot be written.
bool writeJson(const std::string &path, const std::vector<Row> &rows,
               int threads);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_REPORT_H
