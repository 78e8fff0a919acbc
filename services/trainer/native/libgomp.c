/*
 * The part of GCC's OpenMP runtime (libgomp) that XGBoost calls, for machines that have Node and no libgomp.
 *
 * A region runs on the calling thread and on helpers that it keeps until it ends. They wait on condition variables,
 * never by spinning: the process also serves. Nested regions run on one thread, as libgomp's do by default. The names,
 * signatures and versions of the symbols are the ABI between GCC's compiled code and its runtime.
 *
 * Built by build.sh; the digest of this file is in the binary, and a test compares the two.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

typedef unsigned long long ull;

const char headrace_openmp_source[] = "headrace-openmp-source:" SOURCE_DIGEST;

enum { MAX_THREADS = 256, SHARES = 16 };

/* One loop or `single` of a region, met by every thread of the team; the first one that arrives describes it. */
struct share {
  long ready;   /* number of the construct that lies here, 0 for none yet */
  int left;     /* threads that are through with it */
  ull start, step, count, chunk, end;
  bool guided;
  _Atomic ull next;
};

struct team {
  int size;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int waiting;  /* at the barrier */
  long barriers;
  struct share shares[SHARES];
};

/* What a thread is in right now. */
struct place {
  struct team *team;
  int id;
  long constructs; /* loops and singles met so far */
  struct share *share;
};

struct helper {
  struct pool *pool;
  int id;
  long seen; /* the last region that it knows of */
  pthread_t thread;
};

/* The helpers of one calling thread. */
struct pool {
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  int helpers, busy;
  long region;
  int size; /* of the newest region's team */
  bool ending;
  void (*function)(void *);
  void *data;
  struct team *team;
  struct helper each[MAX_THREADS];
};

static __thread struct place here;
static __thread struct pool *own_pool;
static __thread struct team *alone; /* for loops outside of every region */
static __thread int wanted_threads;

static pthread_mutex_t atomic_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t ending_key;
static pthread_once_t ending_once = PTHREAD_ONCE_INIT;

static void init_team(struct team *team, int size) {
  *team = (struct team){.size = size};
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->changed, NULL);
}

static void drop_team(struct team *team) {
  pthread_cond_destroy(&team->changed);
  pthread_mutex_destroy(&team->lock);
}

static struct team *current_team(void) {
  if (here.team) return here.team;
  if (!alone) {
    alone = malloc(sizeof *alone);
    if (!alone) abort();
    init_team(alone, 1);
  }
  here = (struct place){.team = alone};
  return alone;
}

int omp_get_num_procs(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int count = CPU_COUNT(&set);
  return count < 1 ? 1 : count;
}

int omp_get_max_threads(void) {
  if (wanted_threads > 0) return wanted_threads;
  const char *text = getenv("OMP_NUM_THREADS");
  int asked = text ? atoi(text) : 0;
  int threads = asked > 0 ? asked : omp_get_num_procs();
  return threads > MAX_THREADS ? MAX_THREADS : threads;
}

void omp_set_num_threads(int threads) {
  if (threads > 0) wanted_threads = threads > MAX_THREADS ? MAX_THREADS : threads;
}

int omp_get_thread_limit(void) { return MAX_THREADS; }
int omp_get_num_threads(void) { return here.team ? here.team->size : 1; }
int omp_get_thread_num(void) { return here.id; }
int omp_in_parallel(void) { return here.team && here.team->size > 1; }

void GOMP_atomic_start(void) { pthread_mutex_lock(&atomic_lock); }
void GOMP_atomic_end(void) { pthread_mutex_unlock(&atomic_lock); }

void GOMP_barrier(void) {
  struct team *team = here.team;
  if (!team || team->size == 1) return;
  pthread_mutex_lock(&team->lock);
  long barrier = team->barriers;
  if (++team->waiting == team->size) {
    team->waiting = 0;
    team->barriers += 1;
    pthread_cond_broadcast(&team->changed);
  } else {
    while (team->barriers == barrier) pthread_cond_wait(&team->changed, &team->lock);
  }
  pthread_mutex_unlock(&team->lock);
}

