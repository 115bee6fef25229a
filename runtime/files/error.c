/* Messages are cut to the caller's buffer; nothing is allocated for them. */
#include "files/error.h"

#include <stdarg.h>
#include <stdio.h>

int sinter_fail(sinter_error *error, const char *format, ...) {
  if (error->text && error->size) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, error->size, format, arguments);
    va_end(arguments);
  }
  return 1;
}
