/* Edits (a letter more, less or other, or two neighbours swapped), three rows
 * at a time. */
#include "run/nearest.h"

#include <string.h>

/* Longer names are compared by their beginnings. */
#define LONGEST 64

static int smaller(int a, int b) { return a < b ? a : b; }

static int distance(const char *a, int a_size, const char *b, int b_size) {
  int rows[3][LONGEST + 1];
  for (int j = 0; j <= b_size; ++j)
    rows[0][j] = j;
  for (int i = 1; i <= a_size; ++i) {
    int *row = rows[i % 3], *above = rows[(i + 2) % 3];
    const int *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (int j = 1; j <= b_size; ++j) {
      row[j] = smaller(smaller(above[j], row[j - 1]) + 1,
                       above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = smaller(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a_size % 3][b_size];
}

static int bounded(const char *text) {
  size_t size = strlen(text);
  return size < LONGEST ? (int)size : LONGEST;
}

void sinter_nearest_offer(sinter_nearest *best, const char *word,
                          const char *candidate) {
  int size = bounded(word), candidate_size = bounded(candidate);
  int edits = distance(word, size, candidate, candidate_size);
  /* A third of the letters may be wrong. A name that begins with the word is
   * meant in any case. */
  int longest = size > candidate_size ? size : candidate_size;
  int allowed = (longest + 1) / 3;
  int begins = size >= 2 && strncmp(word, candidate, (size_t)size) == 0;
  if (!begins && (edits > allowed || edits >= longest))
    return;
  if (!best->name || edits < best->distance) {
    best->name = candidate;
    best->distance = edits;
  }
}
