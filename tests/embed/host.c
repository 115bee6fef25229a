/* A C99 host of the model `counter` (tests/driver/counter.mlir): it links the
 * emitted archive and the runtime's core, and has its own loop.  Prints the
 * bits of everything it got, for comparison with the executable. */
#include "counter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for state and workspace, aligned by hand: C99 has no aligned_alloc. */
static unsigned char room[2][COUNTER_STATE_BYTES +
                             COUNTER_STEP_WORKSPACE_BYTES + SINTER_ALIGNMENT];

static void *align(unsigned char *bytes) {
  uintptr_t address = (uintptr_t)bytes;
  return bytes +
         (SINTER_ALIGNMENT - address % SINTER_ALIGNMENT) % SINTER_ALIGNMENT;
}

static int expect(int32_t status, int32_t wanted, const char *what) {
  if (status == wanted)
    return 0;
  printf("%s: status %d, expected %d\n", what, (int)status, (int)wanted);
  return 1;
}

int main(void) {
  void *state = align(room[0]);
  void *workspace = align(room[1]);
  float x[4] = {1.0f, 2.0f, 3.0f, 4.0f};
  float twice[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  float total[4];
  counter_step_args step;
  counter_peek_args peek;
  int failures = 0;
  int i;

  step.x = x;
  step.double_ = twice;
  peek.total = total;
  failures +=
      expect(counter_init(state, 5, workspace, NULL), SINTER_OK, "init");

  /* Mistakes are found before anything is written. */
  failures += expect(counter_step(NULL, &step, workspace, NULL),
                     SINTER_NULL_POINTER, "no state");
  failures += expect(counter_step(state, NULL, workspace, NULL),
                     SINTER_NULL_POINTER, "no arguments");
  failures += expect(counter_step(state, &step, NULL, NULL),
                     SINTER_NULL_POINTER, "no workspace");
  failures += expect(counter_step((char *)state + 4, &step, workspace, NULL),
                     SINTER_MISALIGNED, "misaligned state");
  failures += expect(counter_step(state, &step, (char *)workspace + 4, NULL),
                     SINTER_MISALIGNED, "misaligned workspace");
  step.double_ = NULL;
  failures += expect(counter_step(state, &step, workspace, NULL),
                     SINTER_NULL_POINTER, "no output");
  step.double_ = twice;
  failures += expect(counter_init(NULL, 5, workspace, NULL),
                     SINTER_NULL_POINTER, "init without state");

  for (i = 0; i < 3; ++i)
    failures +=
        expect(counter_step(state, &step, workspace, NULL), SINTER_OK, "step");
  /* peek needs no workspace. */
  failures += expect(counter_peek(state, &peek, NULL, NULL), SINTER_OK, "peek");
  for (i = 0; i < 4; ++i)
    if (total[i] != 5.0f + 3.0f * x[i] || twice[i] != 2.0f * total[i]) {
      printf("element %d: %g and %g\n", i, (double)total[i], (double)twice[i]);
      ++failures;
    }

  if (strcmp(counter_model.name, "counter") != 0 ||
      counter_model.struct_size != sizeof(sinter_model) ||
      counter_model.num_variables != 1 || counter_model.num_entries != 2 ||
      counter_model.state_bytes != COUNTER_STATE_BYTES ||
      counter_model.entries[0].workspace_bytes !=
          COUNTER_STEP_WORKSPACE_BYTES ||
      counter_model.entries[0].flags != SINTER_WRITES_STATE ||
      counter_model.entries[1].flags != 0 ||
      counter_model.variables[0].offset != COUNTER_OFFSET_total ||
      counter_model.variables[0].dtype != SINTER_F32) {
    printf("the model's constant is wrong\n");
    ++failures;
  }
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