static void *help(void *argument) {
  struct helper *self = argument;
  struct pool *pool = self->pool;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    while (!pool->ending && pool->region == self->seen) pthread_cond_wait(&pool->work, &pool->lock);
    if (pool->ending) break;
    self->seen = pool->region;
    /* A smaller team leaves the helpers with the higher numbers out; its region may have ended by now. */
    if (self->id >= pool->size) continue;
    void (*function)(void *) = pool->function;
    void *data = pool->data;
    here = (struct place){.team = pool->team, .id = self->id};
    pthread_mutex_unlock(&pool->lock);
    function(data);
    pthread_mutex_lock(&pool->lock);
    here = (struct place){0};
    if (--pool->busy == 0) pthread_cond_signal(&pool->done);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

/* The calling thread ends: so do its helpers. */
static void end_pool(void *argument) {
  struct pool *pool = argument;
  pthread_mutex_lock(&pool->lock);
  pool->ending = true;
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  for (int helper = 0; helper < pool->helpers; helper += 1) pthread_join(pool->each[helper].thread, NULL);
  pthread_cond_destroy(&pool->work);
  pthread_cond_destroy(&pool->done);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
  own_pool = NULL;
  if (alone) {
    drop_team(alone);
    free(alone);
    alone = NULL;
    here = (struct place){0};
  }
}

static void make_ending_key(void) {
  if (pthread_key_create(&ending_key, end_pool) != 0) abort();
}

/* Helpers for a team of `threads`; the size that could be had. */
static int gather(int threads) {
  if (!own_pool) {
    pthread_once(&ending_once, make_ending_key);
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool || pthread_setspecific(ending_key, pool) != 0) {
      free(pool);
      return 1;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    own_pool = pool;
  }
  while (own_pool->helpers < threads - 1) {
    struct helper *helper = &own_pool->each[own_pool->helpers];
    *helper = (struct helper){.pool = own_pool, .id = own_pool->helpers + 1, .seen = own_pool->region};
    if (pthread_create(&helper->thread, NULL, help, helper) != 0) break;
    own_pool->helpers += 1;
  }
  return own_pool->helpers + 1 < threads ? own_pool->helpers + 1 : threads;
}

void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags) {
  (void)flags;
  struct place before = here;
  bool nested = here.team && here.team->size > 1;
  unsigned wanted = threads == 0 ? (unsigned)omp_get_max_threads() : threads;
  if (wanted > MAX_THREADS) wanted = MAX_THREADS;
  int size = nested || wanted < 2 ? 1 : gather((int)wanted);
  struct team team;
  init_team(&team, size);
  if (size > 1) {
    struct pool *pool = own_pool;
    pthread_mutex_lock(&pool->lock);
    pool->function = function;
    pool->data = data;
    pool->team = &team;
    pool->size = size;
    pool->busy = size - 1;
    pool->region += 1;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
  }
  here = (struct place){.team = &team};
  function(data);
  here = before;
  if (size > 1) {
    struct pool *pool = own_pool;
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0) pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
  }
  drop_team(&team);
}

/*
 * The place of the next construct, with the team's lock held. A thread that is SHARES constructs ahead of the slowest
 * (they may, with nowait) waits for it here.
 */
static struct share *meet(struct team *team, bool *first) {
  long number = ++here.constructs;
  struct share *share = &team->shares[number % SHARES];
  pthread_mutex_lock(&team->lock);
  while (share->ready < number && share->ready != 0 && share->left < team->size)
    pthread_cond_wait(&team->changed, &team->lock);
  *first = share->ready < number;
  if (*first) {
    share->ready = number;
    share->left = 0;
  }
  return share;
}

static void leave(struct team *team, struct share *share) {
  if (++share->left == team->size) pthread_cond_broadcast(&team->changed);
}

bool GOMP_single_start(void) {
  struct team *team = current_team();
  bool first;
  struct share *share = meet(team, &first);
  leave(team, share);
  pthread_mutex_unlock(&team->lock);
  return first;
}

