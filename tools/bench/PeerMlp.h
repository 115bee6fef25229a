//===- PeerMlp.h - the MLP's training step, on oneDNN -----------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_PEERMLP_H
#define SINTER_TOOLS_BENCH_PEERMLP_H

#include <cstdint>
#include <memory>
#include <vector>

namespace bench {

/// One dense layer's parameters, weight [in, out] row-major.
struct DenseParameters {
  int64_t in, out;
  const float *weight, *bias;
};

/// ReLU between the layers, mean cross-entropy of integer labels, Adam at 1e-3.
class PeerMlp {
public:
  PeerMlp(int64_t batch, const std::vector<DenseParameters> &layers);
  ~PeerMlp();
  /// One training step on images [batch, in] of u8, scaled by 1/255; the loss.
  float step(const uint8_t *images, const uint8_t *labels);

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace bench

#endif // SINTER_TOOLS_BENCH_PEERMLP_H
