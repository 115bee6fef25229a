//===- ModelFiles.h - model.cpp and what sinterc dumps of it ----*- C++ -*-===//
//
// Models of a few lines, as a user writes them, in the current folder.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_DRIVER_MODELFILES_H
#define SINTER_TESTS_DRIVER_MODELFILES_H

#include "tests/driver/Process.h"

namespace sinter::tests {

/// The dumps of a model without their ".mlir", in the order of the stages.
inline const std::vector<std::string> stages = {
    "00-model",   "01-gradient", "02-simplified", "03-fused",
    "04-planned", "05-loops",    "06-llvm"};
/// "model" for "00-model".
inline std::string nameOf(const std::string &stage) { return stage.substr(3); }

/// The source of a model.  The first line of its body is line 4.
std::string modelSource(const std::string &body,
                        const std::string &name = "small");

/// Writes model.cpp and compiles it to an object, with its dumps in dumps/.
void compileWithDumps(const std::string &body,
                      const std::string &name = "small");

/// model.cpp, compiled with this flag, and each of its dumps give one object.
void expectDumpsGoOn(const std::string &flag);

} // namespace sinter::tests

#endif // SINTER_TESTS_DRIVER_MODELFILES_H
