/* Reading files whole. Sizes are never believed: the buffer grows with what
 * is really there, so pipes work and no header can ask for memory. */
#include "files/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define FIRST_CAPACITY (1u << 16)
#define INFLATE_STEP (1u << 20)

/* windowBits for inflateInit2: the largest window, gzip wrapping only. */
#define GZIP_WINDOW (15 + 16)

void sinter_bytes_free(sinter_bytes *bytes) {
  free(bytes->data);
  bytes->data = NULL;
  bytes->size = 0;
}

static int grow(sinter_bytes *bytes, size_t *capacity, size_t wanted,
                const char *path, sinter_error *error) {
  if (wanted < *capacity)
    return 0;
  size_t larger = *capacity ? *capacity : FIRST_CAPACITY;
  while (larger <= wanted)
    larger *= 2;
  unsigned char *data = realloc(bytes->data, larger);
  if (!data)
    return sinter_fail(error, "%s: not enough memory to read it", path);
  bytes->data = data;
  *capacity = larger;
  return 0;
}

static int read_all(sinter_bytes *bytes, FILE *file, size_t expected,
                    const char *path, sinter_error *error) {
  size_t capacity = 0;
  if (grow(bytes, &capacity, expected, path, error))
    return 1;
  for (;;) {
    size_t count =
        fread(bytes->data + bytes->size, 1, capacity - bytes->size - 1, file);
    bytes->size += count;
    if (ferror(file))
      return sinter_fail(error, "%s: cannot read: %s", path, strerror(errno));
    if (feof(file))
      break;
    if (bytes->size + 1 >= capacity &&
        grow(bytes, &capacity, bytes->size + 1, path, error))
      return 1;
  }
  bytes->data[bytes->size] = 0;
  return 0;
}

/* Inflates every gzip member of `packed`, one after another. */
static int inflate_all(sinter_bytes *bytes, const sinter_bytes *packed,
                       const char *path, sinter_error *error) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
    return sinter_fail(error, "%s: not enough memory to inflate it", path);
  size_t capacity = 0, consumed = 0;
  int failed = 0, code = Z_OK;
  while (!failed) {
    if (code == Z_STREAM_END) {
      if (consumed == packed->size)
        break;
      inflateReset(&stream);
    }
    failed = grow(bytes, &capacity, bytes->size + INFLATE_STEP, path, error);
    if (failed)
      break;
    size_t left = packed->size - consumed;
    stream.next_in = packed->data + consumed;
    stream.avail_in = (uInt)(left < UINT32_MAX ? left : UINT32_MAX);
    stream.next_out = bytes->data + bytes->size;
    stream.avail_out = INFLATE_STEP;
    code = inflate(&stream, Z_NO_FLUSH);
    consumed = (size_t)(stream.next_in - packed->data);
    bytes->size += INFLATE_STEP - stream.avail_out;
    /* Z_BUF_ERROR is no progress: more input or output is needed. */
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      failed = sinter_fail(error, "%s: the gzip data is damaged: %s", path,
                           stream.msg ? stream.msg : "bad stream");
    else if (code == Z_BUF_ERROR && stream.avail_out)
      failed = sinter_fail(error, "%s: the gzip data is cut off", path);
  }
  inflateEnd(&stream);
  if (!failed)
    bytes->data[bytes->size] = 0;
  return failed;
}

int sinter_bytes_read(sinter_bytes *bytes, const char *path, int inflate,
                      sinter_error *error) {
  bytes->data = NULL;
  bytes->size = 0;
  FILE *file = fopen(path, "rb");
  if (!file)
    return sinter_fail(error, "%s: cannot open: %s", path, strerror(errno));
  struct stat info;
  size_t expected = 0;
  if (fstat(fileno(file), &info) == 0) {
    if (S_ISDIR(info.st_mode)) {
      fclose(file);
      return sinter_fail(error, "%s: is a directory", path);
    }
    if (S_ISREG(info.st_mode))
      expected = (size_t)info.st_size + 1;
  }
  int failed = read_all(bytes, file, expected, path, error);
  fclose(file);
  if (!failed && inflate && bytes->size >= 2 && bytes->data[0] == 0x1f &&
      bytes->data[1] == 0x8b) {
    sinter_bytes packed = *bytes;
    bytes->data = NULL;
    bytes->size = 0;
    failed = inflate_all(bytes, &packed, path, error);
    sinter_bytes_free(&packed);
  }
  if (failed)
    sinter_bytes_free(bytes);
  return failed;
}

int sinter_has_suffix(const char *path, const char *suffix) {
  size_t length = strlen(path), tail = strlen(suffix);
  if (length < tail)
    return 0;
  for (size_t i = 0; i < tail; ++i)
    if (tolower((unsigned char)path[length - tail + i]) !=
        tolower((unsigned char)suffix[i]))
      return 0;
  return 1;
}

uint64_t sinter_little_endian(const unsigned char *data, int size) {
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i)
    value = value << 8 | data[i];
  return value;
}

uint64_t sinter_big_endian(const unsigned char *data, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value = value << 8 | data[i];
  return value;
}

int sinter_byte_count(const int64_t *shape, int rank, size_t element,
                      uint64_t *bytes) {
  /* A zero anywhere makes the product zero, whatever the others are. */
  uint64_t product = element;
  int empty = 0;
  for (int d = 0; d < rank; ++d) {
    if (shape[d] < 0)
      return 1;
    empty |= shape[d] == 0;
  }
  for (int d = 0; d < rank && !empty; ++d) {
    uint64_t extent = (uint64_t)shape[d];
    if (product > (uint64_t)INT64_MAX / extent)
      return 1;
    product *= extent;
  }
  *bytes = empty ? 0 : product;
  return 0;
}
