/* The arguments of a compiled executable, checked against its model. */
#ifndef SINTER_RUN_COMMAND_LINE_H
#define SINTER_RUN_COMMAND_LINE_H

#include "sinter_runtime.h"

#define SINTER_EXIT_DONE 0
#define SINTER_EXIT_BAD_INPUT 1
#define SINTER_EXIT_WRONG_USAGE 2

typedef enum sinter_action {
  SINTER_RUN_ENTRY,
  SINTER_SHOW_HELP,
  SINTER_SHOW_DESCRIPTION,
  SINTER_SHOW_VERSION
} sinter_action;

typedef struct sinter_command {
  const char *program; /* for messages */
  sinter_action action;
  const sinter_entry *entry; /* NULL: none given */
  const char **inputs;       /* a place for each input of the entry */
  const char **outputs;      /* a path for each output, or NULL */
  uint64_t epochs;
  uint64_t seed;
  int has_seed;
  int sequential;
  int threads;
  const char *save;
  const char *load;
  const char *log;
} sinter_command;

/* Returns 0, or the exit code after a message on stderr. */
int sinter_command_parse(sinter_command *command, const sinter_model *model,
                         int argc, char **argv);
void sinter_command_free(sinter_command *command);

#endif /* SINTER_RUN_COMMAND_LINE_H */
