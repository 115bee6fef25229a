/* How a training run shows where it is: a line that renews itself on a
 * terminal, a line an epoch elsewhere. */
#ifndef SINTER_RUN_PROGRESS_H
#define SINTER_RUN_PROGRESS_H

#include "run/session.h"

typedef struct sinter_progress {
  const sinter_session *session;
  int live;         /* stdout is a terminal */
  double next_look; /* when the live line may be renewed */
  uint64_t stride;  /* without a batch axis: show every so many steps */
  uint64_t first;   /* epochs done before this run */
  uint64_t last;    /* epochs done after it */
} sinter_progress;

void sinter_progress_start(sinter_progress *progress,
                           const sinter_session *session, uint64_t first,
                           uint64_t last);
/* After a step, the `done`th of this run's epoch; `means` has a value for each
 * measured output. */
void sinter_progress_step(sinter_progress *progress, uint64_t epoch,
                          int64_t step, int64_t done, int64_t steps,
                          const double *means, double seconds);
/* After an epoch of `samples`. */
void sinter_progress_epoch(sinter_progress *progress, uint64_t epoch,
                           int64_t steps, const double *means, int64_t samples,
                           double seconds);
/* Leaves the live line, before something else is printed. */
void sinter_progress_leave(const sinter_progress *progress);

/* Whether the mean of output `i` is shown. */
int sinter_is_measured(const sinter_session *session, int i);

#endif /* SINTER_RUN_PROGRESS_H */
