/* Two passes: the first splits the arguments into flags, values and the
 * entry's name, the second resolves names against that entry. Every mistake
 * names what was given and, where there is one, the nearest thing that
 * exists. */
#include "run/command_line.h"

#include "core/model.h"
#include "files/array.h"
#include "files/shape.h"
#include "run/nearest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 64

typedef enum flag {
  FLAG_INPUT,
  FLAG_OUTPUT,
  FLAG_EPOCHS,
  FLAG_BATCH_ORDER,
  FLAG_SEED,
  FLAG_THREADS,
  FLAG_SAVE,
  FLAG_LOAD,
  FLAG_LOG,
  NUM_VALUE_FLAGS,
  FLAG_HELP = NUM_VALUE_FLAGS,
  FLAG_DESCRIBE,
  FLAG_VERSION,
  NUM_FLAGS
} flag;

static const char *const flag_names[NUM_FLAGS] = {
    "--input", "--output",  "--epochs",   "--batch-order",
    "--seed",  "--threads", "--save",     "--load",
    "--log",   "--help",    "--describe", "--version"};

/* What the first pass finds. Values point into argv. */
typedef struct raw_arguments {
  const char *entry;
  const char *last[NUM_FLAGS]; /* the value of a flag; "" for a bare one */
  const char **assignments;    /* NAME=FILE of --input and --output, in order */
  int *is_output;
  int num_assignments;
} raw_arguments;

static int wrong(const sinter_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int wrong(const sinter_command *command, const char *format, ...) {
  va_list arguments;
  fprintf(stderr, "%s: ", command->program);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  return SINTER_EXIT_WRONG_USAGE;
}

/* The message for a name that does not exist. */
static int unknown(const sinter_command *command, const char *what,
                   const char *word, const sinter_nearest *best,
                   const char *where_to_look) {
  if (best->name)
    return wrong(command, "%s '%s'; did you mean '%s'?", what, word,
                 best->name);
  return wrong(command, "%s '%s'; %s", what, word, where_to_look);
}

static int find_flag(const char *text, size_t size) {
  for (int i = 0; i < NUM_FLAGS; ++i)
    if (strlen(flag_names[i]) == size && memcmp(flag_names[i], text, size) == 0)
      return i;
  return -1;
}

static int unknown_flag(const sinter_command *command, const char *text) {
  sinter_nearest best = {NULL, 0};
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text);
  /* Compared without the dashes, which would make any two look alike. */
  size_t dashes = strspn(name, "-");
  for (int i = 0; i < NUM_FLAGS; ++i)
    sinter_nearest_offer(&best, name + dashes, flag_names[i] + 2);
  if (best.name)
    best.name -= 2;
  return unknown(command, "unknown flag", name, &best, "--help lists them");
}

static int split_arguments(const sinter_command *command, raw_arguments *raw,
                           int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    const char *text = argv[i];
    if (text[0] != '-') {
      if (raw->entry)
        return wrong(command, "two entries, '%s' and '%s'; one runs at a time",
                     raw->entry, text);
      raw->entry = text;
      continue;
    }
    size_t size = strcspn(text, "=");
    int which = strcmp(text, "-h") == 0 ? FLAG_HELP : find_flag(text, size);
    if (which < 0)
      return unknown_flag(command, text);
    const char *value = text[size] ? text + size + 1 : NULL;
    if (which >= NUM_VALUE_FLAGS) {
      if (value)
        return wrong(command, "%s takes no value", flag_names[which]);
      raw->last[which] = "";
      continue;
    }
    if (!value && i + 1 < argc)
      value = argv[++i];
    if (!value || !*value)
      return wrong(command, "%s needs a value", flag_names[which]);
    if (which == FLAG_INPUT || which == FLAG_OUTPUT) {
      raw->is_output[raw->num_assignments] = which == FLAG_OUTPUT;
      raw->assignments[raw->num_assignments++] = value;
    } else if (raw->last[which]) {
      return wrong(command, "%s is given twice", flag_names[which]);
    }
    raw->last[which] = value;
  }
  return 0;
}

static int find_entry(sinter_command *command, const sinter_model *model,
                      const char *name) {
  sinter_nearest best = {NULL, 0};
  for (int i = 0; i < model->num_entries; ++i) {
    const sinter_entry *entry = sinter_entry_at(model, i);
    if (strcmp(entry->name, name) == 0) {
      command->entry = entry;
      return 0;
    }
    sinter_nearest_offer(&best, name, entry->name);
  }
  return unknown(command, "unknown entry", name, &best, "--help lists them");
}

