// usage: cloop COUNT - the tracepoint `mark`, COUNT times from a loop in C: what LTTng-UST costs without us.
#include "provider.h"
#include <stdlib.h>

int main(int count, char **arguments) {
  struct cf_traced_record record = {.id = 31, .aux = 1};
  for (long value = 0, end = count > 1 ? atol(arguments[1]) : 0; value < end; value++) {
    record.a = (uint64_t)value;
    lttng_ust_tracepoint(concurrent_futures, mark, &record);
  }
  return 0;
}
