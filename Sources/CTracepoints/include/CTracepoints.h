// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.
#ifndef CTRACEPOINTS_H
#define CTRACEPOINTS_H
#include <stdbool.h>
#include <stdint.h>

// The same 32 bytes as SchedulerEvents.EventRecord.
typedef struct cf_record {
  uint64_t time;
  uint16_t id, worker;
  uint32_t aux;
  uint64_t a, b;
} cf_record;

// The head of LTTng-UST's struct lttng_ust_tracepoint, which is ABI; provider.c asserts that they agree.
// `state` is not 0 while a session records the event. `log` lies where LTTng's struct has four bytes of padding, which
// nobody else writes: it is not 0 while the event log records, so that one word tells whether anybody does.
struct cf_tracepoint {
  uint32_t struct_size;
  const char *provider, *name;
  union {
    struct {
      int state;
      uint32_t log;
    };
    uint64_t listeners;
  };
  void *probes;
  int *provider_ref;
  const char *signature;
};
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_submit;
extern struct cf_tracepoint cf_tracepoint_task_submit __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_start __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_cancel __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_notify __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_suspend __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_resume __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_task_depend __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_wait_begin __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_wait_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_callback_begin __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_callback_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_fork_begin __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_fork_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_fork_split __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_fork_join __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_job_begin __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_job_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_search_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_worker_park __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_worker_unpark __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_worker_wake __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_blocking_begin __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_blocking_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_worker_start __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_worker_stop __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_worker_status __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_queue_sample __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_region_begin __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_region_end __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_mark __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_counter __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_lost __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_call_sent __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_call_started __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_call_result __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_call_worker_spawned __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_call_worker_died __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_label_def __attribute__((visibility("hidden")));
extern struct cf_tracepoint cf_tracepoint_pool_config __attribute__((visibility("hidden")));

// Whether a word is not 0. An atomic load would not be folded into the comparison: on x86-64 it is one instruction, and a jump.
static inline bool cf_is_set(const uint64_t *word) {
#if defined(__x86_64__)
  bool set;
  __asm__ volatile("cmpq $0, %1" : "=@ccne"(set) : "m"(*word));
  return set;
#else
  return __atomic_load_n(word, __ATOMIC_RELAXED) != 0;
#endif
}

