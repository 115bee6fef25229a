/* Epochs over the samples in the order of sinter_shuffle(seed, epoch), or as
 * they lie in the files. A last partial batch is left out. Where the run
 * stands is saved with the state, so that `--load` goes on with the very next
 * batch: training in parts gives the bits of training at once. */
#include "run/train.h"

#include "run/clock.h"
#include "run/interrupt.h"
#include "run/measure.h"
#include "run/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 2048

/* By convention a process ended by signal s exits with this plus s. */
#define SIGNAL_EXIT 128

/* As many as determine a binary32. */
#define LOG_DIGITS 9

typedef struct training {
  sinter_session *session;
  sinter_progress progress;
  int64_t steps; /* an epoch */
  int64_t *order;
  double *sums; /* of the epoch's steps, for each output */
  double *means;
  sinter_outfile log;
  sinter_outfile *outputs; /* for each output; not open without --output */
  sinter_progress_mark mark;
  int has_stepped;
} training;

/* Opens what is written to from the first step on or at the end. */
static int open_files(training *run) {
  const sinter_session *session = run->session;
  const sinter_command *command = session->command;
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  if (command->log && sinter_outfile_open(&run->log, command->log, &error))
    return sinter_session_fail(session, "%s", message);
  for (int i = 0; i < session->entry->num_outputs; ++i)
    if (command->outputs[i] &&
        sinter_outfile_open(&run->outputs[i], command->outputs[i], &error))
      return sinter_session_fail(session, "%s", message);
  return 0;
}

/* Of an output that is measured. */
static int64_t values_a_step(const sinter_tensor *output) {
  return output->batch_axis < 0 ? 1 : output->shape[0];
}

static void log_names(training *run) {
  if (!run->log.stream)
    return;
  fprintf(run->log.stream, "epoch,samples");
  for (int i = 0; i < run->session->entry->num_outputs; ++i)
    if (sinter_is_measured(run->session, i))
      fprintf(run->log.stream, ",%s",
              sinter_session_output(run->session, i)->name);
  fprintf(run->log.stream, ",seconds,samples_per_second\n");
}

static void log_epoch(training *run, uint64_t epoch, int64_t steps,
                      int64_t samples, double seconds) {
  if (!run->log.stream)
    return;
  fprintf(run->log.stream, "%" PRIu64 ",%" PRId64, epoch + 1, samples);
  for (int i = 0; i < run->session->entry->num_outputs; ++i) {
    const sinter_tensor *output = sinter_session_output(run->session, i);
    if (!sinter_is_measured(run->session, i))
      continue;
    char number[SINTER_NUMBER_TEXT];
    sinter_number_text(number, output, sinter_session_result(run->session, i),
                       run->means[i], steps * values_a_step(output),
                       LOG_DIGITS);
    fprintf(run->log.stream, ",%s", number);
  }
  fprintf(run->log.stream, ",%.6f,%.6g\n", seconds,
          seconds > 0 ? (double)samples / seconds : 0);
}

/* Adds the outputs of the step just done; `steps` are in the sums then. */
static void measure(training *run, int64_t steps) {
  for (int i = 0; i < run->session->entry->num_outputs; ++i) {
    if (!sinter_is_measured(run->session, i))
      continue;
    const sinter_tensor *output = sinter_session_output(run->session, i);
    int64_t count = values_a_step(output);
    run->sums[i] +=
        sinter_sum(output, sinter_session_result(run->session, i), count) /
        (double)count;
    run->means[i] = run->sums[i] / (double)steps;
  }
}

/* Runs the steps of one epoch from run->mark.step on. */
static int train_epoch(training *run, uint64_t epoch) {
  sinter_session *session = run->session;
  double start = sinter_seconds();
  int64_t first = (int64_t)run->mark.step, done = 0;
  if (run->order)
    sinter_shuffle(session->seed, epoch, session->samples, run->order);
  memset(run->sums, 0, (size_t)session->entry->num_outputs * sizeof *run->sums);
  for (int64_t step = first; step < run->steps; ++step) {
    if (sinter_session_step(session, run->order, step * session->batch,
                            session->batch))
      return SINTER_EXIT_BAD_INPUT;
    measure(run, ++done);
    run->has_stepped = 1;
    run->mark.step = (uint64_t)step + 1;
    sinter_progress_step(&run->progress, epoch, step + 1, done, run->steps,
                         run->means, sinter_seconds() - start);
    if (sinter_interrupted() && step + 1 < run->steps)
      return 0;
  }
  double seconds = sinter_seconds() - start;
  int64_t samples = done * (session->batch ? session->batch : 1);
  run->mark.step = 0;
  run->mark.epoch = epoch + 1;
  sinter_progress_epoch(&run->progress, epoch, done, run->means, samples,
                        seconds);
  log_epoch(run, epoch, done, samples, seconds);
  return 0;
}

/* Why the epoch that the loaded state stands in cannot go on; "" if it can. */
static void explain_difference(const training *run, char *text, size_t size) {
  const sinter_session *session = run->session;
  const sinter_progress_mark *was = &session->mark, *is = &run->mark;
  text[0] = 0;
  if (strcmp(was->entry, is->entry) != 0)
    snprintf(text, size, "the entry was '%s', not '%s'", was->entry, is->entry);
  else if (was->samples && was->samples != is->samples)
    snprintf(text, size, "there were %" PRIu64 " samples, not %" PRIu64,
             was->samples, is->samples);
  else if (was->samples && was->batch != is->batch)
    snprintf(text, size, "the batch was %" PRIu64 ", not %" PRIu64, was->batch,
             is->batch);
  else if (was->samples && was->sequential != is->sequential)
    snprintf(text, size, "the order was %s, not %s",
             was->sequential ? "sequential" : "shuffle",
             is->sequential ? "sequential" : "shuffle");
  else if (!is->sequential && was->seed != is->seed)
    snprintf(text, size, "the seed was %" PRIu64 ", not %" PRIu64, was->seed,
             is->seed);
  else if (was->step >= (uint64_t)run->steps)
    snprintf(text, size, "it has only %" PRId64 " steps", run->steps);
}

