/* Reading a model's metadata. The arrays are walked by the element sizes the
 * model states, so a model compiled before a struct grew still reads right. */
#ifndef SINTER_CORE_MODEL_H
#define SINTER_CORE_MODEL_H

#include "sinter_runtime.h"

static inline const sinter_tensor *
sinter_tensor_at(const sinter_model *model, const sinter_tensor *list, int i) {
  return (const sinter_tensor *)((const char *)list +
                                 (size_t)i * model->tensor_size);
}

static inline const sinter_tensor *sinter_variable_at(const sinter_model *model,
                                                      int i) {
  return sinter_tensor_at(model, model->variables, i);
}

static inline const sinter_entry *sinter_entry_at(const sinter_model *model,
                                                  int i) {
  return (const sinter_entry *)((const char *)model->entries +
                                (size_t)i * model->entry_size);
}

static inline int64_t sinter_element_count(const sinter_tensor *tensor) {
  int64_t count = 1;
  for (int32_t d = 0; d < tensor->rank; ++d)
    count *= tensor->shape[d];
  return count;
}

/* Whether the entry learns something. One that only draws random numbers is
 * evaluated, as those that write nothing are. */
static inline int sinter_trains(const sinter_entry *entry) {
  return entry->flags & SINTER_WRITES_STATE &&
         !(entry->flags & SINTER_ONLY_DRAWS);
}

/* Why this library cannot read the model; NULL if it can. */
static inline const char *sinter_model_problem(const sinter_model *model) {
  if (!model)
    return "the model is NULL";
  if (model->struct_size < sizeof(sinter_model) ||
      model->tensor_size < sizeof(sinter_tensor) ||
      model->entry_size < sizeof(sinter_entry) ||
      model->abi_version != SINTER_ABI_VERSION)
    return "the model was compiled for another version of the Sinter runtime";
  return NULL;
}

#endif /* SINTER_CORE_MODEL_H */
