//===- Convolution.h - what convolutions and poolings share -----*- C++ -*-===//

#ifndef SINTER_FRONTEND_CONVOLUTION_H
#define SINTER_FRONTEND_CONVOLUTION_H

#include "frontend/Step.h"
#include "frontend/include/sinter/convolution.h"

namespace sinter::detail {

/// Elements added before and after each spatial dimension.
struct Sides {
  llvm::SmallVector<int64_t> low, high;
};

/// A list with an entry a dimension, from one that may be empty or have one
/// entry for all.
llvm::SmallVector<int64_t> perDimension(Step &step, llvm::StringRef name,
                                        const std::vector<int64_t> &given,
                                        int64_t rank, int64_t fallback);

/// The padding around `extents` for windows; checks strides and dilation too.
Sides resolvePadding(Step &step, const Padding &padding,
                     llvm::ArrayRef<int64_t> extents,
                     llvm::ArrayRef<int64_t> window,
                     llvm::ArrayRef<int64_t> strides,
                     llvm::ArrayRef<int64_t> dilation);

/// [N, C, spatial…] as [N, spatial…, C], and back.
Tensor channelsLast(Tensor x, Place place);
Tensor channelsFirst(Tensor x, Place place);

} // namespace sinter::detail

#endif // SINTER_FRONTEND_CONVOLUTION_H
