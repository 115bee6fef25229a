/* The one piece of global state of the runtime: a signal has no other place
 * to go. */
#include "run/interrupt.h"

#include "files/outfile.h"

#include <string.h>

static volatile sig_atomic_t received;

static const int watched[2] = {SIGINT, SIGTERM};

/* The second signal ends the process at once, as the default would. */
static void note(int number) {
  if (!received) {
    received = number;
    return;
  }
  sinter_outfile_remove_all();
  signal(number, SIG_DFL);
  raise(number);
}

void sinter_interrupt_watch(sinter_interrupt *interrupt) {
  received = 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
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
