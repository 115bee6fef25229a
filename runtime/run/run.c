/* The command line of compiled executables: parse, then help, describe, train
 * or evaluate. Nothing here knows any model; metadata says all. */
#include "core/model.h"
#include "run/command_line.h"
#include "run/describe.h"
#include "run/evaluate.h"
#include "run/session.h"
#include "run/train.h"

#include <stdio.h>

static int run_entry(const sinter_command *command, const sinter_model *model) {
  sinter_session session;
  int code = sinter_session_open(&session, model, command);
  if (code)
    return code;
  code = sinter_trains(command->entry) ? sinter_train(&session)
                                       : sinter_evaluate(&session);
  sinter_session_close(&session);
  return code;
}

int sinter_run(const sinter_model *model, int argc, char **argv) {
  const char *problem = sinter_model_problem(model);
  if (problem) {
    fprintf(stderr, "%s\n", problem);
    return SINTER_EXIT_BAD_INPUT;
  }
  sinter_command command;
  int code = sinter_command_parse(&command, model, argc, argv);
  if (code)
    return code;
  switch (command.action) {
  case SINTER_SHOW_HELP:
    sinter_show_help(&command, model);
    break;
  case SINTER_SHOW_DESCRIPTION:
    sinter_show_description(model);
    break;
  case SINTER_SHOW_VERSION:
    sinter_show_version(model);
    break;
  case SINTER_RUN_ENTRY:
    code = run_entry(&command, model);
    break;
  }
  /* A full disk behind a redirected stdout must not look like success. */
  if ((fflush(stdout) || ferror(stdout)) && code == SINTER_EXIT_DONE) {
    fprintf(stderr, "%s: cannot write to stdout\n", command.program);
    code = SINTER_EXIT_BAD_INPUT;
  }
  sinter_command_free(&command);
  return code;
}
