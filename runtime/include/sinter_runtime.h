/* The C interface between generated code, the runtime and a host program.
 *
 * A compiled model is one object file.  It exports one function per entry
 * (`mlp_train`), an initializer (`mlp_init`) and one constant (`mlp_model`)
 * that describes them: names, dtypes, shapes, offsets and sizes, enough for a
 * generic runner.  Generated code never allocates, has no mutable globals, is
 * reentrant, never aborts and never prints.  Everything it needs is an
 * argument: `state` (parameters, optimizer slots, counters), the arguments of
 * the entry, a `workspace` and, optionally, a `host` with hooks.
 *
 * Structs grow only at their end; `struct_size` (or the element size given
 * beside an array) tells which fields are there.
 */
#ifndef SINTER_RUNTIME_H
#define SINTER_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SINTER_ABI_VERSION 1

/* `state` and `workspace` must be aligned to this many bytes. Arguments need
 * only the natural alignment of their element type. */
#define SINTER_ALIGNMENT 64

/* Element types. `i1` is stored as one byte, 0 or 1. */
typedef enum sinter_dtype {
  SINTER_F64 = 0,
  SINTER_F32 = 1,
  SINTER_BF16 = 2,
  SINTER_F16 = 3,
  SINTER_I64 = 4,
  SINTER_I32 = 5,
  SINTER_I16 = 6,
  SINTER_I8 = 7,
  SINTER_U8 = 8,
  SINTER_I1 = 9
} sinter_dtype;

/* What an entry returns. */
typedef enum sinter_status {
  SINTER_OK = 0,
  SINTER_NULL_POINTER = 1, /* state, workspace or an argument is NULL */
  SINTER_MISALIGNED = 2,   /* state or workspace is not 64-byte aligned */
  /* A gather or scatter index; only of models compiled with
   * --trap-out-of-range. The state is as it was, outputs are undefined. */
  SINTER_INDEX_OUT_OF_RANGE = 3,
  /* A hook of the host returned non-zero. State and outputs are undefined. */
  SINTER_HOST_FAILED = 4,
  /* oneDNN, of models compiled with --library=onednn; `report` is told why.
   * State and outputs are undefined. */
  SINTER_LIBRARY_FAILED = 5
} sinter_status;

/* Hooks of one call. NULL stands for a host that is serial and silent, and so
 * does a NULL hook. */
typedef struct sinter_host {
  uint32_t struct_size; /* sizeof(sinter_host) */
  void *self;           /* passed back to every hook */
  /* Runs body(data, i) for every i in [0, n), in any order and on any thread;
   * returns non-zero if that failed. */
  int (*parallel_for)(void *self, int64_t n, int (*body)(void *data, int64_t i),
                      void *data);
  void (*report)(void *self, int32_t code, const char *message);
  int (*all_reduce)(void *self, void *data, int64_t n, int32_t dtype);
} sinter_host;

/* One input, output or variable. */
typedef struct sinter_tensor {
  const char *name;     /* "hidden1.weight", "images" */
  const int64_t *shape; /* `rank` extents */
  int32_t rank;
  int32_t dtype;      /* sinter_dtype */
  int32_t batch_axis; /* the dimension that counts samples, or -1 */
  uint32_t flags;     /* sinter_tensor_flags */
  uint64_t bytes;     /* dense, row-major */
  uint64_t offset;    /* variables: where in the state; else 0 */
} sinter_tensor;

typedef enum sinter_tensor_flags {
  SINTER_TRAINABLE = 1 /* a variable that optimizers update */
} sinter_tensor_flags;

/* One entry. `args` points to an array of pointers: one for each input, then
 * one for each output, in the order of the lists. Generated headers declare
 * the same array as a struct with typed members. */
typedef struct sinter_entry {
  const char *name; /* "train" */
  const sinter_tensor *inputs;
  const sinter_tensor *outputs;
  int32_t num_inputs;
  int32_t num_outputs;
  uint64_t workspace_bytes;
  uint32_t flags; /* sinter_entry_flags */
  int32_t (*run)(void *state, const void *args, void *workspace,
                 const sinter_host *host);
} sinter_entry;

typedef enum sinter_entry_flags {
  SINTER_WRITES_STATE = 1, /* without it, `state` is only read */
  SINTER_ONLY_DRAWS = 2    /* what it writes is only how often it has drawn
                              random numbers: nothing was learned */
} sinter_entry_flags;

/* A compiled model. */
typedef struct sinter_model {
  uint32_t struct_size; /* sizeof(sinter_model) when it was compiled */
  uint32_t abi_version; /* SINTER_ABI_VERSION when it was compiled */
  uint32_t tensor_size; /* sizeof(sinter_tensor), the stride of the arrays */
  uint32_t entry_size;  /* sizeof(sinter_entry) */
  const char *name;     /* "mlp" */
  const char *target;   /* the CPU it was compiled for, "x86-64-v3" */
  const char *compiler; /* "sinter 0.1.0" */
  const sinter_tensor *variables;
  const sinter_entry *entries;
  int32_t num_variables;
  int32_t num_entries;
  uint64_t state_bytes;
  uint64_t init_workspace_bytes;
  /* Writes every variable. The same seed gives the same bits. */
  int32_t (*init)(void *state, uint64_t seed, void *workspace,
                  const sinter_host *host);
} sinter_model;

/* ---- The library `libsinter-runtime.a`: conveniences for hosts. ---------- */

/* Philox4x32-10 (Salmon et al., SC 2011), the generator of compiled models.
 * Writes the four words of block `counter` under `key`. */
void sinter_philox4x32(const uint32_t counter[4], const uint32_t key[2],
                       uint32_t out[4]);

/* Writes the permutation of [0, n) that the runner visits samples in during
 * `epoch` (from 0): Fisher-Yates over Philox of (seed, epoch). */
void sinter_shuffle(uint64_t seed, uint64_t epoch, int64_t n,
                    int64_t *permutation);

/* Bytes of one element; 0 for an unknown dtype. */
size_t sinter_dtype_size(int32_t dtype);

/* "f32", "i64"; NULL for an unknown dtype. */
const char *sinter_dtype_name(int32_t dtype);

/* What a sinter_status means, in words; never NULL. */
const char *sinter_status_message(int32_t status);

/* Saves or loads the variables of `state` as a safetensors file, bit for bit.
 * Returns 0, or non-zero with a message (file and cause) in `error`. Saving
 * writes beside the file and renames, so a failed save leaves the old file;
 * loading checks the whole header before the first write to `state`.
 * Loading wants every variable of the model; other tensors are ignored. */
int sinter_state_save(const sinter_model *model, const void *state,
                      const char *path, char *error, size_t error_size);
int sinter_state_load(const sinter_model *model, void *state, const char *path,
                      char *error, size_t error_size);

/* A thread pool for sinter_host.parallel_for. `threads` counts the calling
 * thread. Workers spin briefly between regions, then park. */
typedef struct sinter_pool sinter_pool;
sinter_pool *sinter_pool_create(int threads); /* NULL when out of resources */
void sinter_pool_destroy(sinter_pool *pool);
sinter_host sinter_pool_host(sinter_pool *pool); /* hooks that use the pool */

/* The command line of compiled executables (`--describe`, entry runs, …) for
 * any model. Returns the exit code: 0 done, 1 bad input, 2 wrong usage, 128 + s
 * ended by signal s. While an entry runs it handles SIGINT and SIGTERM. */
int sinter_run(const sinter_model *model, int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_H */
