/* Running an entry that writes the state. */
#ifndef SINTER_RUN_TRAIN_H
#define SINTER_RUN_TRAIN_H

#include "run/session.h"

/* Returns the exit code. */
int sinter_train(sinter_session *session);

#endif /* SINTER_RUN_TRAIN_H */
