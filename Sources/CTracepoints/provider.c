// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.
#if defined(CF_LTTNG) && __has_include(<lttng/tracepoint.h>)
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "provider.h"
#include <stddef.h>

// Swift looks at `state` through include/CTracepoints.h.
_Static_assert(offsetof(struct lttng_ust_tracepoint, state) == 3 * sizeof(void *), "CTracepoints.h mirrors this");
_Static_assert(sizeof(((struct lttng_ust_tracepoint *)0)->state) == sizeof(int), "CTracepoints.h mirrors this");
_Static_assert(offsetof(struct lttng_ust_tracepoint, probes) == 4 * sizeof(void *), "`log` lies between them");
_Static_assert(sizeof(void *) == 2 * sizeof(int), "`log` lies between them");
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
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_submit) cf_tracepoint_task_submit __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_submit"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_start) cf_tracepoint_task_start __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_start"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_end) cf_tracepoint_task_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_cancel) cf_tracepoint_task_cancel __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_cancel"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_notify) cf_tracepoint_task_notify __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_notify"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_suspend) cf_tracepoint_task_suspend __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_suspend"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_resume) cf_tracepoint_task_resume __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_resume"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_depend) cf_tracepoint_task_depend __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_depend"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___wait_begin) cf_tracepoint_wait_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___wait_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___wait_end) cf_tracepoint_wait_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___wait_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___callback_begin) cf_tracepoint_callback_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___callback_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___callback_end) cf_tracepoint_callback_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___callback_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_begin) cf_tracepoint_fork_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_end) cf_tracepoint_fork_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_split) cf_tracepoint_fork_split __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_split"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_join) cf_tracepoint_fork_join __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_join"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___job_begin) cf_tracepoint_job_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___job_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___job_end) cf_tracepoint_job_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___job_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___search_end) cf_tracepoint_search_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___search_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_park) cf_tracepoint_worker_park __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_park"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_unpark) cf_tracepoint_worker_unpark __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_unpark"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_wake) cf_tracepoint_worker_wake __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_wake"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___blocking_begin) cf_tracepoint_blocking_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___blocking_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___blocking_end) cf_tracepoint_blocking_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___blocking_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_start) cf_tracepoint_worker_start __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_start"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_stop) cf_tracepoint_worker_stop __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_stop"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_status) cf_tracepoint_worker_status __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_status"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___queue_sample) cf_tracepoint_queue_sample __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___queue_sample"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___region_begin) cf_tracepoint_region_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___region_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___region_end) cf_tracepoint_region_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___region_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___mark) cf_tracepoint_mark __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___mark"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___counter) cf_tracepoint_counter __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___counter"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___lost) cf_tracepoint_lost __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___lost"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_sent) cf_tracepoint_call_sent __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_sent"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_started) cf_tracepoint_call_started __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_started"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_result) cf_tracepoint_call_result __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_result"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_worker_spawned) cf_tracepoint_call_worker_spawned __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_worker_spawned"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_worker_died) cf_tracepoint_call_worker_died __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_worker_died"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___label_def) cf_tracepoint_label_def __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___label_def"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___pool_config) cf_tracepoint_pool_config __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___pool_config"), visibility("hidden")));
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
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_submit) cf_tracepoint_task_submit __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_submit"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_start) cf_tracepoint_task_start __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_start"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_end) cf_tracepoint_task_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_cancel) cf_tracepoint_task_cancel __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_cancel"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_notify) cf_tracepoint_task_notify __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_notify"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_suspend) cf_tracepoint_task_suspend __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_suspend"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_resume) cf_tracepoint_task_resume __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_resume"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___task_depend) cf_tracepoint_task_depend __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___task_depend"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___wait_begin) cf_tracepoint_wait_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___wait_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___wait_end) cf_tracepoint_wait_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___wait_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___callback_begin) cf_tracepoint_callback_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___callback_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___callback_end) cf_tracepoint_callback_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___callback_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_begin) cf_tracepoint_fork_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_end) cf_tracepoint_fork_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_split) cf_tracepoint_fork_split __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_split"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___fork_join) cf_tracepoint_fork_join __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___fork_join"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___job_begin) cf_tracepoint_job_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___job_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___job_end) cf_tracepoint_job_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___job_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___search_end) cf_tracepoint_search_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___search_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_park) cf_tracepoint_worker_park __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_park"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_unpark) cf_tracepoint_worker_unpark __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_unpark"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_wake) cf_tracepoint_worker_wake __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_wake"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___blocking_begin) cf_tracepoint_blocking_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___blocking_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___blocking_end) cf_tracepoint_blocking_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___blocking_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_start) cf_tracepoint_worker_start __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_start"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_stop) cf_tracepoint_worker_stop __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_stop"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___worker_status) cf_tracepoint_worker_status __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___worker_status"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___queue_sample) cf_tracepoint_queue_sample __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___queue_sample"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___region_begin) cf_tracepoint_region_begin __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___region_begin"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___region_end) cf_tracepoint_region_end __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___region_end"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___mark) cf_tracepoint_mark __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___mark"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___counter) cf_tracepoint_counter __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___counter"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___lost) cf_tracepoint_lost __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___lost"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_sent) cf_tracepoint_call_sent __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_sent"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_started) cf_tracepoint_call_started __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_started"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_result) cf_tracepoint_call_result __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_result"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_worker_spawned) cf_tracepoint_call_worker_spawned __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_worker_spawned"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___call_worker_died) cf_tracepoint_call_worker_died __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___call_worker_died"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___label_def) cf_tracepoint_label_def __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___label_def"), visibility("hidden")));
extern __typeof__(lttng_ust_tracepoint_concurrent_futures___pool_config) cf_tracepoint_pool_config __attribute__((alias("lttng_ust_tracepoint_concurrent_futures___pool_config"), visibility("hidden")));
void cf_trace(cf_record record) { (void)record; }
void cf_trace_label_def(uint32_t label, const char *text, const char *source) { (void)label; (void)text; (void)source; }
void cf_trace_pool_config(uint32_t pool, uint32_t workers, uint32_t schema, const char *name, const char *policies) { (void)pool; (void)workers; (void)schema; (void)name; (void)policies; }
#endif
