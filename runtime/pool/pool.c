/* The default thread pool: an implementation of sinter_host.parallel_for.
 *
 * A region is a range of indices cut into chunks. One 64-bit word holds the
 * region's number and how many chunks are claimed from either end; a thread
 * claims a chunk by compare-and-swap on that word. A claim succeeds only while
 * the region is the one whose body the thread has read, and a region ends only
 * when every claimed chunk is done, so a late worker can never run a stale
 * body, and the caller never waits for workers that have not woken up.
 *
 * Workers spin for a bounded time after their last region, because the kernels
 * of one call follow each other within microseconds, and then park.
 *
 * The caller claims from the start, the workers from the end: the next region
 * then finds most of what this one wrote in the caches of the core that wrote
 * it, and so does the next call. A body that fails ends only those behind it,
 * so the reported failure is the one a serial run would report. */
#include "sinter_runtime.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64

/* How long a thread waits awake. Longer than the gaps between the kernels of a
 * call, short against a scheduler's time slice. */
#define SPIN_NANOSECONDS 50000
#define SPINS_PER_CLOCK_READ 64

/* Bounds the claims of a region with many tiny bodies. */
#define MAX_CHUNKS 1024

/* A ticket's count of the chunks claimed from one end, at most MAX_CHUNKS. */
#define END_BITS 16
#define END_MASK ((UINT64_C(1) << END_BITS) - 1)

struct sinter_pool {
  /* Region: written by the caller between regions, read by all threads. */
  /* region number << 32 | chunks claimed from the end << 16 | from the start */
  uint64_t ticket;
  int (*body)(void *data, int64_t i);
  void *data;
  int64_t n;
  int64_t chunk;     /* indices a chunk */
  int64_t chunks;    /* chunks of the region */
  int64_t done;      /* chunks finished */
  int64_t failed_at; /* lowest index whose body failed, or INT64_MAX */
  int failure;       /* what that body returned */

  int spins; /* whether to spin: there is a core for each thread */
  int stop;
  int sleepers;      /* parked workers */
  int caller_sleeps; /* the caller is parked */
  int busy;          /* a region is running */
  pthread_mutex_t mutex;
  pthread_cond_t work;
  pthread_cond_t finished;
  pthread_t workers[MAX_THREADS];
  int num_workers;
};

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define STORE(place, value) __atomic_store_n(&(place), value, __ATOMIC_SEQ_CST)

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int run_serially(int64_t n, int (*body)(void *, int64_t), void *data) {
  for (int64_t i = 0; i < n; ++i) {
    int failure = body(data, i);
    if (failure)
      return failure;
  }
  return 0;
}

static void note_failure(sinter_pool *pool, int64_t i, int failure) {
  pthread_mutex_lock(&pool->mutex);
  if (i < LOAD(pool->failed_at)) {
    pool->failure = failure;
    STORE(pool->failed_at, i);
  }
  pthread_mutex_unlock(&pool->mutex);
}

