/* A pull reader of JSON, for the headers of safetensors files: the caller asks
 * for what must come next. Strings are decoded in place. After the first error
 * every function fails and `problem` says what was wrong. */
#ifndef SINTER_FILES_JSON_H
#define SINTER_FILES_JSON_H

#include <stddef.h>
#include <stdint.h>

typedef struct sinter_json {
  char *at;
  char *end; /* one byte past the text, which must be writable */
  const char *problem;
} sinter_json;

/* Reads `c` if it is next; else leaves it and returns 0. */
int sinter_json_accept(sinter_json *json, char c);
/* As accept, but its absence is an error. */
int sinter_json_expect(sinter_json *json, char c);
/* A string: zero-terminated UTF-8 inside the text; NULL on error. */
char *sinter_json_string(sinter_json *json);
/* A whole number from 0 to INT64_MAX; -1 on error. */
int64_t sinter_json_whole(sinter_json *json);
/* Reads any value and forgets it. */
int sinter_json_skip(sinter_json *json);
/* Whether nothing but white space is left. */
int sinter_json_at_end(sinter_json *json);

#endif /* SINTER_FILES_JSON_H */
