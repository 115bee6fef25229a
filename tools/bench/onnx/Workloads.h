//===- Workloads.h - workloads as ONNX files --------------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_ONNX_WORKLOADS_H
#define SINTER_TOOLS_BENCH_ONNX_WORKLOADS_H

#include "Workload.h"

namespace bench::onnx {

/// Writes a workload with its parameters as constants.  False for training,
/// which these files do not describe, and if the file cannot be written.
bool write(const Workload &workload, const std::string &path);

} // namespace bench::onnx

#endif // SINTER_TOOLS_BENCH_ONNX_WORKLOADS_H
