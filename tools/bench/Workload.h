//===- Workload.h - what is measured ----------------------------*- C++ -*-===//
//
// A workload is a network, or one kernel, at one size: its parameters and
// inputs with the numbers in them, and the work that no implementation can do
// without.  Every contender makes its data from this description, so all
// compute the same.
//
// Shapes are those of the peers: weights [out, in], kernels [out, in, h, w],
// images [n, c, h, w].
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_WORKLOAD_H
#define SINTER_TOOLS_BENCH_WORKLOAD_H

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// A parameter or an input and what it holds; see Data.h.
struct Source {
  std::string name;
  std::vector<int64_t> shape;
  uint32_t seed = 0;
  /// Numbers in [offset − scale, offset + scale).
  float scale = 1, offset = 0;
  /// Integers in [0, classes) instead, if that is not 0.
  uint32_t classes = 0;
  /// A second set of numbers to be added, if not 0: the LSTM's two biases.
  uint32_t addedSeed = 0;
  /// Dimension d of Sinter's tensor is dimension order[d] of this one; the same
  /// order if empty.
  std::vector<int> order = {};

  int64_t size() const;
};

struct Workload {
  /// "W2", and a size: the batch, or the edge of W8's matrices.
  std::string name;
  int64_t batch = 1;
  /// The model's source in models/, and its name there.
  std::string file, model;
  /// Each call is a step of training; its result is the loss.
  bool training = false;
  std::vector<Source> parameters, inputs;
  std::vector<int64_t> outputShape = {};

  /// Multiplications and additions of all products.
  double flops = 0;
  /// The bytes that a call has to read and to write, and how often it has to
  /// read them if they do not stay in registers: once, or at each step of a
  /// recurrence.
  double bytesRead = 0, bytesWritten = 0;
  int64_t sweeps = 1;

  const Source &parameter(const std::string &name) const;
  int64_t parameterBytes() const;
  /// "W2:64".
  std::string label() const { return name + ":" + std::to_string(batch); }
};

/// All workloads in the order of the table.
std::vector<Workload> allWorkloads();
/// Those that `only` names, in the order of the table, as in
/// "W1,W6,W8:256,W9-chain"; W6 means W6-mlp and W6-lenet, W8:100 a size that
/// the table does not have.  Everything if it is empty; nothing if a part names
/// no workload.
std::vector<Workload> selectWorkloads(const std::string &only);
/// The workload of a label.  Exits with a message if there is none.
Workload findWorkload(const std::string &label);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_WORKLOAD_H
