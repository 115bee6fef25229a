/* The one piece of global state of the runtime: a signal has no other place
 * to go. */
#include "run/interrupt.h"

#include <string.h>

static volatile sig_atomic_t received;

static const int watched[2] = {SIGINT, SIGTERM};

static void note(int signal) { received = signal; }

void sinter_interrupt_watch(sinter_interrupt *interrupt) {
  received = 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  /* The first signal restores the default, which the second one meets. */
  action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
  sigemptyset(&action.sa_mask);
  /* Also where SIGINT was ignored, as shells have it for background jobs:
   * whoever sends one to the job wants it to save and end. */
  for (int i = 0; i < 2; ++i)
    sigaction(watched[i], &action, &interrupt->before[i]);
}

void sinter_interrupt_end(const sinter_interrupt *interrupt) {
  for (int i = 0; i < 2; ++i)
    sigaction(watched[i], &interrupt->before[i], NULL);
}

int sinter_interrupted(void) { return received; }
