// Coroutines, for the model checker: makecontext takes a variable number of arguments, which Swift cannot call. No logic.
#ifndef COROUTINES_H
#define COROUTINES_H
#include <stddef.h>

typedef struct coroutine coroutine;

// A coroutine that will call `body`, which returns who is to go on after it; with NULL the place where the caller itself waits.
coroutine *coroutine_make(coroutine *(*body)(void), size_t stack_bytes);
void coroutine_free(coroutine *c);
// Saves the running one in `from` and continues `to`.
void coroutine_switch(coroutine *from, coroutine *to);
#endif
