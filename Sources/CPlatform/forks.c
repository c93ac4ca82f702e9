#define _GNU_SOURCE
#define CF_FORKS_OUT_OF_LINE
#include "CForks.h"
#include <sys/mman.h>

typedef __attribute__((swiftcall)) void (*plain)(__attribute__((swift_context)) void *context);
typedef __attribute__((swiftcall)) void (*returning)(
    __attribute__((swift_indirect_result)) void *result, __attribute__((swift_context)) void *context);

void cf_run_fork(cf_fork *fork) {
  uintptr_t context = (uintptr_t)fork->context;
  if (context & 1)
    ((returning)fork->function)(fork->payload, (void *)(context - 1));
  else
    ((plain)fork->function)((void *)context);
}

enum { page = 4096 };
void *cf_reserve(size_t bytes) {
  void *p = mmap(0, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return 0;
  mprotect((char *)p + bytes, page, PROT_NONE);
  return p;
}
void cf_unreserve(void *address, size_t bytes) { munmap(address, bytes + page); }
