/* Running an entry that only reads the state. */
#ifndef SINTER_RUN_EVALUATE_H
#define SINTER_RUN_EVALUATE_H

#include "run/session.h"

/* Returns the exit code. */
int sinter_evaluate(sinter_session *session);

#endif /* SINTER_RUN_EVALUATE_H */