/* Puts NAME=FILE in its place among the inputs or the outputs. */
static int assign(sinter_command *command, const sinter_model *model,
                  const char *text, int is_output) {
  const sinter_entry *entry = command->entry;
  const char *what = is_output ? "output" : "input";
  const sinter_tensor *list = is_output ? entry->outputs : entry->inputs;
  int count = is_output ? entry->num_outputs : entry->num_inputs;
  const char **files = is_output ? command->outputs : command->inputs;
  size_t size = strcspn(text, "=");
  if (!text[size] || size == 0 || !text[size + 1])
    return wrong(command, "--%s takes NAME=FILE, not '%s'", what, text);
  char name[256];
  snprintf(name, sizeof name, "%.*s", (int)size, text);
  sinter_nearest best = {NULL, 0};
  for (int i = 0; i < count; ++i) {
    const char *candidate = sinter_tensor_at(model, list, i)->name;
    if (strlen(candidate) == size && memcmp(candidate, text, size) == 0) {
      if (files[i])
        return wrong(command, "%s '%s' is given twice", what, candidate);
      files[i] = text + size + 1;
      if (is_output && !sinter_array_writable(files[i]))
        return wrong(command, "--output %s: the file must end in .npy or .csv",
                     text);
      return 0;
    }
    sinter_nearest_offer(&best, name, candidate);
  }
  char where[512];
  snprintf(where, sizeof where, "'%s %s --help' lists them", command->program,
           entry->name);
  char kind[300];
  snprintf(kind, sizeof kind, "'%.200s' has no %s", entry->name, what);
  return unknown(command, kind, name, &best, where);
}

static int parse_number(const sinter_command *command, flag which,
                        const char *text, uint64_t lowest, uint64_t highest,
                        uint64_t *out) {
  if (!text)
    return 0;
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end)
    return wrong(command, "%s takes a whole number, not '%s'",
                 flag_names[which], text);
  if (errno == ERANGE || value < lowest || value > highest)
    return wrong(command, "%s takes a number from %llu to %llu, not %s",
                 flag_names[which], (unsigned long long)lowest,
                 (unsigned long long)highest, text);
  *out = value;
  return 0;
}

static int has_batch_axis(const sinter_model *model,
                          const sinter_entry *entry) {
  for (int i = 0; i < entry->num_inputs; ++i)
    if (sinter_tensor_at(model, entry->inputs, i)->batch_axis >= 0)
      return 1;
  return 0;
}

static int parse_values(sinter_command *command, const sinter_model *model,
                        const raw_arguments *raw) {
  uint64_t threads = 1;
  command->epochs = 1;
  command->has_seed = raw->last[FLAG_SEED] != NULL;
  int code = parse_number(command, FLAG_EPOCHS, raw->last[FLAG_EPOCHS], 0,
                          INT64_MAX, &command->epochs);
  if (!code)
    code = parse_number(command, FLAG_SEED, raw->last[FLAG_SEED], 0, UINT64_MAX,
                        &command->seed);
  if (!code)
    code = parse_number(command, FLAG_THREADS, raw->last[FLAG_THREADS], 1,
                        MAX_THREADS, &threads);
  if (code)
    return code;
  command->threads = (int)threads;
  const char *order = raw->last[FLAG_BATCH_ORDER];
  if (order && strcmp(order, "shuffle") && strcmp(order, "sequential"))
    return wrong(command, "--batch-order is shuffle or sequential, not '%s'",
                 order);
  command->sequential = order && strcmp(order, "sequential") == 0;
  command->save = raw->last[FLAG_SAVE];
  command->load = raw->last[FLAG_LOAD];
  command->log = raw->last[FLAG_LOG];

  static const flag training[] = {FLAG_EPOCHS, FLAG_BATCH_ORDER, FLAG_LOG,
                                  FLAG_SAVE};
  int draws = (command->entry->flags & SINTER_WRITES_STATE) != 0;
  /* Saving lets the next run draw other numbers. */
  int refused = sinter_trains(command->entry) ? 0 : draws ? 3 : 4;
  for (int i = 0; i < refused; ++i)
    if (raw->last[training[i]])
      return wrong(command, "%s is for entries that train; '%s' only %s",
                   flag_names[training[i]], command->entry->name,
                   draws ? "draws random numbers" : "reads the state");
  if (order && !has_batch_axis(model, command->entry))
    return wrong(command,
                 "--batch-order has no meaning for '%s': none of its inputs "
                 "has a batch axis",
                 command->entry->name);
  return 0;
}

