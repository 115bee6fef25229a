/* Atomic replacement of files by write, fsync, rename. Things that are not
 * regular files (/dev/stdout, a pipe) cannot be replaced and are written in
 * place. */
#include "files/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Temporaries that a signal's handler would have to remove. A few places do:
 * a run writes its state, its log and some outputs; what finds no place would
 * only be left behind. Hosts may save on several threads, so places are taken
 * atomically. */
#define MAX_PENDING 64
static char *pending[MAX_PENDING];

static void swap_pending(char *before, char *after) {
  for (int i = 0; i < MAX_PENDING; ++i) {
    char *expected = before;
    if (__atomic_compare_exchange_n(&pending[i], &expected, after, 0,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return;
  }
}

void sinter_outfile_remove_all(void) {
  for (int i = 0; i < MAX_PENDING; ++i) {
    const char *path = __atomic_load_n(&pending[i], __ATOMIC_SEQ_CST);
    if (path)
      unlink(path);
  }
}

static void release(sinter_outfile *file) {
  if (file->temporary)
    swap_pending(file->temporary, NULL);
  free(file->path);
  free(file->target);
  free(file->temporary);
  memset(file, 0, sizeof *file);
}

static char *copy_of(const char *text) {
  char *copy = malloc(strlen(text) + 1);
  return copy ? strcpy(copy, text) : NULL;
}

/* "DIR/NAME.PID-K.tmp", which does not exist yet. */
static int open_temporary(sinter_outfile *file) {
  size_t size = strlen(file->target) + 64;
  file->temporary = malloc(size);
  if (!file->temporary)
    return -1;
  int descriptor = -1;
  for (int attempt = 0; attempt < 100 && descriptor < 0; ++attempt) {
    snprintf(file->temporary, size, "%s.%ld-%d.tmp", file->target,
             (long)getpid(), attempt);
    descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (descriptor < 0 && errno != EEXIST)
      break;
  }
  return descriptor;
}

int sinter_outfile_open(sinter_outfile *file, const char *path,
                        sinter_error *error) {
  memset(file, 0, sizeof *file);
  struct stat info;
  int exists = stat(path, &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return sinter_fail(error, "%s: cannot write: is a directory", path);
  int in_place = exists && !S_ISREG(info.st_mode);
  /* A rename would not ask whether the file itself may be written. */
  if (exists && !in_place && access(path, W_OK))
    return sinter_fail(error, "%s: cannot write: %s", path, strerror(errno));
  file->path = copy_of(path);
  file->target = exists && !in_place ? realpath(path, NULL) : copy_of(path);
  int descriptor = -1;
  if (file->path && file->target)
    descriptor = in_place ? open(path, O_WRONLY) : open_temporary(file);
  if (descriptor >= 0)
    file->stream = fdopen(descriptor, "wb");
  if (file->stream) {
    if (file->temporary)
      swap_pending(NULL, file->temporary);
    /* What replaces a file has its mode; where that fails (a file system
     * without modes), the usual one does. */
    if (file->temporary && exists && fchmod(descriptor, info.st_mode & 07777))
      errno = 0;
    return 0;
  }
  int cause = errno;
  if (descriptor >= 0) {
    close(descriptor);
    if (file->temporary)
      unlink(file->temporary);
  }
  release(file);
  return sinter_fail(error, "%s: cannot write: %s", path, strerror(cause));
}

int sinter_outfile_probe(const char *path, sinter_error *error) {
  struct stat info;
  /* Who reads from a pipe would take this for its end. */
  if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) &&
      !S_ISDIR(info.st_mode))
    return 0;
  sinter_outfile file;
  if (sinter_outfile_open(&file, path, error))
    return 1;
  sinter_outfile_abort(&file);
  return 0;
}

/* Makes the rename itself survive a power failure. Not all file systems can,
 * and the file is whole either way, so failure is no error. */
static void sync_folder(const char *target) {
  const char *slash = strrchr(target, '/');
  char *folder = copy_of(slash ? target : ".");
  if (!folder)
    return;
  if (slash)
    folder[slash == target ? 1 : slash - target] = 0;
  int descriptor = open(folder, O_RDONLY);
  if (descriptor >= 0) {
    fsync(descriptor);
    close(descriptor);
  }
  free(folder);
}

int sinter_outfile_commit(sinter_outfile *file, sinter_error *error) {
  int failed = ferror(file->stream) || fflush(file->stream);
  if (!failed && file->temporary)
    failed = fsync(fileno(file->stream));
  int cause = errno;
  if (fclose(file->stream) && !failed) {
    failed = 1;
    cause = errno;
  }
  if (!failed && file->temporary && rename(file->temporary, file->target)) {
    failed = 1;
    cause = errno;
  }
  if (failed) {
    sinter_fail(error, "%s: cannot write: %s", file->path, strerror(cause));
    if (file->temporary)
      unlink(file->temporary);
  } else if (file->temporary) {
    sync_folder(file->target);
  }
  release(file);
  return failed != 0;
}

void sinter_outfile_abort(sinter_outfile *file) {
  if (!file->stream)
    return;
  fclose(file->stream);
  if (file->temporary)
    unlink(file->temporary);
  release(file);
}
