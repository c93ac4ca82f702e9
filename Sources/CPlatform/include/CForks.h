// A borrowed Swift closure as two words, and calling it back. No logic.
//
// Swift passes a thick closure as (function, context) under its calling convention. `cf_grab*` receive these words and
// store them; thieves call back through `cf_run_fork`. Swift closures are never rebuilt from the words.
#ifndef CF_FORKS_H
#define CF_FORKS_H
#include <stddef.h>
#include <stdint.h>

// One fork of a worker: 64 bytes, so that the thief of one slot does not disturb its neighbours.
typedef struct cf_fork {
  void *function;
  void *context;         // bit 0: returns into `payload`
  uint64_t payload[2];   // the result of a small `() -> B`
  uint32_t state;        // see ForkStack
  uint32_t reserved[7];
} cf_fork;

// `used` and `always_inline`: Swift reaches them through @_silgen_name, and `cf_forks_touch` makes the importer emit
// their bodies beside the code that calls them.
#ifndef CF_FORKS_OUT_OF_LINE
// () -> Void
static inline __attribute__((swiftcall, used, always_inline)) void cf_grab(void *function, void *context, cf_fork *fork) {
  fork->function = function;
  fork->context = context;
}
// () -> B seen through a generic signature: it returns indirectly. `metadata` is B's.
static inline __attribute__((swiftcall, used, always_inline)) void cf_grab_value(
    void *function, void *context, cf_fork *fork, void *metadata) {
  (void)metadata;
  fork->function = function;
  fork->context = (char *)context + 1;
}
// A use of the closure after the last moment at which a thief may call it. The context's address is in the slot, so
// what reads "memory" may read the context.
static inline __attribute__((swiftcall, used, always_inline)) void cf_keep(void *function, void *context) {
  (void)function;
  (void)context;
  __asm__ volatile("" ::: "memory");
}
static inline __attribute__((swiftcall, used, always_inline)) void cf_keep_value(
    void *function, void *context, void *metadata) {
  (void)function;
  (void)context;
  (void)metadata;
  __asm__ volatile("" ::: "memory");
}
static inline uintptr_t cf_forks_touch(void) {
  return (uintptr_t)cf_grab ^ (uintptr_t)cf_grab_value ^ (uintptr_t)cf_keep ^ (uintptr_t)cf_keep_value;
}
#endif

// Keeps the compiler from moving the store of `top` below the load of `low`; membarrier does it for the CPU.
static inline void cf_signal_fence(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

// Has the slot's line on its way while its thief still takes it.
static inline void cf_prefetch(const void *address) { __builtin_prefetch(address); }

// Calls the closure in the slot.
void cf_run_fork(cf_fork *fork);

// Address space for `bytes` (a multiple of the page size) with an inaccessible page behind it; NULL if refused.
void *cf_reserve(size_t bytes);
void cf_unreserve(void *address, size_t bytes);
#endif
