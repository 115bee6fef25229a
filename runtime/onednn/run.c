/* Calls of generated code: the primitives of each descriptor, made at its first
 * run and kept; tasks shared out to the host's threads.
 *
 * Descriptors are told apart by content, for libraries come and go where models
 * are compiled in process.  A run borrows a set of memory objects and gives it
 * back, so there are as many sets as runs at one time and nothing is allocated
 * here once each has been made.
 */
#include "primitive.h"
#include "threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct set {
  sinter_arguments arguments;
  struct set *next;
} set;

/* One part of a call: all tasks but the last, or the last if it is smaller. */
typedef struct part {
  sinter_primitive primitive;
  set *sets; /* nobody's at the moment */
} part;

typedef struct compiled {
  sinter_onednn_call call;
  int64_t rows; /* of a task */
  part whole, rest;
  int has_rest;
  size_t task_bytes;
  struct compiled *next;
} compiled;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static compiled *all;

static const char *const no_memory = "oneDNN: out of memory";

/* The dimension that tasks share out has the same extent in every tensor. */
static int64_t extent_of(const sinter_onednn_call *call) {
  const sinter_onednn_tensor *result = &call->result;
  return result->split < 0 ? 1 : result->dims[result->split];
}

static void shorten(sinter_onednn_tensor *tensor, int64_t rows) {
  if (tensor->rank > 0 && tensor->split >= 0)
    tensor->dims[tensor->split] = rows;
}

static sinter_onednn_call part_of(const sinter_onednn_call *call,
                                  int64_t rows) {
  sinter_onednn_call part = *call;
  shorten(&part.lhs, rows);
  shorten(&part.rhs, rows);
  shorten(&part.result, rows);
  for (int64_t i = 0; i < call->num_post_ops; ++i)
    if (part.post_ops[i].kind < SINTER_ONEDNN_LINEAR)
      shorten(&part.post_ops[i].operand, rows);
  return part;
}

/* Its destruction is the caller's, whatever is returned. */
static const char *compile(const sinter_onednn_call *call, compiled *to) {
  memset(to, 0, sizeof *to);
  to->call = *call;
  int64_t extent = extent_of(call);
  to->rows = (extent + call->tasks - 1) / call->tasks;
  int64_t rest = extent - (call->tasks - 1) * to->rows;
  if (rest < 1)
    return "oneDNN: more tasks than rows";
  to->has_rest = rest != to->rows;
  sinter_onednn_call whole = part_of(call, to->rows),
                     last = part_of(call, rest);
  const char *message = sinter_primitive_create(&to->whole.primitive, &whole);
  if (!message && to->has_rest)
    message = sinter_primitive_create(&to->rest.primitive, &last);
  to->task_bytes = to->whole.primitive.scratch_bytes;
  if (to->has_rest && to->rest.primitive.scratch_bytes > to->task_bytes)
    to->task_bytes = to->rest.primitive.scratch_bytes;
  return message;
}

static void destroy_part(part *what) {
  while (what->sets) {
    set *next = what->sets->next;
    sinter_arguments_destroy(&what->sets->arguments);
    free(what->sets);
    what->sets = next;
  }
  sinter_primitive_destroy(&what->primitive);
}

static void destroy(compiled *what) {
  destroy_part(&what->whole);
  destroy_part(&what->rest);
}

__attribute__((destructor)) static void destroy_all(void) {
  while (all) {
    compiled *next = all->next;
    destroy(all);
    free(all);
    all = next;
  }
}

static compiled *find(const sinter_onednn_call *call) {
  for (compiled *at = __atomic_load_n(&all, __ATOMIC_ACQUIRE); at;
       at = at->next)
    if (memcmp(&at->call, call, sizeof *call) == 0)
      return at;
  return NULL;
}

