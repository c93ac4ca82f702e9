#define _GNU_SOURCE
#include "CPlatform.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local cf_thread cf_thread_slot __attribute__((tls_model("initial-exec")));
uint32_t cf_recording_gate;
const cf_clock_parameters *cf_clock_line_current;

int cf_futex_wait(const void *address, uint32_t expected, int64_t deadline_ns) {
  struct timespec deadline, *limit = NULL;
  if (deadline_ns >= 0) {
    deadline.tv_sec = deadline_ns / 1000000000;
    deadline.tv_nsec = deadline_ns % 1000000000;
    limit = &deadline;
  }
  // FUTEX_WAIT_BITSET takes an absolute time; plain FUTEX_WAIT a relative one.
  long r = syscall(SYS_futex, address, FUTEX_WAIT_BITSET_PRIVATE, expected, limit, NULL, FUTEX_BITSET_MATCH_ANY);
  return r == 0 ? 0 : errno;
}

void cf_futex_wake(const void *address, int count) {
  int saved = errno;
  syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
  errno = saved;
}

int cf_membarrier_register(void) {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}
void cf_membarrier(void) { syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0); }
int32_t cf_gettid(void) { return (int32_t)syscall(SYS_gettid); }
void cf_yield(void) { sched_yield(); }
int cf_getcpu(void) { return sched_getcpu(); }

#if defined(__x86_64__)
#include <cpuid.h>
int cf_counter_is_invariant(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & 1u << 8)) return 0;
  // The kernel found the counters of all processors in step if its own clock is made of them.
  int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  char name[4] = "";
  if (file < 0) return 0;
  ssize_t n = read(file, name, 3);
  close(file);
  return n == 3 && strcmp(name, "tsc") == 0;
}
#else
int cf_counter_is_invariant(void) { return 0; }
#endif

int cf_usable_cpus(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
  long n = sysconf(_SC_NPROCESSORS_ONLN);  // more CPUs than a cpu_set_t holds
  return n > 0 ? (int)n : 1;
}

struct start {
  void (*body)(void *);
  void *argument;
};
static void *enter(void *raw) {
  struct start s = *(struct start *)raw;
  free(raw);
  s.body(s.argument);
  return NULL;
}
int cf_start_thread(void (*body)(void *), void *argument, size_t stack_bytes) {
  struct start *s = malloc(sizeof *s);
  if (!s) return ENOMEM;
  *s = (struct start){body, argument};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t thread;
  int r = pthread_create(&thread, &attributes, enter, s);
  pthread_attr_destroy(&attributes);
  if (r != 0) free(s);
  return r;
}
void cf_name_thread(const char *name) {
  char cut[16];
  strncpy(cut, name, sizeof cut - 1);
  cut[sizeof cut - 1] = 0;
  pthread_setname_np(pthread_self(), cut);
}
void cf_stack_bounds(uintptr_t *low, uintptr_t *high) {
  pthread_attr_t attributes;
  void *base = NULL;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &base, &size);
    pthread_attr_destroy(&attributes);
  }
  *low = (uintptr_t)base;
  *high = (uintptr_t)base + size;
}
void cf_write_stderr(const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t n = write(2, at, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    at += n;
    count -= (size_t)n;
  }
}

void cf_hook_process(void (*prepare)(void), void (*parent)(void), void (*child)(void), void (*at_exit)(void)) {
  pthread_atfork(prepare, parent, child);
  atexit(at_exit);
}

int64_t cf_read_file(const char *path, void *buffer, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t done = 0;
  while (done < size) {
    ssize_t n = read(fd, (char *)buffer + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && done == 0) done = (size_t)-1;
    if (n <= 0) break;
    done += (size_t)n;
  }
  close(fd);
  return (int64_t)done;
}
