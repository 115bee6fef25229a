/* What a compiled executable says about itself, on stdout. */
#ifndef SINTER_RUN_DESCRIBE_H
#define SINTER_RUN_DESCRIBE_H

#include "run/command_line.h"

/* Usage; with an entry chosen, its inputs and outputs too. */
void sinter_show_help(const sinter_command *command, const sinter_model *model);
void sinter_show_description(const sinter_model *model);
void sinter_show_version(const sinter_model *model);

#endif /* SINTER_RUN_DESCRIBE_H */