/* Under the mutex. */
static const char *find_or_compile(const sinter_onednn_call *call,
                                   compiled **to) {
  *to = find(call);
  if (*to)
    return NULL;
  compiled *made = malloc(sizeof *made);
  if (!made)
    return no_memory;
  const char *message = compile(call, made);
  if (!message &&
      made->task_bytes * (size_t)call->tasks > (size_t)call->scratch_bytes)
    message =
        "oneDNN needs more scratch memory on this machine than on the one "
        "that the model was compiled on: compile it here";
  if (message) {
    destroy(made);
    free(made);
    return message;
  }
  made->next = all;
  __atomic_store_n(&all, made, __ATOMIC_RELEASE);
  *to = made;
  return NULL;
}

static const char *borrow(part *of, set **to) {
  pthread_mutex_lock(&mutex);
  *to = of->sets;
  if (*to)
    of->sets = (*to)->next;
  pthread_mutex_unlock(&mutex);
  if (*to)
    return NULL;
  set *made = malloc(sizeof *made);
  if (!made)
    return no_memory;
  const char *message =
      sinter_arguments_create(&made->arguments, &of->primitive);
  if (message) {
    sinter_arguments_destroy(&made->arguments);
    free(made);
    return message;
  }
  *to = made;
  return NULL;
}

static void give_back(part *to, set *what) {
  pthread_mutex_lock(&mutex);
  what->next = to->sets;
  to->sets = what;
  pthread_mutex_unlock(&mutex);
}

typedef struct run {
  compiled *what;
  void *const *buffers;
  char *scratch;
  const char *message;
} run;

static int run_task(void *data, int64_t task) {
  run *what = data;
  compiled *call = what->what;
  part *of = call->has_rest && task == call->call.tasks - 1 ? &call->rest
                                                            : &call->whole;
  int before = sinter_one_thread();
  set *borrowed = NULL;
  const char *message = borrow(of, &borrowed);
  if (!message) {
    message = sinter_primitive_run(&of->primitive, &borrowed->arguments, task,
                                   call->rows, what->buffers,
                                   what->scratch + task * call->task_bytes);
    give_back(of, borrowed);
  }
  sinter_many_threads(before);
  if (message)
    __atomic_store_n(&what->message, message, __ATOMIC_RELAXED);
  return 0;
}

void sinter_onednn_run(const sinter_onednn_call *call, void *b0, void *b1,
                       void *b2, void *b3, void *b4, void *b5, void *b6,
                       void *b7, void *scratch, sinter_onednn_frame *frame) {
  /* Once something has failed nothing more is tried. */
  if (frame->message || frame->status)
    return;
  void *const buffers[SINTER_ONEDNN_BUFFERS] = {b0, b1, b2, b3, b4, b5, b6, b7};
  run what = {find(call), buffers, scratch, NULL};
  if (!what.what) {
    int before = sinter_one_thread();
    pthread_mutex_lock(&mutex);
    frame->message = find_or_compile(call, &what.what);
    pthread_mutex_unlock(&mutex);
    sinter_many_threads(before);
    if (frame->message)
      return;
  }
  if (call->tasks > 1 && frame->parallel_for)
    frame->status =
        frame->parallel_for(frame->self, call->tasks, run_task, &what);
  else
    for (int64_t task = 0; task < call->tasks; ++task)
      run_task(&what, task);
  frame->message = what.message;
}

const char *sinter_onednn_query(const sinter_onednn_call *call,
                                int64_t *scratch_bytes, char *implementation,
                                size_t implementation_size) {
  compiled *made = malloc(sizeof *made);
  if (!made)
    return no_memory;
  int before = sinter_one_thread();
  const char *message = compile(call, made);
  sinter_many_threads(before);
  *scratch_bytes = (int64_t)made->task_bytes * call->tasks;
  if (implementation_size > 0) {
    strncpy(implementation, made->whole.primitive.implementation,
            implementation_size - 1);
    implementation[implementation_size - 1] = 0;
  }
  destroy(made);
  free(made);
  return message;
}
