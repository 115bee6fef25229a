/* What a descriptor is in oneDNN's words. */
#include "describe.h"

#include <string.h>

const sinter_onednn_tensor *sinter_tensor_of(const sinter_onednn_call *call,
                                             int which) {
  return which == SINTER_LHS   ? &call->lhs
         : which == SINTER_RHS ? &call->rhs
                               : &call->result;
}

/* oneDNN's arrays are longer than the descriptor's. */
void sinter_copy_dims(const int64_t *from, int64_t count, dnnl_dims_t to) {
  memset(to, 0, sizeof(dnnl_dims_t));
  memcpy(to, from, (size_t)count * sizeof *from);
}

dnnl_status_t sinter_describe(const sinter_onednn_tensor *from,
                              dnnl_memory_desc_t *to) {
  dnnl_dims_t dims, strides;
  sinter_copy_dims(from->dims, from->rank, dims);
  sinter_copy_dims(from->strides, from->rank, strides);
  return dnnl_memory_desc_init_by_strides(to, (int)from->rank, dims, dnnl_f32,
                                          strides);
}

/* The same dimensions, laid out as oneDNN likes. */
static dnnl_status_t leave_open(const sinter_onednn_tensor *from,
                                dnnl_memory_desc_t *to) {
  dnnl_dims_t dims;
  sinter_copy_dims(from->dims, from->rank, dims);
  return dnnl_memory_desc_init_by_tag(to, (int)from->rank, dims, dnnl_f32,
                                      dnnl_format_tag_any);
}

static int is_binary(int64_t kind) {
  return kind != SINTER_ONEDNN_BIAS && kind < SINTER_ONEDNN_LINEAR;
}

static dnnl_alg_kind_t algorithm_of(int64_t kind) {
  switch (kind) {
  case SINTER_ONEDNN_ADD:
    return dnnl_binary_add;
  case SINTER_ONEDNN_SUB:
    return dnnl_binary_sub;
  case SINTER_ONEDNN_MUL:
    return dnnl_binary_mul;
  case SINTER_ONEDNN_DIV:
    return dnnl_binary_div;
  case SINTER_ONEDNN_LINEAR:
    return dnnl_eltwise_linear;
  case SINTER_ONEDNN_TANH:
    return dnnl_eltwise_tanh;
  case SINTER_ONEDNN_LOGISTIC:
    return dnnl_eltwise_logistic;
  case SINTER_ONEDNN_GELU_ERF:
    return dnnl_eltwise_gelu_erf;
  case SINTER_ONEDNN_EXP:
    return dnnl_eltwise_exp;
  case SINTER_ONEDNN_ABS:
    return dnnl_eltwise_abs;
  case SINTER_ONEDNN_SQRT:
    return dnnl_eltwise_sqrt;
  default:
    return dnnl_eltwise_square;
  }
}

