/* Ctrl-C during a run: noted, so that the run can end in order. */
#ifndef SINTER_RUN_INTERRUPT_H
#define SINTER_RUN_INTERRUPT_H

#include <signal.h>

typedef struct sinter_interrupt {
  struct sigaction before[2];
} sinter_interrupt;

/* From here SIGINT and SIGTERM are noted; a second one ends the process. */
void sinter_interrupt_watch(sinter_interrupt *interrupt);
/* Puts back what was before. */
void sinter_interrupt_end(const sinter_interrupt *interrupt);
/* The signal that came, or 0. */
int sinter_interrupted(void);

#endif /* SINTER_RUN_INTERRUPT_H */
