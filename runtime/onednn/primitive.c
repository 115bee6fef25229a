/* A descriptor as oneDNN's primitives.
 *
 * The buffers are offered as they lie.  Where oneDNN has only its reference
 * implementation for that, or weights of a convolution, it chooses layouts, and
 * reorders stand before and after.  Scratchpads are the caller's memory.
 */
#include "primitive.h"

#include "describe.h"

#include <string.h>

static const size_t alignment = 64;

static const char *explain(dnnl_status_t status) {
  switch (status) {
  case dnnl_out_of_memory:
    return "oneDNN: out of memory";
  case dnnl_invalid_arguments:
    return "oneDNN: invalid arguments";
  case dnnl_unimplemented:
    return "oneDNN: cannot do this computation on this machine";
  case dnnl_runtime_error:
    return "oneDNN: an error while running";
  default:
    return "oneDNN: an error";
  }
}

#define TRY(expression)                                                        \
  do {                                                                         \
    dnnl_status_t status_ = (expression);                                      \
    if (status_ != dnnl_success)                                               \
      return explain(status_);                                                 \
  } while (0)

static size_t align(size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

static void note(const_dnnl_primitive_desc_t desc, sinter_primitive *to) {
  dnnl_query_t forward[] = {dnnl_query_src_md, dnnl_query_weights_md,
                            dnnl_query_dst_md};
  dnnl_query_t data[] = {dnnl_query_diff_src_md, dnnl_query_weights_md,
                         dnnl_query_diff_dst_md};
  dnnl_query_t weights[] = {dnnl_query_src_md, dnnl_query_diff_weights_md,
                            dnnl_query_diff_dst_md};
  const dnnl_query_t *queries =
      to->call.form == SINTER_ONEDNN_BACKWARD_DATA      ? data
      : to->call.form == SINTER_ONEDNN_BACKWARD_WEIGHTS ? weights
                                                        : forward;
  int order[SINTER_TENSORS];
  sinter_order_of(to->call.form, order);
  for (int i = 0; i < SINTER_TENSORS; ++i)
    to->wanted[order[i]] = *dnnl_primitive_desc_query_md(desc, queries[i], 0);
  to->scratchpad =
      *dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
  const char *name = "";
  dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
  strncpy(to->implementation, name, sizeof to->implementation - 1);
}

static dnnl_status_t make_main(sinter_primitive *to,
                               const_dnnl_primitive_attr_t attr) {
  dnnl_primitive_desc_t desc = NULL;
  dnnl_status_t status = sinter_choose_layouts(to, attr, &desc);
  if (status != dnnl_success)
    return status;
  note(desc, to);
  status = dnnl_primitive_create(&to->main, desc);
  dnnl_primitive_desc_destroy(desc);
  return status;
}

/* A reorder where a tensor lies otherwise than the primitive asks for. */
static dnnl_status_t make_reorder(sinter_primitive *to, int which,
                                  const_dnnl_primitive_attr_t attr) {
  if (dnnl_memory_desc_equal(&to->given[which], &to->wanted[which]))
    return dnnl_success;
  const dnnl_memory_desc_t *from = &to->given[which],
                           *into = &to->wanted[which];
  if (which == SINTER_RESULT) {
    from = &to->wanted[which];
    into = &to->given[which];
  }
  dnnl_primitive_desc_t desc = NULL;
  dnnl_status_t status = dnnl_reorder_primitive_desc_create(
      &desc, from, to->engine, into, to->engine, attr);
  if (status != dnnl_success)
    return status;
  to->reorder_scratchpad[which] =
      *dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
  status = dnnl_primitive_create(&to->reorders[which], desc);
  dnnl_primitive_desc_destroy(desc);
  return status;
}

static dnnl_status_t make_all(sinter_primitive *to,
                              dnnl_primitive_attr_t attr) {
  dnnl_status_t status =
      dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
  /* Reorders have the scratchpad mode alone. */
  dnnl_primitive_attr_t plain = NULL;
  if (status == dnnl_success)
    status = dnnl_primitive_attr_clone(&plain, attr);
  dnnl_post_ops_t post_ops = NULL;
  if (status == dnnl_success)
    status = dnnl_post_ops_create(&post_ops);
  if (status == dnnl_success)
    status = sinter_add_post_ops(to, post_ops);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops(attr, post_ops);
  if (status == dnnl_success)
    status = make_main(to, attr);
  for (int i = 0; i < SINTER_TENSORS && status == dnnl_success; ++i)
    status = make_reorder(to, i, plain);
  if (post_ops)
    dnnl_post_ops_destroy(post_ops);
  if (plain)
    dnnl_primitive_attr_destroy(plain);
  return status;
}

const char *sinter_primitive_create(sinter_primitive *to,
                                    const sinter_onednn_call *call) {
  memset(to, 0, sizeof *to);
  to->call = *call;
  TRY(dnnl_engine_create(&to->engine, dnnl_cpu, 0));
  for (int i = 0; i < SINTER_TENSORS; ++i)
    TRY(sinter_describe(sinter_tensor_of(call, i), &to->given[i]));
  for (int64_t i = 0; i < call->num_post_ops; ++i) {
    const sinter_onednn_post_op *op = &call->post_ops[i];
    if (op->kind == SINTER_ONEDNN_BIAS && call->form != SINTER_ONEDNN_MATMUL) {
      dnnl_dims_t dims;
      sinter_copy_dims(&op->operand.dims[1], 1, dims);
      TRY(dnnl_memory_desc_init_by_tag(&to->operands[i], 1, dims, dnnl_f32,
                                       dnnl_a));
    } else if (op->kind < SINTER_ONEDNN_LINEAR) {
      TRY(sinter_describe(&op->operand, &to->operands[i]));
    }
  }
  dnnl_primitive_attr_t attr = NULL;
  TRY(dnnl_primitive_attr_create(&attr));
  dnnl_status_t status = make_all(to, attr);
  dnnl_primitive_attr_destroy(attr);
  TRY(status);
  size_t bytes = 0, most = 0;
  for (int i = 0; i < SINTER_TENSORS; ++i)
    if (to->reorders[i]) {
      to->moved[i] = bytes;
      bytes += align(dnnl_memory_desc_get_size(&to->wanted[i]));
      size_t own = dnnl_memory_desc_get_size(&to->reorder_scratchpad[i]);
      most = own > most ? own : most;
    }
  /* One after the other, so they share it. */
  to->scratchpad_offset = bytes;
  size_t own = dnnl_memory_desc_get_size(&to->scratchpad);
  to->scratch_bytes = bytes + align(own > most ? own : most);
  return NULL;
}

void sinter_primitive_destroy(sinter_primitive *what) {
  for (int i = 0; i < SINTER_TENSORS; ++i)
    if (what->reorders[i])
      dnnl_primitive_destroy(what->reorders[i]);
  if (what->main)
    dnnl_primitive_destroy(what->main);
  if (what->engine)
    dnnl_engine_destroy(what->engine);
}

const char *sinter_arguments_create(sinter_arguments *to,
                                    const sinter_primitive *of) {
  memset(to, 0, sizeof *to);
  TRY(dnnl_stream_create(&to->stream, of->engine, dnnl_stream_default_flags));
  for (int i = 0; i < SINTER_TENSORS; ++i) {
    TRY(dnnl_memory_create(&to->given[i], &of->given[i], of->engine,
                           DNNL_MEMORY_NONE));
    if (!of->reorders[i])
      continue;
    TRY(dnnl_memory_create(&to->moved[i], &of->wanted[i], of->engine,
                           DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&to->reorder_scratchpad[i],
                           &of->reorder_scratchpad[i], of->engine,
                           DNNL_MEMORY_NONE));
  }
  for (int64_t i = 0; i < of->call.num_post_ops; ++i)
    if (of->call.post_ops[i].kind < SINTER_ONEDNN_LINEAR)
      TRY(dnnl_memory_create(&to->operands[i], &of->operands[i], of->engine,
                             DNNL_MEMORY_NONE));
  TRY(dnnl_memory_create(&to->scratchpad, &of->scratchpad, of->engine,
                         DNNL_MEMORY_NONE));
  return NULL;
}

static void destroy(dnnl_memory_t memory) {
  if (memory)
    dnnl_memory_destroy(memory);
}

void sinter_arguments_destroy(sinter_arguments *what) {
  for (int i = 0; i < SINTER_TENSORS; ++i) {
    destroy(what->given[i]);
    destroy(what->moved[i]);
    destroy(what->reorder_scratchpad[i]);
  }
  for (int i = 0; i < SINTER_ONEDNN_POST_OPS; ++i)
    destroy(what->operands[i]);
  destroy(what->scratchpad);
  if (what->stream)
    dnnl_stream_destroy(what->stream);
}

/* Where a task's part of a tensor begins. */
static void *place(const sinter_onednn_tensor *tensor, void *const *buffers,
                   int64_t first) {
  int64_t skip = tensor->split < 0 ? 0 : first * tensor->strides[tensor->split];
  return (float *)buffers[tensor->buffer] + tensor->offset + skip;
}

static const char *reorder(const sinter_primitive *what,
                           const sinter_arguments *arguments, int which) {
  int into = which == SINTER_RESULT;
  dnnl_exec_arg_t list[] = {
      {DNNL_ARG_FROM, into ? arguments->moved[which] : arguments->given[which]},
      {DNNL_ARG_TO, into ? arguments->given[which] : arguments->moved[which]},
      {DNNL_ARG_SCRATCHPAD, arguments->reorder_scratchpad[which]}};
  TRY(dnnl_primitive_execute(what->reorders[which], arguments->stream, 3,
                             list));
  return NULL;
}

static const char *run_main(const sinter_primitive *what,
                            const sinter_arguments *arguments) {
  static const int data[] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS,
                             DNNL_ARG_DIFF_DST};
  static const int weights[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS,
                                DNNL_ARG_DIFF_DST};
  static const int forward[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
  int64_t form = what->call.form;
  const int *names = form == SINTER_ONEDNN_BACKWARD_DATA      ? data
                     : form == SINTER_ONEDNN_BACKWARD_WEIGHTS ? weights
                                                              : forward;
  dnnl_exec_arg_t list[SINTER_TENSORS + SINTER_ONEDNN_POST_OPS + 1];
  int count = 0, order[SINTER_TENSORS];
  sinter_order_of(form, order);
  for (int i = 0; i < SINTER_TENSORS; ++i) {
    int which = order[i];
    list[count].arg = names[i];
    list[count++].memory = what->reorders[which] ? arguments->moved[which]
                                                 : arguments->given[which];
  }
  int step = 0; /* the bias is not one of oneDNN's post-ops */
  for (int64_t i = 0; i < what->call.num_post_ops; ++i) {
    int64_t kind = what->call.post_ops[i].kind;
    if (kind < SINTER_ONEDNN_LINEAR) {
      list[count].arg =
          kind == SINTER_ONEDNN_BIAS
              ? DNNL_ARG_BIAS
              : DNNL_ARG_ATTR_MULTIPLE_POST_OP(step) | DNNL_ARG_SRC_1;
      list[count++].memory = arguments->operands[i];
    }
    step += kind != SINTER_ONEDNN_BIAS;
  }
  list[count].arg = DNNL_ARG_SCRATCHPAD;
  list[count++].memory = arguments->scratchpad;
  TRY(dnnl_primitive_execute(what->main, arguments->stream, count, list));
  return NULL;
}

const char *sinter_primitive_run(const sinter_primitive *what,
                                 const sinter_arguments *arguments,
                                 int64_t task, int64_t rows,
                                 void *const *buffers, char *scratch) {
  const int64_t first = task * rows;
  for (int i = 0; i < SINTER_TENSORS; ++i) {
    TRY(dnnl_memory_set_data_handle(
        arguments->given[i],
        place(sinter_tensor_of(&what->call, i), buffers, first)));
    if (!what->reorders[i])
      continue;
    TRY(dnnl_memory_set_data_handle(arguments->moved[i],
                                    scratch + what->moved[i]));
    TRY(dnnl_memory_set_data_handle(arguments->reorder_scratchpad[i],
                                    scratch + what->scratchpad_offset));
  }
  for (int64_t i = 0; i < what->call.num_post_ops; ++i)
    if (arguments->operands[i])
      TRY(dnnl_memory_set_data_handle(
          arguments->operands[i],
          place(&what->call.post_ops[i].operand, buffers, first)));
  TRY(dnnl_memory_set_data_handle(arguments->scratchpad,
                                  scratch + what->scratchpad_offset));
  const char *message = NULL;
  for (int i = SINTER_LHS; i <= SINTER_RHS && !message; ++i)
    if (what->reorders[i])
      message = reorder(what, arguments, i);
  if (!message)
    message = run_main(what, arguments);
  if (!message && what->reorders[SINTER_RESULT])
    message = reorder(what, arguments, SINTER_RESULT);
  if (!message)
    TRY(dnnl_stream_wait(arguments->stream));
  return message;
}