static float float_of(int64_t bits) {
  uint32_t word = (uint32_t)bits;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

/* Everything but a bias, which is an argument of the primitive. */
dnnl_status_t sinter_add_post_ops(const sinter_primitive *what,
                                  dnnl_post_ops_t to) {
  const sinter_onednn_call *call = &what->call;
  for (int64_t i = 0; i < call->num_post_ops; ++i) {
    const sinter_onednn_post_op *op = &call->post_ops[i];
    dnnl_status_t status = dnnl_success;
    if (is_binary(op->kind))
      status = dnnl_post_ops_append_binary(to, algorithm_of(op->kind),
                                           &what->operands[i]);
    else if (op->kind != SINTER_ONEDNN_BIAS)
      status =
          dnnl_post_ops_append_eltwise(to, 1, algorithm_of(op->kind),
                                       float_of(op->alpha), float_of(op->beta));
    if (status != dnnl_success)
      return status;
  }
  return dnnl_success;
}

static int bias_of(const sinter_onednn_call *call) {
  for (int i = 0; i < call->num_post_ops; ++i)
    if (call->post_ops[i].kind == SINTER_ONEDNN_BIAS)
      return i;
  return -1;
}

/* Tensors in the order source, weights, destination of the forward form. */
void sinter_order_of(int64_t form, int order[SINTER_TENSORS]) {
  static const int orders[][SINTER_TENSORS] = {
      {SINTER_LHS, SINTER_RHS, SINTER_RESULT},
      {SINTER_LHS, SINTER_RHS, SINTER_RESULT},
      {SINTER_RESULT, SINTER_RHS, SINTER_LHS},
      {SINTER_LHS, SINTER_RESULT, SINTER_RHS}};
  memcpy(order, orders[form], sizeof orders[form]);
}

static dnnl_status_t describe_convolution(const sinter_primitive *what,
                                          const dnnl_memory_desc_t *offered,
                                          const_dnnl_primitive_attr_t attr,
                                          dnnl_primitive_desc_t *to) {
  const sinter_onednn_call *call = &what->call;
  int order[SINTER_TENSORS], bias = bias_of(call);
  sinter_order_of(call->form, order);
  const dnnl_memory_desc_t *source = &offered[order[0]],
                           *weights = &offered[order[1]],
                           *destination = &offered[order[2]],
                           *biases = bias < 0 ? NULL : &what->operands[bias];
  dnnl_dims_t strides, dilations, low, high;
  sinter_copy_dims(call->strides, call->space, strides);
  sinter_copy_dims(call->dilations, call->space, dilations);
  sinter_copy_dims(call->low, call->space, low);
  sinter_copy_dims(call->high, call->space, high);
  for (int64_t i = 0; i < call->space; ++i)
    --dilations[i]; /* oneDNN counts the elements left out */
  dnnl_convolution_desc_t desc;
  const dnnl_alg_kind_t direct = dnnl_convolution_direct;
  const int is_forward = call->form == SINTER_ONEDNN_CONVOLUTION;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &desc, is_forward ? dnnl_forward_inference : dnnl_forward_training,
      direct, source, weights, biases, destination, strides, dilations, low,
      high);
  if (status != dnnl_success)
    return status;
  dnnl_primitive_desc_t forward = NULL;
  status =
      dnnl_primitive_desc_create(&forward, &desc, attr, what->engine, NULL);
  if (is_forward || status != dnnl_success) {
    *to = forward;
    return status;
  }
  status = call->form == SINTER_ONEDNN_BACKWARD_DATA
               ? dnnl_dilated_convolution_backward_data_desc_init(
                     &desc, direct, source, weights, destination, strides,
                     dilations, low, high)
               : dnnl_dilated_convolution_backward_weights_desc_init(
                     &desc, direct, source, weights, NULL, destination, strides,
                     dilations, low, high);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(to, &desc, attr, what->engine, forward);
  dnnl_primitive_desc_destroy(forward);
  return status;
}

static dnnl_status_t describe_main(const sinter_primitive *what,
                                   const dnnl_memory_desc_t *offered,
                                   const_dnnl_primitive_attr_t attr,
                                   dnnl_primitive_desc_t *to) {
  if (what->call.form != SINTER_ONEDNN_MATMUL)
    return describe_convolution(what, offered, attr, to);
  int bias = bias_of(&what->call);
  dnnl_matmul_desc_t desc;
  dnnl_status_t status = dnnl_matmul_desc_init(
      &desc, &offered[SINTER_LHS], &offered[SINTER_RHS],
      bias < 0 ? NULL : &what->operands[bias], &offered[SINTER_RESULT]);
  return status != dnnl_success
             ? status
             : dnnl_primitive_desc_create(to, &desc, attr, what->engine, NULL);
}

static int is_reference(const_dnnl_primitive_desc_t desc) {
  const char *name = "";
  dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
  return strncmp(name, "ref", 3) == 0 || strncmp(name, "gemm:ref", 8) == 0;
}

/* As the buffers lie, or as oneDNN likes where that is more than its
 * reference. */
dnnl_status_t sinter_choose_layouts(const sinter_primitive *what,
                                    const_dnnl_primitive_attr_t attr,
                                    dnnl_primitive_desc_t *to) {
  dnnl_memory_desc_t offered[SINTER_TENSORS], open[SINTER_TENSORS];
  int order[SINTER_TENSORS];
  sinter_order_of(what->call.form, order);
  memcpy(offered, what->given, sizeof offered);
  for (int i = 0; i < SINTER_TENSORS; ++i) {
    dnnl_status_t status =
        leave_open(sinter_tensor_of(&what->call, i), &open[i]);
    if (status != dnnl_success)
      return status;
  }
  if (what->call.form != SINTER_ONEDNN_MATMUL)
    offered[order[1]] = open[order[1]];
  dnnl_status_t status = describe_main(what, offered, attr, to);
  if (status == dnnl_success && !is_reference(*to))
    return status;
  dnnl_primitive_desc_t other = NULL;
  if (describe_main(what, open, attr, &other) == dnnl_success &&
      (status != dnnl_success || !is_reference(other))) {
    if (status == dnnl_success)
      dnnl_primitive_desc_destroy(*to);
    *to = other;
    return dnnl_success;
  }
  if (other)
    dnnl_primitive_desc_destroy(other);
  return status;
}
