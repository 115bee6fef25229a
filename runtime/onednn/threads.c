/* The OpenMP that oneDNN was linked to is found by name: a oneDNN without
 * OpenMP has none, and a model need not link it. */
#include "threads.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static int (*get_threads)(void);
static void (*set_threads)(int);
static pthread_once_t looked = PTHREAD_ONCE_INIT;

static void look(void) {
  void *get = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  void *set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (get && set) {
    /* ISO C has no cast from an object's pointer to a function's. */
    memcpy(&get_threads, &get, sizeof get);
    memcpy(&set_threads, &set, sizeof set);
  }
}

int sinter_one_thread(void) {
  pthread_once(&looked, look);
  if (!set_threads)
    return 1;
  int before = get_threads();
  if (before != 1)
    set_threads(1);
  return before;
}

void sinter_many_threads(int before) {
  if (set_threads && before != 1)
    set_threads(before);
}
