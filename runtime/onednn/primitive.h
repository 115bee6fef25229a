/* A descriptor as oneDNN's primitives: the one that computes, and reorders into
 * and out of the layouts that it asks for. */
#ifndef SINTER_ONEDNN_PRIMITIVE_H
#define SINTER_ONEDNN_PRIMITIVE_H

#include "sinter_onednn.h"

#include <dnnl.h>

enum { SINTER_LHS, SINTER_RHS, SINTER_RESULT, SINTER_TENSORS };

/* Shared by all runs; nothing in it changes. */
typedef struct sinter_primitive {
  sinter_onednn_call call; /* of one task */
  dnnl_engine_t engine;
  dnnl_memory_desc_t given[SINTER_TENSORS], wanted[SINTER_TENSORS];
  dnnl_memory_desc_t operands[SINTER_ONEDNN_POST_OPS];
  dnnl_memory_desc_t scratchpad, reorder_scratchpad[SINTER_TENSORS];
  dnnl_primitive_t main, reorders[SINTER_TENSORS]; /* NULL: as it lies */
  /* Bytes into the task's scratch. */
  size_t moved[SINTER_TENSORS], scratchpad_offset;
  size_t scratch_bytes;
  char implementation[64];
} sinter_primitive;

/* Returns NULL, or what failed; `to` is to be destroyed in any case. */
const char *sinter_primitive_create(sinter_primitive *to,
                                    const sinter_onednn_call *call);
void sinter_primitive_destroy(sinter_primitive *what);

/* What a run needs beside the primitives: memory objects, whose pointers are
 * set for each run. */
typedef struct sinter_arguments {
  dnnl_stream_t stream;
  dnnl_memory_t given[SINTER_TENSORS], moved[SINTER_TENSORS];
  dnnl_memory_t operands[SINTER_ONEDNN_POST_OPS];
  dnnl_memory_t scratchpad, reorder_scratchpad[SINTER_TENSORS];
} sinter_arguments;

const char *sinter_arguments_create(sinter_arguments *to,
                                    const sinter_primitive *of);
void sinter_arguments_destroy(sinter_arguments *what);

/* Task number `task` of a call whose tasks take `rows` each. */
const char *sinter_primitive_run(const sinter_primitive *what,
                                 const sinter_arguments *arguments,
                                 int64_t task, int64_t rows,
                                 void *const *buffers, char *scratch);

#endif
