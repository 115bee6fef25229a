//===- Cpu.cpp - the machine that code is made for ------------------------===//
//
// A virtual machine may hide features of its CPU, so `native` lists every
// difference to what LLVM's name implies.  Cache sizes come from the kernel;
// for other machines modest ones are assumed, as they only steer tile sizes.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Cpu.h"
#include "compiler/target/NativeModule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <fstream>

using namespace llvm;
using namespace sinter;

std::vector<std::string> target::getKnownCpus() {
  SmallVector<StringRef> names;
  X86::fillValidCPUArchList(names, /*Only64Bit=*/true);
  std::vector<std::string> sorted = {"generic", "native"};
  for (StringRef name : names)
    sorted.push_back(name.str());
  llvm::sort(sorted);
  sorted.erase(llvm::unique(sorted), sorted.end());
  return sorted;
}

static std::unique_ptr<MCSubtargetInfo> describe(StringRef cpu,
                                                 StringRef features) {
  Triple triple(target::tripleName);
  return std::unique_ptr<MCSubtargetInfo>(
      target::getLLVMTarget().createMCSubtargetInfo(triple, cpu, features));
}

Error target::checkFacts(const ir::TargetFacts &facts) {
  std::unique_ptr<MCSubtargetInfo> plain = describe("", "");
  if (!plain->isCPUStringValid(facts.cpu))
    return createStringError("unknown CPU '" + facts.cpu + "'");
  SmallVector<StringRef> features;
  StringRef(facts.features).split(features, ',', -1, /*KeepEmpty=*/false);
  for (StringRef feature : features) {
    StringRef name = feature.drop_front();
    bool isKnown = llvm::any_of(
        plain->getAllProcessorFeatures(),
        [&](const SubtargetFeatureKV &known) { return name == known.Key; });
    if ((feature[0] != '+' && feature[0] != '-') || !isKnown)
      return createStringError("unknown CPU feature '" + feature +
                               "': features are +NAME or -NAME");
  }
  if (!describe(facts.cpu, facts.features)->checkFeatures("+64bit,+sse2"))
    return createStringError("the CPU '" + facts.cpu +
                             "' does not run x86-64 code");
  return Error::success();
}

/// "+avx2,-fma": what this machine has beyond `cpu`, and lacks of it.
static std::string featuresBeyond(StringRef cpu) {
  std::unique_ptr<MCSubtargetInfo> implied = describe(cpu, "");
  std::vector<std::string> differences;
  for (const auto &feature : sys::getHostCPUFeatures()) {
    std::string on = ("+" + feature.getKey()).str();
    if (implied->checkFeatures(on) != feature.getValue())
      differences.push_back(std::string(feature.getValue() ? "+" : "-") +
                            feature.getKey().str());
  }
  llvm::sort(differences);
  return llvm::join(differences, ",");
}

/// Bytes of the data or unified cache of that level, as the kernel tells it for
/// one core (an instruction of the CPU would tell what a hypervisor hides).
static int64_t readCache(int level) {
  for (int index = 0; index != 8; ++index) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" +
                         std::to_string(index) + "/";
    std::string type;
    int64_t found = 0, kibibytes = 0;
    std::ifstream(folder + "type") >> type;
    std::ifstream(folder + "level") >> found;
    std::ifstream(folder + "size") >> kibibytes; // "48K"
    if (found == level && type != "Instruction")
      return kibibytes << 10;
  }
  return 0;
}

static void readCaches(ir::TargetFacts &facts) {
  int level = 0;
  for (int64_t *bytes : {&facts.l1Bytes, &facts.l2Bytes, &facts.l3Bytes})
    if (int64_t size = readCache(++level); size > 0)
      *bytes = size;
}

Expected<ir::TargetFacts> target::resolveCpu(StringRef name) {
  ir::TargetFacts facts;
  if (name == "native") {
    facts.cpu = sys::getHostCPUName().str();
    facts.features = featuresBeyond(facts.cpu);
    readCaches(facts);
  } else if (name != "generic") {
    std::vector<std::string> known = getKnownCpus();
    if (!is_contained(known, name)) {
      auto nearest = llvm::min_element(known, [&](StringRef a, StringRef b) {
        return name.edit_distance(a) < name.edit_distance(b);
      });
      // Further away than a third of the name it is no typing mistake.
      if (name.edit_distance(*nearest) > std::max<size_t>(1, name.size() / 3))
        return createStringError("unknown CPU '" + name +
                                 "': native, generic, or a name that clang "
                                 "knows, such as x86-64-v3 or znver4");
      return createStringError("unknown CPU '" + name + "': did you mean '" +
                               *nearest + "'?");
    }
    facts.cpu = name.str();
  }
  std::unique_ptr<MCSubtargetInfo> info = describe(facts.cpu, facts.features);
  facts.fma = info->checkFeatures("+fma");
  // 512-bit code uses byte, word and 256-bit forms too, as every CPU with
  // AVX-512 but the first has.
  if (info->checkFeatures("+avx512f,+avx512vl,+avx512bw,+avx512dq"))
    facts.vectorBits = 512;
  else if (info->checkFeatures("+avx2,+fma"))
    facts.vectorBits = 256;
  return facts;
}
