#define _GNU_SOURCE
#include "Coroutines.h"
#include <stdlib.h>
#include <ucontext.h>

struct coroutine {
  ucontext_t context;
  void *stack;
};

coroutine *coroutine_make(void (*body)(void), size_t stack_bytes) {
  coroutine *c = calloc(1, sizeof *c);
  if (!body) return c;
  getcontext(&c->context);
  c->stack = malloc(stack_bytes);
  c->context.uc_stack.ss_sp = c->stack;
  c->context.uc_stack.ss_size = stack_bytes;
  makecontext(&c->context, body, 0);
  return c;
}
void coroutine_free(coroutine *c) {
  free(c->stack);
  free(c);
}
void coroutine_switch(coroutine *from, coroutine *to) { swapcontext(&from->context, &to->context); }
