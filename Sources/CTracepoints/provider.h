// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER concurrent_futures
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "provider.h"
#if !defined(CF_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define CF_PROVIDER_H
#include <lttng/tracepoint.h>
#include <stdint.h>
#ifndef CF_PROVIDER_RECORD
#define CF_PROVIDER_RECORD
struct cf_traced_record {  // SchedulerEvents.EventRecord
  uint64_t time;
  uint16_t id, worker;
  uint32_t aux;
  uint64_t a, b;
};
#endif
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, task_submit_queue, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("local", 0) lttng_ust_field_enum_value("injector", 1) lttng_ust_field_enum_value("inline", 2)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, task_start_source, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("local", 0) lttng_ust_field_enum_value("injector", 1) lttng_ust_field_enum_value("stolen", 2) lttng_ust_field_enum_value("awaited", 3) lttng_ust_field_enum_value("inline", 4)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, task_end_outcome, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("value", 0) lttng_ust_field_enum_value("error", 1)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, task_depend_kind, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("then", 0) lttng_ust_field_enum_value("all", 1) lttng_ust_field_enum_value("any", 2)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, wait_begin_mode, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("one", 0) lttng_ust_field_enum_value("all", 1) lttng_ust_field_enum_value("first", 2) lttng_ust_field_enum_value("exception", 3) lttng_ust_field_enum_value("completed", 4)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, wait_end_outcome, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("done", 0) lttng_ust_field_enum_value("timeout", 1) lttng_ust_field_enum_value("cancelled", 2)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, worker_park_reason, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("idle", 0) lttng_ust_field_enum_value("wait", 1)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, worker_unpark_cause, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("work", 0) lttng_ust_field_enum_value("result", 1) lttng_ust_field_enum_value("stop", 2) lttng_ust_field_enum_value("timeout", 3) lttng_ust_field_enum_value("spurious", 4)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, worker_wake_cause, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("work", 0) lttng_ust_field_enum_value("result", 1) lttng_ust_field_enum_value("stop", 2) lttng_ust_field_enum_value("timeout", 3) lttng_ust_field_enum_value("spurious", 4)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, worker_status_state, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("starting", 0) lttng_ust_field_enum_value("running", 1) lttng_ust_field_enum_value("searching", 2) lttng_ust_field_enum_value("parked", 3) lttng_ust_field_enum_value("waiting", 4) lttng_ust_field_enum_value("blocking", 5) lttng_ust_field_enum_value("stopped", 6) lttng_ust_field_enum_value("outside", 7) lttng_ust_field_enum_value("helping", 8)))
LTTNG_UST_TRACEPOINT_ENUM(concurrent_futures, lost_cause, LTTNG_UST_TP_ENUM_VALUES(lttng_ust_field_enum_value("full", 0) lttng_ust_field_enum_value("late", 1) lttng_ust_field_enum_value("refused", 2)))

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_submit, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, label, (r->aux) & 0xfffff)
    lttng_ust_field_enum(concurrent_futures, task_submit_queue, uint8_t, queue, (r->aux >> 20) & 0x3)
    lttng_ust_field_integer(uint16_t, depth, r->aux >> 22)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
    lttng_ust_field_integer_hex(uint64_t, parent, r->b)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_submit, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_start, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint16_t, victim, (r->aux) & 0xffff)
    lttng_ust_field_enum(concurrent_futures, task_start_source, uint8_t, source, (r->aux >> 16) & 0x7)
    lttng_ust_field_integer(uint16_t, depth, (r->aux >> 19) & 0x3ff)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
    lttng_ust_field_integer(uint32_t, nesting, (r->b) & 0xffffffff)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_start, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, task_end_outcome, uint8_t, outcome, (r->aux) & 0x3)
    lttng_ust_field_integer(uint16_t, waiters, r->aux >> 16)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_cancel, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, nesting, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_cancel, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_notify, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, nesting, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_notify, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_suspend, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, nesting, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_suspend, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_resume, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, nesting, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_resume, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, task_depend, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, task_depend_kind, uint32_t, kind, r->aux)
    lttng_ust_field_integer_hex(uint64_t, from, r->a)
    lttng_ust_field_integer_hex(uint64_t, to, r->b)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, task_depend, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, wait_begin, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, wait_begin_mode, uint8_t, mode, (r->aux) & 0x7)
    lttng_ust_field_integer(uint8_t, timed, (r->aux >> 3) & 0x1)
    lttng_ust_field_integer(uint16_t, count, r->aux >> 16)
    lttng_ust_field_integer_hex(uint64_t, waiter, r->a)
    lttng_ust_field_integer_hex(uint64_t, awaited, r->b)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, wait_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, wait_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, wait_end_outcome, uint8_t, outcome, (r->aux) & 0x3)
    lttng_ust_field_integer(uint16_t, helped, r->aux >> 16)
    lttng_ust_field_integer_hex(uint64_t, waiter, r->a)
    lttng_ust_field_integer_hex(uint64_t, awaited, r->b)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, wait_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, callback_begin, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, count, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, callback_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, callback_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, count, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, callback_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, fork_begin, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, victim, r->aux)
    lttng_ust_field_integer_hex(uint64_t, parent, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, fork_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, fork_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, victim, r->aux)
    lttng_ust_field_integer_hex(uint64_t, parent, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, fork_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, fork_split, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, nesting, r->aux)
    lttng_ust_field_integer_hex(uint64_t, fork, r->a)
    lttng_ust_field_integer_hex(uint64_t, parent, r->b)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, fork_split, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, fork_join, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, nesting, r->aux)
    lttng_ust_field_integer_hex(uint64_t, fork, r->a)
    lttng_ust_field_integer_hex(uint64_t, parent, r->b)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, fork_join, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, job_begin, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, job_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, job_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, job_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, search_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint16_t, victim, (r->aux) & 0xffff)
    lttng_ust_field_integer(uint8_t, found, (r->aux >> 16) & 0x1)
    lttng_ust_field_integer(uint64_t, duration, r->a)
    lttng_ust_field_integer(uint32_t, attempts, (r->b) & 0x3fffff)
    lttng_ust_field_integer(uint32_t, empty, (r->b >> 22) & 0x1fffff)
    lttng_ust_field_integer(uint32_t, lost_races, r->b >> 43)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, search_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, worker_park, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, worker_park_reason, uint32_t, reason, r->aux)
    lttng_ust_field_integer(uint32_t, deque_depth, (r->a) & 0xffffffff)
    lttng_ust_field_integer(uint32_t, injector_depth, r->a >> 32)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, worker_park, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, worker_unpark, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, worker_unpark_cause, uint8_t, cause, (r->aux) & 0x7)
    lttng_ust_field_integer(uint16_t, waker, r->aux >> 16)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, worker_unpark, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, worker_wake, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint16_t, target, (r->aux) & 0xffff)
    lttng_ust_field_enum(concurrent_futures, worker_wake_cause, uint8_t, cause, (r->aux >> 16) & 0x7)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, worker_wake, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, blocking_begin, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, kind, r->aux)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, blocking_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, blocking_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, kind, r->aux)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, blocking_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, worker_start, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pool, r->aux)
    lttng_ust_field_integer(uint32_t, tid, (r->a) & 0xffffffff)
    lttng_ust_field_integer(int32_t, cpu, (int32_t)(r->a >> 32))
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, worker_start, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, worker_stop, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pool, r->aux)
    lttng_ust_field_integer(uint32_t, tid, (r->a) & 0xffffffff)
    lttng_ust_field_integer(int32_t, cpu, (int32_t)(r->a >> 32))
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, worker_stop, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, worker_status, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, tid, r->aux)
    lttng_ust_field_integer_hex(uint64_t, task, r->a)
    lttng_ust_field_enum(concurrent_futures, worker_status_state, uint8_t, state, (r->b) & 0xff)
    lttng_ust_field_integer(uint32_t, pool, (r->b >> 8) & 0xffffff)
    lttng_ust_field_integer(uint32_t, depth, r->b >> 32)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, worker_status, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, queue_sample, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pool, r->aux)
    lttng_ust_field_integer(uint32_t, injector_depth, (r->a) & 0xffffffff)
    lttng_ust_field_integer(uint32_t, live, r->a >> 32)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, queue_sample, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, region_begin, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, label, (r->aux) & 0xfffff)
    lttng_ust_field_integer(uint64_t, id, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, region_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, region_end, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, label, (r->aux) & 0xfffff)
    lttng_ust_field_integer(uint64_t, id, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, region_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, mark, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, label, (r->aux) & 0xfffff)
    lttng_ust_field_integer(int64_t, value, (int64_t)(r->a))
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, mark, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, counter, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, label, (r->aux) & 0xfffff)
    lttng_ust_field_integer(int64_t, value, (int64_t)(r->a))
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, counter, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, lost, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_enum(concurrent_futures, lost_cause, uint32_t, cause, r->aux)
    lttng_ust_field_integer(uint64_t, count, r->a)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, lost, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, call_sent, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pid, r->aux)
    lttng_ust_field_integer(uint64_t, call, r->a)
    lttng_ust_field_integer(uint16_t, peer, (r->b) & 0xffff)
    lttng_ust_field_integer(uint64_t, bytes, r->b >> 16)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, call_sent, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, call_started, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pid, r->aux)
    lttng_ust_field_integer(uint64_t, call, r->a)
    lttng_ust_field_integer(uint16_t, peer, (r->b) & 0xffff)
    lttng_ust_field_integer(uint64_t, bytes, r->b >> 16)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, call_started, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, call_result, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pid, r->aux)
    lttng_ust_field_integer(uint64_t, call, r->a)
    lttng_ust_field_integer(uint16_t, peer, (r->b) & 0xffff)
    lttng_ust_field_integer(uint64_t, bytes, r->b >> 16)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, call_result, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, call_worker_spawned, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pid, r->aux)
    lttng_ust_field_integer(uint64_t, call, r->a)
    lttng_ust_field_integer(uint16_t, peer, (r->b) & 0xffff)
    lttng_ust_field_integer(uint64_t, bytes, r->b >> 16)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, call_worker_spawned, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, call_worker_died, LTTNG_UST_TP_ARGS(const struct cf_traced_record *, r),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint16_t, worker, r->worker)
    lttng_ust_field_integer(uint32_t, pid, r->aux)
    lttng_ust_field_integer(uint64_t, call, r->a)
    lttng_ust_field_integer(uint16_t, peer, (r->b) & 0xffff)
    lttng_ust_field_integer(uint64_t, bytes, r->b >> 16)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, call_worker_died, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, label_def, LTTNG_UST_TP_ARGS(uint32_t, label_value, const char *, text_value, const char *, source_value),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint32_t, label, label_value)
    lttng_ust_field_string(text, text_value)
    lttng_ust_field_string(source, source_value)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, label_def, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(concurrent_futures, pool_config, LTTNG_UST_TP_ARGS(uint32_t, pool_value, uint32_t, workers_value, uint32_t, schema_value, const char *, name_value, const char *, policies_value),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint32_t, pool, pool_value)
    lttng_ust_field_integer(uint32_t, workers, workers_value)
    lttng_ust_field_integer(uint32_t, schema, schema_value)
    lttng_ust_field_string(name, name_value)
    lttng_ust_field_string(policies, policies_value)
  ))
LTTNG_UST_TRACEPOINT_LOGLEVEL(concurrent_futures, pool_config, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)
#endif
#include <lttng/tracepoint-event.h>
