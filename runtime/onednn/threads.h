/* oneDNN in one thread.  Its OpenMP build takes as many as the calling thread
 * may have, at creation and at every run; a call is made with one, and what the
 * host had set is set again. */
#ifndef SINTER_ONEDNN_THREADS_H
#define SINTER_ONEDNN_THREADS_H

/* Begins a stretch of one thread; returns what sinter_many_threads takes. */
int sinter_one_thread(void);
void sinter_many_threads(int before);

#endif