/* Hands out the next iterations, by number: `chunk` of them, or a shrinking part of what is left. */
static bool take(struct share *share, ull *from, ull *to) {
  ull begin = atomic_load_explicit(&share->next, memory_order_relaxed), size;
  do {
    if (begin >= share->count) return false;
    ull rest = share->count - begin;
    size = share->chunk;
    if (share->guided) {
      ull part = (rest + (ull)here.team->size - 1) / (ull)here.team->size;
      if (part > size) size = part;
    }
    if (size > rest) size = rest;
  } while (!atomic_compare_exchange_weak_explicit(&share->next, &begin, begin + size, memory_order_relaxed,
                                                  memory_order_relaxed));
  *from = share->start + begin * share->step;
  *to = begin + size == share->count ? share->end : share->start + (begin + size) * share->step;
  return true;
}

static bool start_loop(ull start, ull end, ull step, ull count, ull chunk, bool guided, ull *from, ull *to) {
  struct team *team = current_team();
  bool first;
  struct share *share = meet(team, &first);
  if (first) {
    share->start = start;
    share->end = end;
    share->step = step;
    share->count = count;
    share->chunk = chunk > 0 ? chunk : 1;
    share->guided = guided;
    atomic_store_explicit(&share->next, 0, memory_order_relaxed);
  }
  pthread_mutex_unlock(&team->lock);
  here.share = share;
  return take(share, from, to);
}

static bool start_signed(long start, long end, long step, long chunk, bool guided, long *from, long *to) {
  ull distance = step > 0 ? (end > start ? (ull)end - (ull)start : 0) : (start > end ? (ull)start - (ull)end : 0);
  ull stride = step > 0 ? (ull)step : -(ull)step;
  ull count = distance / stride + (distance % stride != 0), a = 0, b = 0;
  bool any = start_loop((ull)start, (ull)end, (ull)step, count, (ull)chunk, guided, &a, &b);
  if (any) *from = (long)a, *to = (long)b;
  return any;
}

static bool next_signed(long *from, long *to) {
  ull a = 0, b = 0;
  bool any = take(here.share, &a, &b);
  if (any) *from = (long)a, *to = (long)b;
  return any;
}

static bool start_ull(bool up, ull start, ull end, ull step, ull chunk, bool guided, ull *from, ull *to) {
  ull distance = up ? (end > start ? end - start : 0) : (start > end ? start - end : 0);
  ull stride = up ? step : -step;
  return start_loop(start, end, step, distance / stride + (distance % stride != 0), chunk, guided, from, to);
}

bool GOMP_loop_nonmonotonic_dynamic_start(long start, long end, long step, long chunk, long *from, long *to) {
  return start_signed(start, end, step, chunk, false, from, to);
}
bool GOMP_loop_nonmonotonic_guided_start(long start, long end, long step, long chunk, long *from, long *to) {
  return start_signed(start, end, step, chunk, true, from, to);
}
bool GOMP_loop_nonmonotonic_dynamic_next(long *from, long *to) { return next_signed(from, to); }
bool GOMP_loop_nonmonotonic_guided_next(long *from, long *to) { return next_signed(from, to); }

bool GOMP_loop_ull_nonmonotonic_dynamic_start(bool up, ull start, ull end, ull step, ull chunk, ull *from, ull *to) {
  return start_ull(up, start, end, step, chunk, false, from, to);
}
bool GOMP_loop_ull_nonmonotonic_guided_start(bool up, ull start, ull end, ull step, ull chunk, ull *from, ull *to) {
  return start_ull(up, start, end, step, chunk, true, from, to);
}
bool GOMP_loop_ull_nonmonotonic_dynamic_next(ull *from, ull *to) { return take(here.share, from, to); }
bool GOMP_loop_ull_nonmonotonic_guided_next(ull *from, ull *to) { return take(here.share, from, to); }

void GOMP_loop_end_nowait(void) {
  struct team *team = here.team;
  pthread_mutex_lock(&team->lock);
  leave(team, here.share);
  pthread_mutex_unlock(&team->lock);
  here.share = NULL;
}

void GOMP_loop_end(void) {
  GOMP_loop_end_nowait();
  GOMP_barrier();
}
