/* A file that appears whole or not at all: written beside its place, synced
 * and renamed into it. */
#ifndef SINTER_FILES_OUTFILE_H
#define SINTER_FILES_OUTFILE_H

#include "files/error.h"

#include <stdio.h>

typedef struct sinter_outfile {
  FILE *stream;    /* NULL: not open */
  char *path;      /* as given, for messages */
  char *target;    /* where it goes, symbolic links followed */
  char *temporary; /* NULL: written in place (a device or a pipe) */
} sinter_outfile;

/* Opens the temporary; fails here if the place cannot be written. */
int sinter_outfile_open(sinter_outfile *file, const char *path,
                        sinter_error *error);
/* Whether the place can be written, without leaving a trace. */
int sinter_outfile_probe(const char *path, sinter_error *error);
/* Puts the file in its place. After an error nothing is left behind. */
int sinter_outfile_commit(sinter_outfile *file, sinter_error *error);
/* Forgets the file; does nothing if it is not open. */
void sinter_outfile_abort(sinter_outfile *file);

/* Removes the temporaries of all open files, for a process that is about to be
 * ended by a signal: safe in a handler. */
void sinter_outfile_remove_all(void);

#endif /* SINTER_FILES_OUTFILE_H */
