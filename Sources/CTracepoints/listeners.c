// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.
#include "CTracepoints.h"

void cf_set_logged(uint32_t how) {
  __atomic_store_n(&cf_tracepoint_task_submit.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_start.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_cancel.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_notify.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_suspend.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_resume.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_task_depend.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_wait_begin.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_wait_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_callback_begin.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_callback_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_fork_begin.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_fork_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_fork_split.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_fork_join.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_job_begin.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_job_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_search_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_worker_park.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_worker_unpark.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_worker_wake.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_blocking_begin.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_blocking_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_worker_start.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_worker_stop.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_worker_status.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_queue_sample.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_region_begin.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_region_end.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_mark.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_counter.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_lost.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_call_sent.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_call_started.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_call_result.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_call_worker_spawned.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_call_worker_died.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_label_def.log, how, __ATOMIC_RELAXED);
  __atomic_store_n(&cf_tracepoint_pool_config.log, how, __ATOMIC_RELAXED);
}
