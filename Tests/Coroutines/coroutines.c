#define _GNU_SOURCE
#include "Coroutines.h"
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

struct coroutine {
  ucontext_t context;
  void *stack;
};

// makecontext hands on ints: an address in two halves.
static void begin(unsigned low, unsigned high) {
  coroutine *(*body)(void) = (coroutine * (*)(void))(((uintptr_t)high << 32) | low);
  setcontext(&body()->context);
}

coroutine *coroutine_make(coroutine *(*body)(void), size_t stack_bytes) {
  coroutine *c = calloc(1, sizeof *c);
  if (!body) return c;
  getcontext(&c->context);
  c->stack = malloc(stack_bytes);
  c->context.uc_stack.ss_sp = c->stack;
  c->context.uc_stack.ss_size = stack_bytes;
  uintptr_t address = (uintptr_t)body;
  makecontext(&c->context, (void (*)(void))begin, 2, (unsigned)address, (unsigned)(address >> 32));
  return c;
}
void coroutine_free(coroutine *c) {
  free(c->stack);
  free(c);
}
void coroutine_switch(coroutine *from, coroutine *to) { swapcontext(&from->context, &to->context); }
