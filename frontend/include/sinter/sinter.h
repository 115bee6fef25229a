//===- sinter.h - the whole DSL ---------------------------------*- C++ -*-===//
//
// What a model includes.  No MLIR header stands behind it: a model compiles in
// about a second.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_SINTER_H
#define SINTER_SINTER_H

#include "sinter/attention.h"
#include "sinter/control.h"
#include "sinter/convolution.h"
#include "sinter/gradient.h"
#include "sinter/init.h"
#include "sinter/model.h"
#include "sinter/nn.h"
#include "sinter/ops.h"
#include "sinter/optim.h"
#include "sinter/random.h"
#include "sinter/tensor.h"

#endif // SINTER_SINTER_H
