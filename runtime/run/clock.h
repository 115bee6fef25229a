/* Seconds since some fixed moment. */
#ifndef SINTER_RUN_CLOCK_H
#define SINTER_RUN_CLOCK_H

#include <time.h>

static inline double sinter_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif /* SINTER_RUN_CLOCK_H */
