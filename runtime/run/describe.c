/* Help, description and version, all from the model's metadata. */
#include "run/describe.h"

#include "core/model.h"
#include "files/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char flags_text[] =
    "flags:\n"
    "  --input NAME=FILE    an input: IDX, .npy, .npz[:ARRAY], .csv (also as\n"
    "                       .gz) or .safetensors[:TENSOR]; any number N of\n"
    "                       samples\n"
    "  --output NAME=FILE   write an output to FILE, .npy or .csv\n"
    "  --load FILE          begin with a saved state; without it, with a new\n"
    "                       one from --seed\n"
    "  --seed N             seed of a new state and of the shuffle (0)\n"
    "  --threads N          threads, 1 to 64 (1); results do not depend on it\n"
    "for entries that train:\n"
    "  --epochs N           passes over the samples, or steps where no input\n"
    "                       has samples (1)\n"
    "  --batch-order ORDER  shuffle or sequential (shuffle)\n"
    "  --save FILE          write the state at the end, and when interrupted\n"
    "                       (also for entries that draw random numbers, which\n"
    "                       go on from there)\n"
    "  --log FILE.csv       write a row for every epoch\n";

static void show_tensors(const sinter_model *model, const char *what,
                         const sinter_tensor *list, int count) {
  int width = 0;
  for (int i = 0; i < count; ++i) {
    int size = (int)strlen(sinter_tensor_at(model, list, i)->name);
    width = size > width ? size : width;
  }
  for (int i = 0; i < count; ++i) {
    const sinter_tensor *tensor = sinter_tensor_at(model, list, i);
    char shape[SINTER_SHAPE_TEXT];
    sinter_shape_text(shape, tensor->shape, tensor->rank);
    printf("  %-6s  %-*s  %-4s  %s", what, width, tensor->name,
           sinter_dtype_name(tensor->dtype), shape);
    if (tensor->batch_axis >= 0)
      printf("  batch axis %" PRId32, tensor->batch_axis);
    putchar('\n');
  }
}

static void show_entry(const sinter_model *model, const sinter_entry *entry) {
  printf("entry %s: %s, workspace %" PRIu64 " bytes\n", entry->name,
         sinter_trains(entry)                 ? "writes the state"
         : entry->flags & SINTER_WRITES_STATE ? "draws random numbers"
                                              : "reads the state",
         entry->workspace_bytes);
  show_tensors(model, "input", entry->inputs, entry->num_inputs);
  show_tensors(model, "output", entry->outputs, entry->num_outputs);
}

void sinter_show_help(const sinter_command *command,
                      const sinter_model *model) {
  if (command->entry) {
    printf("usage: %s %s", command->program, command->entry->name);
    for (int i = 0; i < command->entry->num_inputs; ++i)
      printf(" --input %s=FILE",
             sinter_tensor_at(model, command->entry->inputs, i)->name);
    printf(" [flags]\n\n");
    show_entry(model, command->entry);
    printf("\n%s", flags_text);
    return;
  }
  printf("usage: %s ENTRY [flags]\n"
         "       %s ENTRY --help\n"
         "       %s --describe | --version | --help\n\nentries:\n",
         command->program, command->program, command->program);
  for (int i = 0; i < model->num_entries; ++i) {
    const sinter_entry *entry = sinter_entry_at(model, i);
    printf("  %s (", entry->name);
    for (int k = 0; k < entry->num_inputs; ++k)
      printf("%s%s", k ? ", " : "",
             sinter_tensor_at(model, entry->inputs, k)->name);
    printf(") ->");
    for (int k = 0; k < entry->num_outputs; ++k)
      printf("%s %s", k ? "," : "",
             sinter_tensor_at(model, entry->outputs, k)->name);
    printf("%s\n", sinter_trains(entry) ? "; trains" : "");
  }
  printf("\n%s", flags_text);
}

static int64_t parameter_count(const sinter_model *model) {
  int64_t count = 0;
  for (int i = 0; i < model->num_variables; ++i) {
    const sinter_tensor *variable = sinter_variable_at(model, i);
    if (variable->flags & SINTER_TRAINABLE)
      count += sinter_element_count(variable);
  }
  return count;
}

void sinter_show_description(const sinter_model *model) {
  printf("model       %s\n", model->name);
  printf("target      %s\n", model->target);
  printf("compiler    %s\n", model->compiler);
  printf("state       %" PRIu64 " bytes\n", model->state_bytes);
  printf("parameters  %" PRId64 "\n", parameter_count(model));
  for (int i = 0; i < model->num_entries; ++i) {
    putchar('\n');
    show_entry(model, sinter_entry_at(model, i));
  }
  if (!model->num_variables)
    return;
  int width = 0;
  for (int i = 0; i < model->num_variables; ++i) {
    int size = (int)strlen(sinter_variable_at(model, i)->name);
    width = size > width ? size : width;
  }
  printf("\nvariables\n");
  for (int i = 0; i < model->num_variables; ++i) {
    const sinter_tensor *variable = sinter_variable_at(model, i);
    char shape[SINTER_SHAPE_TEXT];
    sinter_shape_text(shape, variable->shape, variable->rank);
    printf("  %-*s  %-4s  %-16s  %10" PRIu64 " bytes%s\n", width,
           variable->name, sinter_dtype_name(variable->dtype), shape,
           variable->bytes,
           variable->flags & SINTER_TRAINABLE ? "  trainable" : "");
  }
}

void sinter_show_version(const sinter_model *model) {
  printf("%s, compiled by %s for %s\n", model->name, model->compiler,
         model->target);
}
