//===- Roofline.h - rows as a picture ---------------------------*- C++ -*-===//
//
// Williams, Waterman and Patterson, "Roofline: an insightful visual performance
// model", CACM 2009: arithmetic a second over arithmetic a byte, beneath what
// the processor's units and its memory allow.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_ROOFLINE_H
#define SINTER_TOOLS_BENCH_ROOFLINE_H

#include "Machine.h"
#include "Row.h"

namespace bench {

/// Writes an SVG; returns false if the file cannot be written.
bool writeRoofline(const std::string &path, const std::vector<Row> &rows,
                   const Machine &machine);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_ROOFLINE_H