/* Claims and runs chunks until none are left of the current region. */
static void work_on(sinter_pool *pool, int from_the_end) {
  for (;;) {
    uint64_t ticket = LOAD(pool->ticket);
    int (*body)(void *, int64_t) = LOAD(pool->body);
    void *data = LOAD(pool->data);
    int64_t n = LOAD(pool->n);
    int64_t chunk = LOAD(pool->chunk);
    int64_t chunks = LOAD(pool->chunks);
    int64_t first = (int64_t)(ticket & END_MASK);
    int64_t last = chunks - 1 - (int64_t)(ticket >> END_BITS & END_MASK);
    if (first > last) {
      /* The fields may be newer than the ticket: look again if so. */
      if (LOAD(pool->ticket) == ticket)
        return;
      continue;
    }
    uint64_t claimed =
        ticket + (from_the_end ? UINT64_C(1) << END_BITS : UINT64_C(1));
    if (!__atomic_compare_exchange_n(&pool->ticket, &ticket, claimed, 0,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      continue;
    int64_t mine = from_the_end ? last : first;
    int64_t end = (mine + 1) * chunk < n ? (mine + 1) * chunk : n;
    for (int64_t i = mine * chunk; i < end && i < LOAD(pool->failed_at); ++i) {
      int failure = body(data, i);
      if (failure)
        note_failure(pool, i, failure);
    }
    int64_t done = __atomic_add_fetch(&pool->done, 1, __ATOMIC_SEQ_CST);
    if (done == chunks && LOAD(pool->caller_sleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

static uint32_t region_of(const sinter_pool *pool) {
  return (uint32_t)(LOAD(pool->ticket) >> 32);
}

static int has_news(const sinter_pool *pool, uint32_t seen) {
  return region_of(pool) != seen || LOAD(pool->stop);
}

static int is_finished(const sinter_pool *pool) {
  return LOAD(pool->done) == pool->chunks;
}

static void *worker_main(void *argument) {
  sinter_pool *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    if (pool->spins) {
      int64_t deadline = now() + SPIN_NANOSECONDS;
      while (!has_news(pool, seen) && now() < deadline)
        for (int i = 0; i < SPINS_PER_CLOCK_READ && !has_news(pool, seen); ++i)
          relax();
    }
    if (!has_news(pool, seen)) {
      pthread_mutex_lock(&pool->mutex);
      __atomic_add_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
      while (!has_news(pool, seen))
        pthread_cond_wait(&pool->work, &pool->mutex);
      __atomic_sub_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
      pthread_mutex_unlock(&pool->mutex);
    }
    if (LOAD(pool->stop))
      return NULL;
    seen = region_of(pool);
    work_on(pool, 1);
  }
}

static void wait_until_finished(sinter_pool *pool) {
  if (pool->spins) {
    int64_t deadline = now() + SPIN_NANOSECONDS;
    while (!is_finished(pool) && now() < deadline)
      for (int i = 0; i < SPINS_PER_CLOCK_READ && !is_finished(pool); ++i)
        relax();
  }
  if (is_finished(pool))
    return;
  pthread_mutex_lock(&pool->mutex);
  STORE(pool->caller_sleeps, 1);
  while (!is_finished(pool))
    pthread_cond_wait(&pool->finished, &pool->mutex);
  STORE(pool->caller_sleeps, 0);
  pthread_mutex_unlock(&pool->mutex);
}

static int parallel_for(void *self, int64_t n, int (*body)(void *, int64_t),
                        void *data) {
  sinter_pool *pool = self;
  /* A pool in use, by another thread or by the region that this body is part
   * of, counts as no pool at all. */
  if (n <= 1 || pool->num_workers == 0 ||
      __atomic_exchange_n(&pool->busy, 1, __ATOMIC_SEQ_CST))
    return run_serially(n, body, data);

  int64_t chunk = n / MAX_CHUNKS + (n % MAX_CHUNKS != 0);
  /* No chunk of the last region is claimable while the fields change: its
   * ticket is raised to a number that no region has chunks for. */
  uint64_t region = (LOAD(pool->ticket) >> 32) + 1;
  STORE(pool->ticket, (region - 1) << 32 | UINT32_MAX);
  STORE(pool->body, body);
  STORE(pool->data, data);
  STORE(pool->n, n);
  STORE(pool->chunk, chunk);
  STORE(pool->chunks, (n + chunk - 1) / chunk);
  STORE(pool->done, 0);
  STORE(pool->failed_at, INT64_MAX);
  pool->failure = 0;
  STORE(pool->ticket, (uint64_t)(uint32_t)region << 32);
  if (LOAD(pool->sleepers)) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
  }
  work_on(pool, 0);
  wait_until_finished(pool);
  int failure = pool->failure;
  STORE(pool->busy, 0);
  return failure;
}

sinter_pool *sinter_pool_create(int threads) {
  if (threads < 1 || threads > MAX_THREADS)
    return NULL;
  sinter_pool *pool = calloc(1, sizeof *pool);
  if (!pool)
    return NULL;
  pool->spins = threads <= sysconf(_SC_NPROCESSORS_ONLN);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_cond_init(&pool->finished, NULL);
  /* Signals are the host's business, so none is delivered to a worker. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int created = 0;
  while (created < threads - 1 &&
         pthread_create(&pool->workers[created], NULL, worker_main, pool) == 0)
    pool->num_workers = ++created;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (created < threads - 1) {
    sinter_pool_destroy(pool);
    return NULL;
  }
  return pool;
}

void sinter_pool_destroy(sinter_pool *pool) {
  if (!pool)
    return;
  pthread_mutex_lock(&pool->mutex);
  STORE(pool->stop, 1);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->mutex);
  for (int i = 0; i < pool->num_workers; ++i)
    pthread_join(pool->workers[i], NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

sinter_host sinter_pool_host(sinter_pool *pool) {
  sinter_host host = {0};
  host.struct_size = sizeof host;
  host.self = pool;
  host.parallel_for = pool ? parallel_for : NULL;
  return host;
}
