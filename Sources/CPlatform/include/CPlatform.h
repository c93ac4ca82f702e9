// What Glibc's Swift overlay hides: futex, membarrier, the thread-local slot, CPU hints. No logic.
#ifndef CF_PLATFORM_H
#define CF_PLATFORM_H
#include <stddef.h>
#include <stdint.h>
#include "CForks.h"

// What the library knows about the calling thread. One initial-exec thread-local: 0.27 ns to reach
// (pthread_getspecific 2.7 ns, a Swift TaskLocal 11 ns).
typedef struct cf_thread {
  void *worker;           // the Worker this thread is, or NULL outside of any pool
  void *forks;            // its ForkStack if a join may take the fast form, else NULL
  void *ring;             // this thread's event ring, NULL until its first record
  uint64_t next_task;     // task ids of this lane: lane << 48 | counter; 0 until a lane was assigned
  uint64_t current_task;  // the task that runs here, 0 = none
  void *current_future;   // its future (unretained), NULL = none
  uint32_t nesting;       // tasks that run beneath one another on this stack
  uint16_t lane;          // valid once next_task != 0
  uint16_t serial;        // fork-join calls that found no pool to enter: beneath them nothing forks
} cf_thread;

extern _Thread_local cf_thread cf_thread_slot __attribute__((tls_model("initial-exec")));
static inline cf_thread *cf_current_thread(void) { return &cf_thread_slot; }

// What the event log does (RecordingGate): 0 = nothing.
extern uint32_t cf_recording_gate __attribute__((visibility("hidden")));
static inline uint32_t cf_recording(void) { return __atomic_load_n(&cf_recording_gate, __ATOMIC_RELAXED); }
static inline void cf_set_recording(uint32_t value) { __atomic_store_n(&cf_recording_gate, value, __ATOMIC_RELEASE); }

// Reads a word that its thread may be writing.
static inline uint64_t cf_peek(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
// Writes a word that others may be reading.
static inline void cf_poke(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

// Keeps the compiler, not the processor, from moving memory accesses across.
static inline void cf_compiler_barrier(void) { __asm__ volatile("" ::: "memory"); }

// Adds a reference to a Swift object that no other thread knows: the runtime's own entry for that, without
// a locked instruction. Returns the object.
void *swift_nonatomic_retain(void *object);
static inline void *cf_retain_unshared(void *object) { return swift_nonatomic_retain(object); }

static inline void cf_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

void cf_yield(void);  // sched_yield

// Futexes. `timeout_ns` is an absolute CLOCK_MONOTONIC time, or -1 for none. Returns 0 or an errno.
int cf_futex_wait(const void *address, uint32_t expected, int64_t deadline_ns);
void cf_futex_wake(const void *address, int count);

static inline int64_t cf_monotonic_ns(void);
#include <time.h>
static inline int64_t cf_monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t cf_coarse_ns(void) {  // CLOCK_MONOTONIC as of the last tick: cheap, some milliseconds old
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static inline int64_t cf_realtime_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// The processor's cycle counter, and the line by which the trace clock translates it (NULL: do not).
typedef struct cf_clock_parameters {
  uint64_t start, base, slope;  // ns = base + (counter - start) * slope / 2^32
} cf_clock_parameters;
extern const cf_clock_parameters *cf_clock_line_current __attribute__((visibility("hidden")));
static inline const cf_clock_parameters *cf_clock_line(void) {
  return __atomic_load_n(&cf_clock_line_current, __ATOMIC_ACQUIRE);
}
static inline void cf_set_clock_line(const cf_clock_parameters *line) {
  __atomic_store_n(&cf_clock_line_current, line, __ATOMIC_RELEASE);
}
#if defined(__x86_64__)
static inline uint64_t cf_counter(void) { return __builtin_ia32_rdtsc(); }
static inline uint64_t cf_counter_ordered(void) {  // not before earlier instructions, nor after later ones
  uint64_t low, high;
  __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
  return high << 32 | low;
}
#else
static inline uint64_t cf_counter(void) { return 0; }
static inline uint64_t cf_counter_ordered(void) { return 0; }
#endif
int cf_counter_is_invariant(void);  // it runs at one rate on all processors, and the kernel trusts it

int cf_membarrier_register(void);  // 0 or an errno
void cf_membarrier(void);
void cf_write_stderr(const void *bytes, size_t count);  // all of it, errors ignored
int32_t cf_gettid(void);
int cf_usable_cpus(void);  // size of the affinity mask, at least 1
int64_t cf_read_file(const char *path, void *buffer, size_t size);  // bytes read, or -1
int cf_getcpu(void);       // the CPU this thread runs on, or -1

// Starts a detached thread. Returns 0 or an errno (EAGAIN: the system refuses one more).
int cf_start_thread(void (*body)(void *), void *argument, size_t stack_bytes);
void cf_name_thread(const char *name);                // the calling thread; cut to 15 bytes
void cf_stack_bounds(uintptr_t *low, uintptr_t *high);  // of the calling thread

// Registers what must happen around fork() and at exit(). Called once.
void cf_hook_process(void (*prepare)(void), void (*parent)(void), void (*child)(void), void (*at_exit)(void));
#include "CProcesses.h"

// Of the Swift runtime (docs/Runtime.md there): references that keep an object's memory but not the object.
void *swift_unownedRetain(void *object);
void swift_unownedRelease(void *object);
#endif
