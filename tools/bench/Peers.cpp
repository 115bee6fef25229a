//===- Peers.cpp - who is compared ----------------------------------------===//

#include "Peers.h"

namespace bench {

std::vector<std::string>
Peer::command(const Workload &workload, int threads,
              const std::filesystem::path &model) const {
  std::vector<std::string> result = {program, workload.label(),
                                     std::to_string(threads)};
  if (name == "sinter")
    result.push_back(model);
  return result;
}

std::vector<std::string> Peer::environment(int threads) const {
  return {"OMP_NUM_THREADS=" + std::to_string(threads)};
}

std::vector<Peer> allPeers() {
  std::vector<Peer> peers = {{"sinter", "", true, BENCH_SINTER},
                             {"onednn", "libdnnl-dev (Debian)", false, ""}};
#ifdef BENCH_ONEDNN
  peers[1].installed = true;
  peers[1].program = BENCH_ONEDNN;
#endif
  return peers;
}

} // namespace bench
