//===- Stage.h - libraries' part in `simplified` and `fused` ----*- C++ -*-===//

#ifndef SINTER_PASSES_LIBRARY_STAGE_H
#define SINTER_PASSES_LIBRARY_STAGE_H

#include "mlir/Pass/PassManager.h"

#include <memory>

namespace sinter::passes {

/// `oneDnn` is the path of libsinter-onednn.so, which is loaded only if the
/// module's options ask for it.
std::unique_ptr<mlir::Pass> createKeepConvolutionsPass(std::string oneDnn);
std::unique_ptr<mlir::Pass> createChooseLibraryPass(std::string oneDnn);

} // namespace sinter::passes

#endif // SINTER_PASSES_LIBRARY_STAGE_H
