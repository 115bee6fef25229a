/* NumPy's .npz: a zip archive of .npy files, stored or deflated. The central
 * directory at the end is what counts; local headers only say where the data
 * starts (NumPy leaves their sizes to extra fields). Sizes are 32-bit here:
 * an archive over 4 GB is refused with advice.
 * Format: PKWARE's APPNOTE.TXT. */
#include "files/array.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define END_BYTES 22
#define LONGEST_COMMENT 65535
#define CENTRAL_BYTES 46
#define LOCAL_BYTES 30
#define IN_EXTRA_FIELD UINT32_MAX
#define STORED 0
#define DEFLATED 8
#define ENCRYPTED 1

typedef struct member_record {
  const char *name; /* not terminated, without .npy */
  size_t name_size;
  int flags;
  int method;
  uint32_t crc;
  uint32_t packed;
  uint32_t size;
  uint32_t local; /* where the local header is */
} member_record;

static uint32_t word(const unsigned char *data) {
  return (uint32_t)sinter_little_endian(data, 4);
}

static uint32_t half(const unsigned char *data) {
  return (uint32_t)sinter_little_endian(data, 2);
}

/* The end record, searched from the end because a comment may follow it. */
static const unsigned char *find_end(const sinter_bytes *archive) {
  if (archive->size < END_BYTES)
    return NULL;
  size_t place = archive->size - END_BYTES;
  size_t lowest = place > LONGEST_COMMENT ? place - LONGEST_COMMENT : 0;
  for (;; --place) {
    if (memcmp(archive->data + place, "PK\5\6", 4) == 0)
      return archive->data + place;
    if (place == lowest)
      return NULL;
  }
}

/* Reads the central record at *place and steps past it. */
static int next_record(const sinter_bytes *archive, uint64_t *place,
                       member_record *record) {
  if (archive->size - *place < CENTRAL_BYTES)
    return 1;
  const unsigned char *data = archive->data + *place;
  if (memcmp(data, "PK\1\2", 4) != 0)
    return 1;
  record->flags = (int)half(data + 8);
  record->method = (int)half(data + 10);
  record->crc = word(data + 16);
  record->packed = word(data + 20);
  record->size = word(data + 24);
  record->local = word(data + 42);
  record->name = (const char *)data + CENTRAL_BYTES;
  record->name_size = half(data + 28);
  uint64_t bytes = (uint64_t)CENTRAL_BYTES + record->name_size +
                   half(data + 30) + half(data + 32);
  if (archive->size - *place < bytes)
    return 1;
  *place += bytes;
  if (record->name_size > 4 &&
      memcmp(record->name + record->name_size - 4, ".npy", 4) == 0)
    record->name_size -= 4;
  return 0;
}

static int is_called(const member_record *record, const char *name) {
  size_t size = strlen(name);
  if (size > 4 && strcmp(name + size - 4, ".npy") == 0)
    size -= 4;
  return record->name_size == size && memcmp(record->name, name, size) == 0;
}

/* Inflates a raw deflate stream whose exact size is known. */
static int inflate_member(sinter_bytes *out, const unsigned char *data,
                          const member_record *record) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, -15) != Z_OK)
    return 1;
  stream.next_in = (unsigned char *)data;
  stream.avail_in = record->packed;
  stream.next_out = out->data;
  /* One spare byte shows a stream that is longer than promised. */
  stream.avail_out = record->size + 1;
  int code = inflate(&stream, Z_FINISH);
  int exact = code == Z_STREAM_END && stream.total_out == record->size &&
              stream.avail_in == 0;
  inflateEnd(&stream);
  return !exact;
}

static int extract(sinter_bytes *out, const sinter_bytes *archive,
                   const member_record *record, const char *path,
                   sinter_error *error) {
  int shown = (int)record->name_size;
  if (record->packed == IN_EXTRA_FIELD || record->size == IN_EXTRA_FIELD ||
      record->local == IN_EXTRA_FIELD)
    return sinter_fail(error, "%s: '%.*s' is larger than 4 GB; save it as .npy",
                       path, shown, record->name);
  if (record->flags & ENCRYPTED)
    return sinter_fail(error, "%s: '%.*s' is encrypted", path, shown,
                       record->name);
  if (record->method != STORED && record->method != DEFLATED)
    return sinter_fail(error,
                       "%s: '%.*s' uses compression method %d; only "
                       "stored and deflated members can be read",
                       path, shown, record->name, record->method);
  const unsigned char *local = archive->data + record->local;
  if (record->local > archive->size ||
      archive->size - record->local < LOCAL_BYTES ||
      memcmp(local, "PK\3\4", 4) != 0)
    return sinter_fail(error, "%s: the header of '%.*s' is damaged", path,
                       shown, record->name);
  uint64_t start = (uint64_t)record->local + LOCAL_BYTES + half(local + 26) +
                   half(local + 28);
  if (start > archive->size || archive->size - start < record->packed ||
      (record->method == STORED && record->packed != record->size))
    return sinter_fail(error, "%s: '%.*s' is cut off or damaged", path, shown,
                       record->name);
  /* Deflate shrinks at most about 1032:1, so a promise beyond that is a lie
   * not worth allocating for. */
  if (record->size / 1040 > record->packed)
    return sinter_fail(error, "%s: '%.*s' is damaged", path, shown,
                       record->name);
  out->data = malloc((size_t)record->size + 1);
  if (!out->data)
    return sinter_fail(error, "%s: not enough memory for '%.*s'", path, shown,
                       record->name);
  out->size = record->size;
  int failed = 0;
  if (record->method == STORED)
    memcpy(out->data, archive->data + start, record->size);
  else
    failed = inflate_member(out, archive->data + start, record);
  if (failed || crc32(0, out->data, record->size) != record->crc) {
    sinter_bytes_free(out);
    return sinter_fail(error, "%s: '%.*s' is damaged: its checksum is wrong",
                       path, shown, record->name);
  }
  out->data[out->size] = 0;
  return 0;
}

int sinter_npz_extract(sinter_bytes *out, const sinter_bytes *archive,
                       const char *member, const char *fallback,
                       const char *path, sinter_error *error) {
  out->data = NULL;
  out->size = 0;
  const unsigned char *end = find_end(archive);
  if (!end)
    return sinter_fail(
        error, "%s: not a zip archive, or cut off before its end", path);
  uint32_t count = half(end + 10);
  uint64_t place = word(end + 16);
  if (place == IN_EXTRA_FIELD)
    return sinter_fail(error, "%s: larger than 4 GB; save arrays as .npy",
                       path);
  const char *wanted = member ? member : fallback;
  for (uint32_t i = 0; i < count; ++i) {
    member_record record;
    if (place > archive->size || next_record(archive, &place, &record))
      return sinter_fail(error, "%s: the archive's directory is damaged", path);
    if (is_called(&record, wanted) || (!member && count == 1))
      return extract(out, archive, &record, path, error);
  }
  return sinter_fail(error, "%s: holds no array '%s'%s", path, wanted,
                     member ? "" : "; name one as FILE.npz:ARRAY");
}
