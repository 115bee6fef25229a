//===- Reference.h - whether the peers are at their best --------*- C++ -*-===//
//
// A win over a badly installed peer is none.  What each peer reached, relative
// to the limit, on a machine where all were looked after is known; a row where
// one is much further from it is named, with what is different here.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_REFERENCE_H
#define SINTER_TOOLS_BENCH_REFERENCE_H

#include "Machine.h"
#include "Row.h"

#include <cstdio>

namespace bench {

/// For rows measured with one thread.
void printWeakPeers(std::FILE *file, const std::vector<Row> &rows,
                    const Machine &machine);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_REFERENCE_H
