/* A C99 host with its own training loop over the model `prices`
 * (tests/models/regression): no runner, one file of its own for the state.
 * Prints the bits of the last loss. */
#include "prices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { samples = 36, batch = 8, epochs = 3 };

static unsigned char room[2][PRICES_STATE_BYTES + PRICES_TRAIN_WORKSPACE_BYTES +
                             PRICES_INIT_WORKSPACE_BYTES + SINTER_ALIGNMENT];

static void *align(unsigned char *bytes) {
  uintptr_t address = (uintptr_t)bytes;
  return bytes +
         (SINTER_ALIGNMENT - address % SINTER_ALIGNMENT) % SINTER_ALIGNMENT;
}

static void slurp(const char *path, void *to, size_t bytes) {
  FILE *file = fopen(path, "rb");
  if (!file || fread(to, 1, bytes, file) != bytes)
    exit(2);
  fclose(file);
}

int main(void) {
  static float measures[samples][2], paid[samples];
  static uint8_t district[samples];
  static int64_t order[samples];
  float x[batch][2], y[batch], loss = 0.0f;
  uint8_t where[batch];
  void *state = align(room[0]), *workspace = align(room[1]);
  char error[256];
  uint32_t bits;
  int epoch, step, i;
  prices_train_args args;

  args.measures = &x[0][0];
  args.district = where;
  args.paid = y;
  args.loss = &loss;
  slurp("measures.raw", measures, sizeof measures);
  slurp("district.raw", district, sizeof district);
  slurp("paid.raw", paid, sizeof paid);
  if (prices_init(state, 11, workspace, NULL) != SINTER_OK)
    return 1;
  for (epoch = 0; epoch < epochs; ++epoch) {
    sinter_shuffle(11, (uint64_t)epoch, samples, order);
    for (step = 0; step < samples / batch; ++step) {
      for (i = 0; i < batch; ++i) {
        int64_t sample = order[step * batch + i];
        x[i][0] = measures[sample][0];
        x[i][1] = measures[sample][1];
        where[i] = district[sample];
        y[i] = paid[sample];
      }
      if (prices_train(state, &args, workspace, NULL) != SINTER_OK)
        return 1;
    }
  }
  memcpy(&bits, &loss, sizeof bits);
  printf("%08lx\n", (unsigned long)bits);
  return sinter_state_save(&prices_model, state, "c.safetensors", error,
                           sizeof error);
}
