/* Lines look like
 *   epoch 2/5 loss 0.412345 accuracy 0.856123 468 steps 21034 samples/s
 *   step 500/10000 residual 1.2e-05
 * the second kind for entries without a batch axis, where an epoch is a step
 * and only about twenty of them are shown. */
#include "run/progress.h"

#include "run/clock.h"
#include "run/measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_SECONDS 0.1
#define LINES_WITHOUT_BATCHES 20
#define LINE_BYTES 1024
#define DIGITS 6

/* A longer live line would wrap, and a wrapped line cannot be renewed. */
#define LIVE_COLUMNS 79

/* Back to the line's start, and what is right of the cursor erased. */
#define RENEW "\r\033[K"

int sinter_is_measured(const sinter_session *session, int i) {
  const sinter_tensor *output = sinter_session_output(session, i);
  return sinter_is_scalar(output) || sinter_is_per_sample(output);
}

void sinter_progress_start(sinter_progress *progress,
                           const sinter_session *session, uint64_t first,
                           uint64_t last) {
  progress->session = session;
  progress->live = isatty(STDOUT_FILENO);
  progress->next_look = 0;
  progress->first = first;
  progress->last = last;
  progress->stride = 1;
  if (!session->batch && last - first > LINES_WITHOUT_BATCHES)
    progress->stride =
        (last - first + LINES_WITHOUT_BATCHES - 1) / LINES_WITHOUT_BATCHES;
}

/* Of `steps` steps. */
static int put_means(char *line, int size, const sinter_session *session,
                     const double *means, int64_t steps) {
  for (int i = 0; i < session->entry->num_outputs; ++i) {
    if (!sinter_is_measured(session, i) || size >= LINE_BYTES)
      continue;
    const sinter_tensor *output = sinter_session_output(session, i);
    char number[SINTER_NUMBER_TEXT];
    sinter_number_text(
        number, output, sinter_session_result(session, i), means[i],
        steps * (sinter_is_scalar(output) ? 1 : session->batch), DIGITS);
    size += snprintf(line + size, (size_t)(LINE_BYTES - size), " %s %s",
                     output->name, number);
  }
  return size < LINE_BYTES ? size : LINE_BYTES - 1;
}

static double rate(int64_t count, double seconds) {
  return seconds > 0 ? (double)count / seconds : 0;
}

void sinter_progress_step(sinter_progress *progress, uint64_t epoch,
                          int64_t step, int64_t done, int64_t steps,
                          const double *means, double seconds) {
  if (!progress->live)
    return;
  double now = sinter_seconds();
  if (now < progress->next_look)
    return;
  progress->next_look = now + LOOK_SECONDS;
  const sinter_session *session = progress->session;
  char line[LINE_BYTES];
  int size;
  if (session->batch)
    size = snprintf(line, sizeof line,
                    "epoch %" PRIu64 "/%" PRIu64 " step %" PRId64 "/%" PRId64,
                    epoch + 1, progress->last, step, steps);
  else
    size = snprintf(line, sizeof line, "step %" PRIu64 "/%" PRIu64, epoch + 1,
                    progress->last);
  size = put_means(line, size, session, means, done);
  if (session->batch)
    snprintf(line + size, (size_t)(LINE_BYTES - size), " %.0f samples/s",
             rate(step * session->batch, seconds));
  printf(RENEW "%.*s", LIVE_COLUMNS, line);
  fflush(stdout);
}

void sinter_progress_epoch(sinter_progress *progress, uint64_t epoch,
                           int64_t steps, const double *means, int64_t samples,
                           double seconds) {
  const sinter_session *session = progress->session;
  int is_last = epoch + 1 == progress->last;
  if ((epoch + 1 - progress->first) % progress->stride && !is_last)
    return;
  char line[LINE_BYTES];
  int size =
      snprintf(line, sizeof line, "%s %" PRIu64 "/%" PRIu64,
               session->batch ? "epoch" : "step", epoch + 1, progress->last);
  size = put_means(line, size, session, means, steps);
  if (session->batch)
    snprintf(line + size, (size_t)(LINE_BYTES - size),
             " %" PRId64 " steps %.0f samples/s", steps,
             rate(samples, seconds));
  printf("%s%s\n", progress->live ? RENEW : "", line);
  fflush(stdout);
}

void sinter_progress_leave(const sinter_progress *progress) {
  if (progress->live)
    printf(RENEW);
  fflush(stdout);
}
