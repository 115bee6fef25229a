/* What a descriptor is in oneDNN's words: memory, post-ops, and the primitive
 * for it in the layouts that oneDNN is fastest in. */
#ifndef SINTER_ONEDNN_DESCRIBE_H
#define SINTER_ONEDNN_DESCRIBE_H

#include "primitive.h"

/* The call's left operand, its right one or its result. */
const sinter_onednn_tensor *sinter_tensor_of(const sinter_onednn_call *call,
                                             int which);

/* oneDNN's arrays are longer than the descriptor's. */
void sinter_copy_dims(const int64_t *from, int64_t count, dnnl_dims_t to);

/* Memory as it lies. */
dnnl_status_t sinter_describe(const sinter_onednn_tensor *from,
                              dnnl_memory_desc_t *to);

/* Everything but a bias, which is an argument of the primitive. */
dnnl_status_t sinter_add_post_ops(const sinter_primitive *what,
                                  dnnl_post_ops_t to);

/* Tensors in the order source, weights, destination of the forward form. */
void sinter_order_of(int64_t form, int order[SINTER_TENSORS]);

/* As the buffers lie, or as oneDNN likes where that is more than its
 * reference. */
dnnl_status_t sinter_choose_layouts(const sinter_primitive *what,
                                    const_dnnl_primitive_attr_t attr,
                                    dnnl_primitive_desc_t *to);

#endif
