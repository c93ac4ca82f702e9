// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.
#ifndef CTRACEPOINTS_H
#define CTRACEPOINTS_H
#include <stdint.h>

// The same 32 bytes as SchedulerEvents.EventRecord.
typedef struct cf_record {
  uint64_t time;
  uint16_t id, worker;
  uint32_t aux;
  uint64_t a, b;
} cf_record;

// The head of LTTng-UST's struct lttng_ust_tracepoint, which is ABI; provider.c asserts that they agree.
// `state` is not 0 while a session records the event.
struct cf_tracepoint {
  uint32_t struct_size;
  const char *provider, *name;
  int state;
  void *probes;
  int *provider_ref;
  const char *signature;
};
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_submit;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_start;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_cancel;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_notify;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_suspend;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_resume;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_depend;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___wait_begin;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___wait_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___callback_begin;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___callback_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_begin;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_split;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_join;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___job_begin;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___job_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___search_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_park;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_unpark;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_wake;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___blocking_begin;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___blocking_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_start;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_stop;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_status;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___queue_sample;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___region_begin;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___region_end;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___mark;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___counter;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___lost;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_sent;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_started;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_result;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_worker_spawned;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_worker_died;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___label_def;
extern struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___pool_config;

// Whether a session records the event with this id. One load where the id is a constant.
static inline int cf_traced(uint16_t id) {
  switch (id) {
  case 1: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_submit.state, __ATOMIC_RELAXED);
  case 2: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_start.state, __ATOMIC_RELAXED);
  case 3: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_end.state, __ATOMIC_RELAXED);
  case 4: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_cancel.state, __ATOMIC_RELAXED);
  case 5: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_notify.state, __ATOMIC_RELAXED);
  case 6: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_suspend.state, __ATOMIC_RELAXED);
  case 7: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_resume.state, __ATOMIC_RELAXED);
  case 8: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___task_depend.state, __ATOMIC_RELAXED);
  case 9: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___wait_begin.state, __ATOMIC_RELAXED);
  case 10: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___wait_end.state, __ATOMIC_RELAXED);
  case 11: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___callback_begin.state, __ATOMIC_RELAXED);
  case 12: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___callback_end.state, __ATOMIC_RELAXED);
  case 13: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___fork_begin.state, __ATOMIC_RELAXED);
  case 14: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___fork_end.state, __ATOMIC_RELAXED);
  case 15: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___fork_split.state, __ATOMIC_RELAXED);
  case 16: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___fork_join.state, __ATOMIC_RELAXED);
  case 17: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___job_begin.state, __ATOMIC_RELAXED);
  case 18: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___job_end.state, __ATOMIC_RELAXED);
  case 19: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___search_end.state, __ATOMIC_RELAXED);
  case 20: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___worker_park.state, __ATOMIC_RELAXED);
  case 21: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___worker_unpark.state, __ATOMIC_RELAXED);
  case 22: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___worker_wake.state, __ATOMIC_RELAXED);
  case 23: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___blocking_begin.state, __ATOMIC_RELAXED);
  case 24: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___blocking_end.state, __ATOMIC_RELAXED);
  case 25: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___worker_start.state, __ATOMIC_RELAXED);
  case 26: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___worker_stop.state, __ATOMIC_RELAXED);
  case 27: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___worker_status.state, __ATOMIC_RELAXED);
  case 28: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___queue_sample.state, __ATOMIC_RELAXED);
  case 29: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___region_begin.state, __ATOMIC_RELAXED);
  case 30: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___region_end.state, __ATOMIC_RELAXED);
  case 31: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___mark.state, __ATOMIC_RELAXED);
  case 32: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___counter.state, __ATOMIC_RELAXED);
  case 33: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___lost.state, __ATOMIC_RELAXED);
  case 34: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___call_sent.state, __ATOMIC_RELAXED);
  case 35: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___call_started.state, __ATOMIC_RELAXED);
  case 36: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___call_result.state, __ATOMIC_RELAXED);
  case 37: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___call_worker_spawned.state, __ATOMIC_RELAXED);
  case 38: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___call_worker_died.state, __ATOMIC_RELAXED);
  case 64: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___label_def.state, __ATOMIC_RELAXED);
  case 65: return __atomic_load_n(&lttng_ust_tracepoint_concurrent_futures___pool_config.state, __ATOMIC_RELAXED);
  }
  return 0;
}

// Gives the event to the sessions that record it.
void cf_trace(cf_record record);
void cf_trace_label_def(uint32_t label, const char *text, const char *source);
void cf_trace_pool_config(uint32_t pool, uint32_t workers, uint32_t schema, const char *name, const char *policies);
#endif
