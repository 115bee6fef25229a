/* What an entry's return value means, in words. */
#include "sinter_runtime.h"

const char *sinter_status_message(int32_t status) {
  switch (status) {
  case SINTER_OK:
    return "done";
  case SINTER_NULL_POINTER:
    return "the state, the workspace or an argument is NULL";
  case SINTER_MISALIGNED:
    return "the state or the workspace is not 64-byte aligned";
  case SINTER_INDEX_OUT_OF_RANGE:
    return "an index is out of range";
  case SINTER_HOST_FAILED:
    return "a hook of the host failed";
  case SINTER_LIBRARY_FAILED:
    return "a library that the model calls failed";
  default:
    return "unknown status";
  }
}
