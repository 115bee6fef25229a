/* One run of one entry: everything it needs in memory, allocated before the
 * first step, so that steps allocate nothing. */
#ifndef SINTER_RUN_SESSION_H
#define SINTER_RUN_SESSION_H

#include "files/array.h"
#include "files/state.h"
#include "run/batch.h"
#include "run/command_line.h"

typedef struct sinter_session {
  const sinter_model *model;
  const sinter_entry *entry;
  const sinter_command *command;
  sinter_pool *pool;
  sinter_host host;
  void *state;
  void *workspace;
  void **args;               /* what the entry gets */
  void **buffers;            /* owned; args point here or into the arrays */
  sinter_array *arrays;      /* the inputs' files */
  sinter_layout *layouts;    /* of inputs, then outputs, with a batch axis */
  int64_t batch;             /* samples a step; 0: no input has a batch axis */
  int64_t samples;           /* in the files; 1 without a batch axis */
  sinter_progress_mark mark; /* where the loaded state stands */
  uint64_t seed;             /* of the shuffle */
} sinter_session;

const sinter_tensor *sinter_session_input(const sinter_session *session, int i);
const sinter_tensor *sinter_session_output(const sinter_session *session,
                                           int i);
/* What the entry writes output `i` to. */
const void *sinter_session_result(const sinter_session *session, int i);

/* Loads inputs and state. Returns 0, or the exit code after a message. */
int sinter_session_open(sinter_session *session, const sinter_model *model,
                        const sinter_command *command);
void sinter_session_close(sinter_session *session);

/* Runs the entry once on samples order[first] …; see sinter_gather. Without a
 * batch axis the arguments are ignored. Returns 0, or the exit code after a
 * message. */
int sinter_session_step(sinter_session *session, const int64_t *order,
                        int64_t first, int64_t count);

/* Prints an error on stderr and returns SINTER_EXIT_BAD_INPUT. */
int sinter_session_fail(const sinter_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* SINTER_RUN_SESSION_H */
