/* Levenshtein distance, one row at a time. */
#include "run/nearest.h"

#include <string.h>

/* Longer names are compared by their beginnings. */
#define LONGEST 64

static int smaller(int a, int b) { return a < b ? a : b; }

static int distance(const char *a, int a_size, const char *b, int b_size) {
  int row[LONGEST + 1];
  for (int j = 0; j <= b_size; ++j)
    row[j] = j;
  for (int i = 1; i <= a_size; ++i) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= b_size; ++j) {
      int above = row[j];
      row[j] = smaller(smaller(above, row[j - 1]) + 1,
                       diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[b_size];
}

static int bounded(const char *text) {
  size_t size = strlen(text);
  return size < LONGEST ? (int)size : LONGEST;
}

void sinter_nearest_offer(sinter_nearest *best, const char *word,
                          const char *candidate) {
  int size = bounded(word), candidate_size = bounded(candidate);
  int edits = distance(word, size, candidate, candidate_size);
  /* A third of the letters may be wrong, so two swapped ones of five. A name
   * that begins with the word is meant in any case. */
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