/* Where this run begins: at the beginning, or where the loaded state stands.
 * A part of an epoch is continued only by what it was begun with. */
static void find_start(training *run) {
  const sinter_session *session = run->session;
  const sinter_progress_mark *loaded = &session->mark;
  snprintf(run->mark.entry, sizeof run->mark.entry, "%s", session->entry->name);
  run->mark.seed = session->seed;
  run->mark.samples = (uint64_t)session->samples;
  run->mark.batch = (uint64_t)session->batch;
  run->mark.sequential = session->command->sequential;
  if (!loaded->known)
    return;
  run->mark.epoch = loaded->epoch;
  if (!loaded->step)
    return;
  char difference[1024];
  explain_difference(run, difference, sizeof difference);
  if (!difference[0]) {
    run->mark.step = loaded->step;
    return;
  }
  fprintf(stderr,
          "%s: note: %s stands after step %" PRIu64 " of epoch %" PRIu64
          ", which is begun again: %s\n",
          session->command->program, session->command->load, loaded->step,
          loaded->epoch + 1, difference);
}

/* The outputs of the last step, as they are. */
static int write_outputs(training *run) {
  const sinter_session *session = run->session;
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  for (int i = 0; i < session->entry->num_outputs; ++i) {
    if (!run->outputs[i].stream)
      continue;
    const sinter_tensor *output = sinter_session_output(session, i);
    if (!run->has_stepped) {
      fprintf(stderr, "%s: note: no step was done, so '%s' has no value\n",
              session->command->program, output->name);
      continue;
    }
    sinter_array array;
    sinter_array_describe(&array, output);
    array.data = session->args[session->entry->num_inputs + i];
    if (sinter_array_write(&run->outputs[i], &array, &error))
      return sinter_session_fail(session, "%s", message);
  }
  return 0;
}

/* Saves everything there is, after the last step or an interruption. */
static int finish(training *run) {
  const sinter_session *session = run->session;
  const sinter_command *command = session->command;
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  int signal = sinter_interrupted();
  if (command->save && sinter_state_write(session->model, session->state,
                                          &run->mark, command->save, &error))
    return sinter_session_fail(session, "%s", message);
  if (run->log.stream && sinter_outfile_commit(&run->log, &error))
    return sinter_session_fail(session, "%s", message);
  int code = write_outputs(run);
  if (code || !signal)
    return code;
  fprintf(stderr,
          "%s: interrupted after %" PRIu64 " epochs and %" PRIu64
          " steps; %s%s\n",
          command->program, run->mark.epoch, run->mark.step,
          command->save ? "the state is saved in " : "nothing is saved",
          command->save ? command->save : " (no --save)");
  return SIGNAL_EXIT + signal;
}

static int train_epochs(training *run) {
  const sinter_session *session = run->session;
  const sinter_command *command = session->command;
  int64_t left_out =
      session->batch ? session->samples - run->steps * session->batch : 0;
  find_start(run);
  uint64_t first = run->mark.epoch;
  if (command->epochs > UINT64_MAX - first)
    return sinter_session_fail(session, "too many epochs");
  if (left_out)
    fprintf(stderr,
            "%s: note: %" PRId64 " samples in batches of %" PRId64 ": %" PRId64
            " of them are left out of every epoch\n",
            command->program, session->samples, session->batch, left_out);
  sinter_progress_start(&run->progress, session, first,
                        first + command->epochs);
  log_names(run);
  for (uint64_t epoch = first; epoch < first + command->epochs; ++epoch) {
    int code = train_epoch(run, epoch);
    if (code) {
      sinter_progress_leave(&run->progress);
      return code;
    }
    if (sinter_interrupted())
      break;
  }
  if (sinter_interrupted())
    sinter_progress_leave(&run->progress);
  return finish(run);
}

static int prepare(training *run) {
  sinter_session *session = run->session;
  size_t outputs = (size_t)session->entry->num_outputs + 1;
  run->steps = session->batch ? session->samples / session->batch : 1;
  if (run->steps == 0)
    return sinter_session_fail(session,
                               "the inputs hold %" PRId64
                               " samples, which is less than one batch of "
                               "%" PRId64,
                               session->samples, session->batch);
  run->sums = calloc(outputs, sizeof *run->sums);
  run->means = calloc(outputs, sizeof *run->means);
  run->outputs = calloc(outputs, sizeof *run->outputs);
  int shuffles = session->batch && !session->command->sequential;
  if (shuffles)
    run->order = malloc((size_t)session->samples * sizeof *run->order);
  if (!run->sums || !run->means || !run->outputs || (shuffles && !run->order))
    return sinter_session_fail(session, "not enough memory");
  return open_files(run);
}

int sinter_train(sinter_session *session) {
  training run;
  memset(&run, 0, sizeof run);
  run.session = session;
  sinter_interrupt interrupt;
  sinter_interrupt_watch(&interrupt);
  int code = prepare(&run);
  if (!code)
    code = train_epochs(&run);
  sinter_interrupt_end(&interrupt);
  sinter_outfile_abort(&run.log);
  for (int i = 0; run.outputs && i < session->entry->num_outputs; ++i)
    sinter_outfile_abort(&run.outputs[i]);
  free(run.order);
  free(run.sums);
  free(run.means);
  free(run.outputs);
  return code;
}
