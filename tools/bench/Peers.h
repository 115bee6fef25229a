//===- Peers.h - who is compared --------------------------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_PEERS_H
#define SINTER_TOOLS_BENCH_PEERS_H

#include "Workload.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bench {

struct Peer {
  /// "sinter", "onednn", "torch", "ort".
  std::string name;
  /// What has to be installed for it, and whether it is.
  std::string package;
  bool installed = false;
  /// Its program for a workload; nothing if it has no such workload.
  /// `library` is Sinter's, and what others need is written into `folder`.
  std::vector<std::string> command(const Workload &workload, int threads,
                                   const std::filesystem::path &library,
                                   const std::filesystem::path &folder) const;
  std::string program;
  /// What the program loads, if it is not linked with it.
  std::string runtime = {};
  /// The environment it is best in.
  std::vector<std::string> environment(int threads) const;
};

/// Sinter first.
std::vector<Peer> allPeers();

} // namespace bench

#endif // SINTER_TOOLS_BENCH_PEERS_H
