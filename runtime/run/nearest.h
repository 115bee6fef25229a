/* "did you mean …?" */
#ifndef SINTER_RUN_NEAREST_H
#define SINTER_RUN_NEAREST_H

/* The name closest to `word`, if one is close enough to be meant. Start with
 * `best` zeroed, offer every candidate, then read `name` (NULL: none). */
typedef struct sinter_nearest {
  const char *name;
  int distance;
} sinter_nearest;

void sinter_nearest_offer(sinter_nearest *best, const char *word,
                          const char *candidate);

#endif /* SINTER_RUN_NEAREST_H */
