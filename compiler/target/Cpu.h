//===- Cpu.h - the machine that code is made for ---------------*- C++ -*-===//
//
// `--cpu=native|generic|NAME` resolved to facts: LLVM's name, the features in
// which the machine differs from that name, vector width and cache sizes.  It
// happens once, in the driver; afterwards the facts stand in the module.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TARGET_CPU_H
#define SINTER_COMPILER_TARGET_CPU_H

#include "compiler/ir/ModuleFacts.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter::target {

/// The facts of "native" (the machine this runs on), "generic" (x86-64 with
/// SSE2) or a CPU known to LLVM ("x86-64-v3", "znver4"); an error names the
/// nearest known one.
llvm::Expected<ir::TargetFacts> resolveCpu(llvm::StringRef name);

/// Whether LLVM can make code for the facts that stand in a module.
llvm::Error checkFacts(const ir::TargetFacts &facts);

/// The CPUs that `resolveCpu` knows, sorted.
std::vector<std::string> getKnownCpus();

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_CPU_H