static int check_inputs(const sinter_command *command,
                        const sinter_model *model) {
  for (int i = 0; i < command->entry->num_inputs; ++i) {
    const sinter_tensor *input =
        sinter_tensor_at(model, command->entry->inputs, i);
    if (command->inputs[i])
      continue;
    char shape[SINTER_SHAPE_TEXT];
    sinter_batched_shape_text(shape, input->shape, input->rank,
                              input->batch_axis);
    return wrong(command, "missing input '%s' (%s %s): add --input %s=FILE",
                 input->name, sinter_dtype_name(input->dtype), shape,
                 input->name);
  }
  return 0;
}

/* Two results in one file would overwrite each other. */
static int check_targets(const sinter_command *command) {
  int outputs = command->entry->num_outputs;
  for (int i = -2; i < outputs; ++i)
    for (int j = -2; j < i; ++j) {
      const char *a = i == -2   ? command->save
                      : i == -1 ? command->log
                                : command->outputs[i];
      const char *b = j == -2   ? command->save
                      : j == -1 ? command->log
                                : command->outputs[j];
      if (a && b && strcmp(a, b) == 0 && strncmp(a, "/dev/", 5) != 0)
        return wrong(command, "two results would be written to '%s'", a);
    }
  return 0;
}

static int resolve(sinter_command *command, const sinter_model *model,
                   const raw_arguments *raw) {
  if (raw->entry) {
    int code = find_entry(command, model, raw->entry);
    if (code)
      return code;
  }
  command->action = raw->last[FLAG_HELP]       ? SINTER_SHOW_HELP
                    : raw->last[FLAG_DESCRIBE] ? SINTER_SHOW_DESCRIPTION
                    : raw->last[FLAG_VERSION]  ? SINTER_SHOW_VERSION
                                               : SINTER_RUN_ENTRY;
  if (command->action != SINTER_RUN_ENTRY)
    return 0;
  if (!raw->entry) {
    for (int i = 0; i < NUM_VALUE_FLAGS; ++i)
      if (raw->last[i])
        return wrong(command, "no entry to run; --help lists them");
    command->action = SINTER_SHOW_HELP;
    return 0;
  }
  command->inputs =
      calloc((size_t)command->entry->num_inputs + 1, sizeof *command->inputs);
  command->outputs =
      calloc((size_t)command->entry->num_outputs + 1, sizeof *command->outputs);
  if (!command->inputs || !command->outputs) {
    fprintf(stderr, "%s: not enough memory\n", command->program);
    return SINTER_EXIT_BAD_INPUT;
  }
  int code = 0;
  for (int i = 0; i < raw->num_assignments && !code; ++i)
    code = assign(command, model, raw->assignments[i], raw->is_output[i]);
  if (!code)
    code = parse_values(command, model, raw);
  if (!code)
    code = check_inputs(command, model);
  if (!code)
    code = check_targets(command);
  return code;
}

int sinter_command_parse(sinter_command *command, const sinter_model *model,
                         int argc, char **argv) {
  memset(command, 0, sizeof *command);
  command->program = model->name;
  if (argc > 0 && argv[0] && argv[0][0]) {
    const char *slash = strrchr(argv[0], '/');
    command->program = slash ? slash + 1 : argv[0];
  }
  raw_arguments raw;
  memset(&raw, 0, sizeof raw);
  raw.assignments = calloc((size_t)argc + 1, sizeof *raw.assignments);
  raw.is_output = calloc((size_t)argc + 1, sizeof *raw.is_output);
  int code = SINTER_EXIT_BAD_INPUT;
  if (raw.assignments && raw.is_output)
    code = split_arguments(command, &raw, argc, argv);
  else
    fprintf(stderr, "%s: not enough memory\n", command->program);
  if (!code)
    code = resolve(command, model, &raw);
  free(raw.assignments);
  free(raw.is_output);
  if (code)
    sinter_command_free(command);
  return code;
}

void sinter_command_free(sinter_command *command) {
  free(command->inputs);
  free(command->outputs);
  command->inputs = command->outputs = NULL;
}
