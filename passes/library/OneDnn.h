//===- OneDnn.h - what oneDNN says of a descriptor --------------*- C++ -*-===//

#ifndef SINTER_PASSES_LIBRARY_ONEDNN_H
#define SINTER_PASSES_LIBRARY_ONEDNN_H

#include "runtime/onednn/sinter_onednn.h"
#include "llvm/Support/Error.h"

#include <string>

namespace sinter::passes {

/// The library as the compiler asks it: loaded when it is first needed, so that
/// a compiler built with oneDNN runs without it.
class OneDnn {
public:
  /// An error that says what is missing and what to do.
  static llvm::Expected<OneDnn> load(llvm::StringRef path);

  struct Answer {
    /// Empty if it can compute it.
    std::string refusal;
    int64_t scratchBytes = 0;
    /// oneDNN's name for the code it chose, "brgemm:avx512_core".
    std::string implementation;
    bool isReference() const {
      return llvm::StringRef(implementation).contains("ref");
    }
  };
  Answer ask(const sinter_onednn_call &call) const;

private:
  decltype(&sinter_onednn_query) query = nullptr;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LIBRARY_ONEDNN_H
