//===- Sinter.td - every op of the dialect --------------------------------===//

include "compiler/ir/Dialect.td"
include "compiler/ir/Pointwise.td"
include "compiler/ir/Functions.td"
include "compiler/ir/Linear.td"
include "compiler/ir/Contraction.td"
include "compiler/ir/Convolution.td"
include "compiler/ir/Reduction.td"
include "compiler/ir/Random.td"
include "compiler/ir/Control.td"
include "compiler/ir/Requests.td"
include "compiler/ir/State.td"
include "compiler/ir/Kernel.td"
