// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.
#if defined(CF_LTTNG) && __has_include(<lttng/tracepoint.h>)
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "provider.h"
#include <stddef.h>

// Swift looks at `state` through include/CTracepoints.h.
_Static_assert(offsetof(struct lttng_ust_tracepoint, state) == 3 * sizeof(void *), "CTracepoints.h mirrors this");
_Static_assert(sizeof(((struct lttng_ust_tracepoint *)0)->state) == sizeof(int), "CTracepoints.h mirrors this");
_Static_assert(sizeof(struct lttng_ust_tracepoint) == 7 * sizeof(void *), "CTracepoints.h mirrors this");

// By value: it comes on the stack, where the probes read it. Whether anybody listens was asked (cf_traced).
void cf_trace(struct cf_traced_record value) {
  const struct cf_traced_record *record = &value;
  switch (record->id) {
  case 1: lttng_ust_do_tracepoint(concurrent_futures, task_submit, record); break;
  case 2: lttng_ust_do_tracepoint(concurrent_futures, task_start, record); break;
  case 3: lttng_ust_do_tracepoint(concurrent_futures, task_end, record); break;
  case 4: lttng_ust_do_tracepoint(concurrent_futures, task_cancel, record); break;
  case 5: lttng_ust_do_tracepoint(concurrent_futures, task_notify, record); break;
  case 6: lttng_ust_do_tracepoint(concurrent_futures, task_suspend, record); break;
  case 7: lttng_ust_do_tracepoint(concurrent_futures, task_resume, record); break;
  case 8: lttng_ust_do_tracepoint(concurrent_futures, task_depend, record); break;
  case 9: lttng_ust_do_tracepoint(concurrent_futures, wait_begin, record); break;
  case 10: lttng_ust_do_tracepoint(concurrent_futures, wait_end, record); break;
  case 11: lttng_ust_do_tracepoint(concurrent_futures, callback_begin, record); break;
  case 12: lttng_ust_do_tracepoint(concurrent_futures, callback_end, record); break;
  case 13: lttng_ust_do_tracepoint(concurrent_futures, fork_begin, record); break;
  case 14: lttng_ust_do_tracepoint(concurrent_futures, fork_end, record); break;
  case 15: lttng_ust_do_tracepoint(concurrent_futures, fork_split, record); break;
  case 16: lttng_ust_do_tracepoint(concurrent_futures, fork_join, record); break;
  case 17: lttng_ust_do_tracepoint(concurrent_futures, job_begin, record); break;
  case 18: lttng_ust_do_tracepoint(concurrent_futures, job_end, record); break;
  case 19: lttng_ust_do_tracepoint(concurrent_futures, search_end, record); break;
  case 20: lttng_ust_do_tracepoint(concurrent_futures, worker_park, record); break;
  case 21: lttng_ust_do_tracepoint(concurrent_futures, worker_unpark, record); break;
  case 22: lttng_ust_do_tracepoint(concurrent_futures, worker_wake, record); break;
  case 23: lttng_ust_do_tracepoint(concurrent_futures, blocking_begin, record); break;
  case 24: lttng_ust_do_tracepoint(concurrent_futures, blocking_end, record); break;
  case 25: lttng_ust_do_tracepoint(concurrent_futures, worker_start, record); break;
  case 26: lttng_ust_do_tracepoint(concurrent_futures, worker_stop, record); break;
  case 27: lttng_ust_do_tracepoint(concurrent_futures, worker_status, record); break;
  case 28: lttng_ust_do_tracepoint(concurrent_futures, queue_sample, record); break;
  case 29: lttng_ust_do_tracepoint(concurrent_futures, region_begin, record); break;
  case 30: lttng_ust_do_tracepoint(concurrent_futures, region_end, record); break;
  case 31: lttng_ust_do_tracepoint(concurrent_futures, mark, record); break;
  case 32: lttng_ust_do_tracepoint(concurrent_futures, counter, record); break;
  case 33: lttng_ust_do_tracepoint(concurrent_futures, lost, record); break;
  case 34: lttng_ust_do_tracepoint(concurrent_futures, call_sent, record); break;
  case 35: lttng_ust_do_tracepoint(concurrent_futures, call_started, record); break;
  case 36: lttng_ust_do_tracepoint(concurrent_futures, call_result, record); break;
  case 37: lttng_ust_do_tracepoint(concurrent_futures, call_worker_spawned, record); break;
  case 38: lttng_ust_do_tracepoint(concurrent_futures, call_worker_died, record); break;
  }
}
void cf_trace_label_def(uint32_t label, const char *text, const char *source) {
  lttng_ust_tracepoint(concurrent_futures, label_def, label, text, source);
}
void cf_trace_pool_config(uint32_t pool, uint32_t workers, uint32_t schema, const char *name, const char *policies) {
  lttng_ust_tracepoint(concurrent_futures, pool_config, pool, workers, schema, name, policies);
}
#else
#include "CTracepoints.h"
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_submit;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_start;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_cancel;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_notify;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_suspend;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_resume;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___task_depend;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___wait_begin;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___wait_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___callback_begin;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___callback_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_begin;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_split;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___fork_join;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___job_begin;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___job_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___search_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_park;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_unpark;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_wake;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___blocking_begin;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___blocking_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_start;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_stop;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___worker_status;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___queue_sample;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___region_begin;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___region_end;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___mark;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___counter;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___lost;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_sent;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_started;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_result;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_worker_spawned;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___call_worker_died;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___label_def;
struct cf_tracepoint lttng_ust_tracepoint_concurrent_futures___pool_config;
void cf_trace(cf_record record) { (void)record; }
void cf_trace_label_def(uint32_t label, const char *text, const char *source) { (void)label; (void)text; (void)source; }
void cf_trace_pool_config(uint32_t pool, uint32_t workers, uint32_t schema, const char *name, const char *policies) { (void)pool; (void)workers; (void)schema; (void)name; (void)policies; }
#endif