// Whether a session or the event log records submissions. For code that is compiled into other images. The barrier keeps the
// optimizer from moving reference counting across, and with it the test's result into a register that must be kept.
static inline bool cf_submit_is_recorded(void) {
  __asm__ volatile("" ::: "memory");
  return cf_is_set(&lttng_ust_tracepoint_concurrent_futures___task_submit.listeners);
}
// Whether a session or the event log records the event with this id.
static inline bool cf_is_recorded(uint16_t id) {
  switch (id) {
  case 1: return cf_is_set(&cf_tracepoint_task_submit.listeners);
  case 2: return cf_is_set(&cf_tracepoint_task_start.listeners);
  case 3: return cf_is_set(&cf_tracepoint_task_end.listeners);
  case 4: return cf_is_set(&cf_tracepoint_task_cancel.listeners);
  case 5: return cf_is_set(&cf_tracepoint_task_notify.listeners);
  case 6: return cf_is_set(&cf_tracepoint_task_suspend.listeners);
  case 7: return cf_is_set(&cf_tracepoint_task_resume.listeners);
  case 8: return cf_is_set(&cf_tracepoint_task_depend.listeners);
  case 9: return cf_is_set(&cf_tracepoint_wait_begin.listeners);
  case 10: return cf_is_set(&cf_tracepoint_wait_end.listeners);
  case 11: return cf_is_set(&cf_tracepoint_callback_begin.listeners);
  case 12: return cf_is_set(&cf_tracepoint_callback_end.listeners);
  case 13: return cf_is_set(&cf_tracepoint_fork_begin.listeners);
  case 14: return cf_is_set(&cf_tracepoint_fork_end.listeners);
  case 15: return cf_is_set(&cf_tracepoint_fork_split.listeners);
  case 16: return cf_is_set(&cf_tracepoint_fork_join.listeners);
  case 17: return cf_is_set(&cf_tracepoint_job_begin.listeners);
  case 18: return cf_is_set(&cf_tracepoint_job_end.listeners);
  case 19: return cf_is_set(&cf_tracepoint_search_end.listeners);
  case 20: return cf_is_set(&cf_tracepoint_worker_park.listeners);
  case 21: return cf_is_set(&cf_tracepoint_worker_unpark.listeners);
  case 22: return cf_is_set(&cf_tracepoint_worker_wake.listeners);
  case 23: return cf_is_set(&cf_tracepoint_blocking_begin.listeners);
  case 24: return cf_is_set(&cf_tracepoint_blocking_end.listeners);
  case 25: return cf_is_set(&cf_tracepoint_worker_start.listeners);
  case 26: return cf_is_set(&cf_tracepoint_worker_stop.listeners);
  case 27: return cf_is_set(&cf_tracepoint_worker_status.listeners);
  case 28: return cf_is_set(&cf_tracepoint_queue_sample.listeners);
  case 29: return cf_is_set(&cf_tracepoint_region_begin.listeners);
  case 30: return cf_is_set(&cf_tracepoint_region_end.listeners);
  case 31: return cf_is_set(&cf_tracepoint_mark.listeners);
  case 32: return cf_is_set(&cf_tracepoint_counter.listeners);
  case 33: return cf_is_set(&cf_tracepoint_lost.listeners);
  case 34: return cf_is_set(&cf_tracepoint_call_sent.listeners);
  case 35: return cf_is_set(&cf_tracepoint_call_started.listeners);
  case 36: return cf_is_set(&cf_tracepoint_call_result.listeners);
  case 37: return cf_is_set(&cf_tracepoint_call_worker_spawned.listeners);
  case 38: return cf_is_set(&cf_tracepoint_call_worker_died.listeners);
  case 64: return cf_is_set(&cf_tracepoint_label_def.listeners);
  case 65: return cf_is_set(&cf_tracepoint_pool_config.listeners);
  }
  return 0;
}
// Not 0: a session records it.
static inline int cf_traced(uint16_t id) {
  switch (id) {
  case 1: return __atomic_load_n(&cf_tracepoint_task_submit.state, __ATOMIC_RELAXED);
  case 2: return __atomic_load_n(&cf_tracepoint_task_start.state, __ATOMIC_RELAXED);
  case 3: return __atomic_load_n(&cf_tracepoint_task_end.state, __ATOMIC_RELAXED);
  case 4: return __atomic_load_n(&cf_tracepoint_task_cancel.state, __ATOMIC_RELAXED);
  case 5: return __atomic_load_n(&cf_tracepoint_task_notify.state, __ATOMIC_RELAXED);
  case 6: return __atomic_load_n(&cf_tracepoint_task_suspend.state, __ATOMIC_RELAXED);
  case 7: return __atomic_load_n(&cf_tracepoint_task_resume.state, __ATOMIC_RELAXED);
  case 8: return __atomic_load_n(&cf_tracepoint_task_depend.state, __ATOMIC_RELAXED);
  case 9: return __atomic_load_n(&cf_tracepoint_wait_begin.state, __ATOMIC_RELAXED);
  case 10: return __atomic_load_n(&cf_tracepoint_wait_end.state, __ATOMIC_RELAXED);
  case 11: return __atomic_load_n(&cf_tracepoint_callback_begin.state, __ATOMIC_RELAXED);
  case 12: return __atomic_load_n(&cf_tracepoint_callback_end.state, __ATOMIC_RELAXED);
  case 13: return __atomic_load_n(&cf_tracepoint_fork_begin.state, __ATOMIC_RELAXED);
  case 14: return __atomic_load_n(&cf_tracepoint_fork_end.state, __ATOMIC_RELAXED);
  case 15: return __atomic_load_n(&cf_tracepoint_fork_split.state, __ATOMIC_RELAXED);
  case 16: return __atomic_load_n(&cf_tracepoint_fork_join.state, __ATOMIC_RELAXED);
  case 17: return __atomic_load_n(&cf_tracepoint_job_begin.state, __ATOMIC_RELAXED);
  case 18: return __atomic_load_n(&cf_tracepoint_job_end.state, __ATOMIC_RELAXED);
  case 19: return __atomic_load_n(&cf_tracepoint_search_end.state, __ATOMIC_RELAXED);
  case 20: return __atomic_load_n(&cf_tracepoint_worker_park.state, __ATOMIC_RELAXED);
  case 21: return __atomic_load_n(&cf_tracepoint_worker_unpark.state, __ATOMIC_RELAXED);
  case 22: return __atomic_load_n(&cf_tracepoint_worker_wake.state, __ATOMIC_RELAXED);
  case 23: return __atomic_load_n(&cf_tracepoint_blocking_begin.state, __ATOMIC_RELAXED);
  case 24: return __atomic_load_n(&cf_tracepoint_blocking_end.state, __ATOMIC_RELAXED);
  case 25: return __atomic_load_n(&cf_tracepoint_worker_start.state, __ATOMIC_RELAXED);
  case 26: return __atomic_load_n(&cf_tracepoint_worker_stop.state, __ATOMIC_RELAXED);
  case 27: return __atomic_load_n(&cf_tracepoint_worker_status.state, __ATOMIC_RELAXED);
  case 28: return __atomic_load_n(&cf_tracepoint_queue_sample.state, __ATOMIC_RELAXED);
  case 29: return __atomic_load_n(&cf_tracepoint_region_begin.state, __ATOMIC_RELAXED);
  case 30: return __atomic_load_n(&cf_tracepoint_region_end.state, __ATOMIC_RELAXED);
  case 31: return __atomic_load_n(&cf_tracepoint_mark.state, __ATOMIC_RELAXED);
  case 32: return __atomic_load_n(&cf_tracepoint_counter.state, __ATOMIC_RELAXED);
  case 33: return __atomic_load_n(&cf_tracepoint_lost.state, __ATOMIC_RELAXED);
  case 34: return __atomic_load_n(&cf_tracepoint_call_sent.state, __ATOMIC_RELAXED);
  case 35: return __atomic_load_n(&cf_tracepoint_call_started.state, __ATOMIC_RELAXED);
  case 36: return __atomic_load_n(&cf_tracepoint_call_result.state, __ATOMIC_RELAXED);
  case 37: return __atomic_load_n(&cf_tracepoint_call_worker_spawned.state, __ATOMIC_RELAXED);
  case 38: return __atomic_load_n(&cf_tracepoint_call_worker_died.state, __ATOMIC_RELAXED);
  case 64: return __atomic_load_n(&cf_tracepoint_label_def.state, __ATOMIC_RELAXED);
  case 65: return __atomic_load_n(&cf_tracepoint_pool_config.state, __ATOMIC_RELAXED);
  }
  return 0;
}
// What the last call of cf_set_logged said.
static inline uint32_t cf_logged(uint16_t id) {
  switch (id) {
  case 1: return __atomic_load_n(&cf_tracepoint_task_submit.log, __ATOMIC_RELAXED);
  case 2: return __atomic_load_n(&cf_tracepoint_task_start.log, __ATOMIC_RELAXED);
  case 3: return __atomic_load_n(&cf_tracepoint_task_end.log, __ATOMIC_RELAXED);
  case 4: return __atomic_load_n(&cf_tracepoint_task_cancel.log, __ATOMIC_RELAXED);
  case 5: return __atomic_load_n(&cf_tracepoint_task_notify.log, __ATOMIC_RELAXED);
  case 6: return __atomic_load_n(&cf_tracepoint_task_suspend.log, __ATOMIC_RELAXED);
  case 7: return __atomic_load_n(&cf_tracepoint_task_resume.log, __ATOMIC_RELAXED);
  case 8: return __atomic_load_n(&cf_tracepoint_task_depend.log, __ATOMIC_RELAXED);
  case 9: return __atomic_load_n(&cf_tracepoint_wait_begin.log, __ATOMIC_RELAXED);
  case 10: return __atomic_load_n(&cf_tracepoint_wait_end.log, __ATOMIC_RELAXED);
  case 11: return __atomic_load_n(&cf_tracepoint_callback_begin.log, __ATOMIC_RELAXED);
  case 12: return __atomic_load_n(&cf_tracepoint_callback_end.log, __ATOMIC_RELAXED);
  case 13: return __atomic_load_n(&cf_tracepoint_fork_begin.log, __ATOMIC_RELAXED);
  case 14: return __atomic_load_n(&cf_tracepoint_fork_end.log, __ATOMIC_RELAXED);
  case 15: return __atomic_load_n(&cf_tracepoint_fork_split.log, __ATOMIC_RELAXED);
  case 16: return __atomic_load_n(&cf_tracepoint_fork_join.log, __ATOMIC_RELAXED);
  case 17: return __atomic_load_n(&cf_tracepoint_job_begin.log, __ATOMIC_RELAXED);
  case 18: return __atomic_load_n(&cf_tracepoint_job_end.log, __ATOMIC_RELAXED);
  case 19: return __atomic_load_n(&cf_tracepoint_search_end.log, __ATOMIC_RELAXED);
  case 20: return __atomic_load_n(&cf_tracepoint_worker_park.log, __ATOMIC_RELAXED);
  case 21: return __atomic_load_n(&cf_tracepoint_worker_unpark.log, __ATOMIC_RELAXED);
  case 22: return __atomic_load_n(&cf_tracepoint_worker_wake.log, __ATOMIC_RELAXED);
  case 23: return __atomic_load_n(&cf_tracepoint_blocking_begin.log, __ATOMIC_RELAXED);
  case 24: return __atomic_load_n(&cf_tracepoint_blocking_end.log, __ATOMIC_RELAXED);
  case 25: return __atomic_load_n(&cf_tracepoint_worker_start.log, __ATOMIC_RELAXED);
  case 26: return __atomic_load_n(&cf_tracepoint_worker_stop.log, __ATOMIC_RELAXED);
  case 27: return __atomic_load_n(&cf_tracepoint_worker_status.log, __ATOMIC_RELAXED);
  case 28: return __atomic_load_n(&cf_tracepoint_queue_sample.log, __ATOMIC_RELAXED);
  case 29: return __atomic_load_n(&cf_tracepoint_region_begin.log, __ATOMIC_RELAXED);
  case 30: return __atomic_load_n(&cf_tracepoint_region_end.log, __ATOMIC_RELAXED);
  case 31: return __atomic_load_n(&cf_tracepoint_mark.log, __ATOMIC_RELAXED);
  case 32: return __atomic_load_n(&cf_tracepoint_counter.log, __ATOMIC_RELAXED);
  case 33: return __atomic_load_n(&cf_tracepoint_lost.log, __ATOMIC_RELAXED);
  case 34: return __atomic_load_n(&cf_tracepoint_call_sent.log, __ATOMIC_RELAXED);
  case 35: return __atomic_load_n(&cf_tracepoint_call_started.log, __ATOMIC_RELAXED);
  case 36: return __atomic_load_n(&cf_tracepoint_call_result.log, __ATOMIC_RELAXED);
  case 37: return __atomic_load_n(&cf_tracepoint_call_worker_spawned.log, __ATOMIC_RELAXED);
  case 38: return __atomic_load_n(&cf_tracepoint_call_worker_died.log, __ATOMIC_RELAXED);
  case 64: return __atomic_load_n(&cf_tracepoint_label_def.log, __ATOMIC_RELAXED);
  case 65: return __atomic_load_n(&cf_tracepoint_pool_config.log, __ATOMIC_RELAXED);
  }
  return 0;
}
// Says of all events whether, and how, the event log records them.
void cf_set_logged(uint32_t how);

// Gives the event to the sessions that record it.
void cf_trace(cf_record record);
void cf_trace_label_def(uint32_t label, const char *text, const char *source);
void cf_trace_pool_config(uint32_t pool, uint32_t workers, uint32_t schema, const char *name, const char *policies);
#endif
