/* Where a failing function leaves its message: file, cause and, where one
 * exists, the remedy. Functions that take a sinter_error return 0 or non-zero
 * with the message written. */
#ifndef SINTER_FILES_ERROR_H
#define SINTER_FILES_ERROR_H

#include <stddef.h>

typedef struct sinter_error {
  char *text; /* may be NULL */
  size_t size;
} sinter_error;

/* Writes the message and returns 1, so that callers can return the result. */
int sinter_fail(sinter_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* SINTER_FILES_ERROR_H */
