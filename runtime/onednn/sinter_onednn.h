/* The C interface between generated code and oneDNN, for models compiled with
 * --library=onednn.  A descriptor is constant data of the model: what is
 * computed, on which of the call's buffers, and how their elements lie.  All
 * its members are 64-bit integers, so that the compiler can write it word by
 * word (compiler/ir/LibraryPrimitive).
 */
#ifndef SINTER_ONEDNN_H
#define SINTER_ONEDNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  SINTER_ONEDNN_RANK = 6, /* groups, channels in and out, three of space */
  SINTER_ONEDNN_SPACE = 3,
  SINTER_ONEDNN_POST_OPS = 4,
  SINTER_ONEDNN_BUFFERS = 8 /* operands, then the result */
};

typedef enum sinter_onednn_form {
  SINTER_ONEDNN_MATMUL = 0,
  SINTER_ONEDNN_CONVOLUTION = 1,
  SINTER_ONEDNN_BACKWARD_DATA = 2,   /* lhs: what the forward form results in */
  SINTER_ONEDNN_BACKWARD_WEIGHTS = 3 /* rhs: that; result: the weights */
} sinter_onednn_form;

typedef enum sinter_onednn_post_op_kind {
  SINTER_ONEDNN_BIAS = 0, /* an addition that varies along channels alone */
  SINTER_ONEDNN_ADD = 1,
  SINTER_ONEDNN_SUB = 2,
  SINTER_ONEDNN_MUL = 3,
  SINTER_ONEDNN_DIV = 4,
  SINTER_ONEDNN_LINEAR = 5, /* alpha·x + beta */
  SINTER_ONEDNN_TANH = 6,
  SINTER_ONEDNN_LOGISTIC = 7,
  SINTER_ONEDNN_GELU_ERF = 8,
  SINTER_ONEDNN_EXP = 9,
  SINTER_ONEDNN_ABS = 10,
  SINTER_ONEDNN_SQRT = 11,
  SINTER_ONEDNN_SQUARE = 12
} sinter_onednn_post_op_kind;

/* f32 elements in oneDNN's order of dimensions: [batch…, rows, columns], or
 * [samples, channels, space…] and [groups?, out, in, space…]. */
typedef struct sinter_onednn_tensor {
  int64_t buffer; /* its number in the call */
  int64_t offset; /* all in elements */
  int64_t rank;
  int64_t split; /* the dimension that tasks share out, or -1 */
  int64_t dims[SINTER_ONEDNN_RANK];
  int64_t strides[SINTER_ONEDNN_RANK];
} sinter_onednn_tensor;

typedef struct sinter_onednn_post_op {
  int64_t kind;
  int64_t alpha, beta; /* of LINEAR: the bits of two floats */
  sinter_onednn_tensor operand;
} sinter_onednn_post_op;

typedef struct sinter_onednn_call {
  int64_t hash; /* of all other words; only to tell descriptors apart soon */
  int64_t form;
  int64_t tasks;         /* parts of equal size, the last one may be smaller */
  int64_t scratch_bytes; /* of the call, all tasks; 64-byte aligned */
  int64_t num_post_ops;
  int64_t space; /* spatial dimensions of a convolution */
  int64_t strides[SINTER_ONEDNN_SPACE];
  int64_t dilations[SINTER_ONEDNN_SPACE]; /* 1 is dense */
  int64_t low[SINTER_ONEDNN_SPACE], high[SINTER_ONEDNN_SPACE];
  sinter_onednn_tensor lhs, rhs, result;
  sinter_onednn_post_op post_ops[SINTER_ONEDNN_POST_OPS];
} sinter_onednn_call;

/* What an entry of a compiled model keeps on its stack for one run.  Hooks are
 * those of its sinter_host. */
typedef struct sinter_onednn_frame {
  int (*parallel_for)(void *self, int64_t n, int (*body)(void *data, int64_t i),
                      void *data);
  void *self;
  int32_t status;      /* what parallel_for returned, if not 0 */
  const char *message; /* why a call failed, or NULL */
} sinter_onednn_frame;

/* Computes `call` on its buffers.  Primitives are made at the first run and
 * kept while the library is loaded; buffers of memory are the caller's.  May be
 * called from several threads at once.  The result does not depend on how many
 * threads there are: tasks are fixed by the descriptor, and oneDNN runs each in
 * the one thread that took it.  What fails sets `frame->message`. */
void sinter_onednn_run(const sinter_onednn_call *call, void *b0, void *b1,
                       void *b2, void *b3, void *b4, void *b5, void *b6,
                       void *b7, void *scratch, sinter_onednn_frame *frame);

/* Asks oneDNN on this machine: how many bytes of scratch all tasks need, and
 * what it calls the implementation it chose.  Returns NULL, or why it cannot.
 */
const char *sinter_onednn_query(const sinter_onednn_call *call,
                                int64_t *scratch_bytes, char *implementation,
                                size_t implementation_size);

#ifdef __cplusplus
}
#endif
#endif
