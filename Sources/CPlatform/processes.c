#define _GNU_SOURCE
#include "CProcesses.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Swift: Processes/Worker/WorkerEntry.swift. A strong reference, so that no linker leaves it out where this file is in.
extern void concurrent_futures_worker_entry(void);
extern int concurrent_futures_manual_worker_entry __attribute__((weak));

int cf_manual_worker_entry(void) { return &concurrent_futures_manual_worker_entry != NULL; }

// The executable's constructors, in their order; absent where this is linked into a shared library.
typedef void (*constructor)(int, char **, char **);
extern const constructor __init_array_start[] __attribute__((weak, visibility("hidden")));
extern const constructor __init_array_end[] __attribute__((weak, visibility("hidden")));

// Before `main` of every program that links the library; does nothing unless a pool spawned the process. Does not return
// in a worker: the constructors that would follow (tracepoints register themselves by one, C++ initialises its globals) are
// run here.
__attribute__((constructor)) static void cf_enter_worker(int argc, char **argv, char **envp) {
  if (getenv(CF_WORKER_VARIABLE) == NULL || cf_manual_worker_entry()) return;
  int follows = 0;
  for (const constructor *each = __init_array_start; each < __init_array_end; each++) {
    if (follows) (*each)(argc, argv, envp);
    if (*each == cf_enter_worker) follows = 1;
  }
  concurrent_futures_worker_entry();
}

int cf_spawn_worker(char *const argv[], char *const envp[], int socket, int board, int32_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, socket, cf_worker_socket);
  posix_spawn_file_actions_adddup2(&actions, board, cf_worker_board);
  posix_spawn_file_actions_addclosefrom_np(&actions, cf_worker_board + 1);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  // The link names the running image itself, not its path.
  int r = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, argv, envp);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  *pid = child;
  return r;
}

int cf_pidfd_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
int cf_reap(int pidfd, int32_t *status, int *signalled) {
  siginfo_t info;
  info.si_pid = 0;
  int r;
  do { r = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG); } while (r < 0 && errno == EINTR);
  if (r < 0) return -1;
  if (info.si_pid == 0) return 0;
  *status = info.si_status;
  *signalled = info.si_code != CLD_EXITED;
  return 1;
}

int cf_move_high(int fd) {
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 16);
  int saved = errno;
  close(fd);
  errno = saved;
  return high;
}

int cf_socket_pair(int out[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out) != 0) return errno;
  int size = 1 << 20;
  for (int i = 0; i < 2; i++) {
    if (setsockopt(out[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
      setsockopt(out[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
  return 0;
}

int cf_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

int32_t cf_socket_peer(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

enum { most_descriptors = 64 };
typedef union {
  struct cmsghdr align;
  char space[CMSG_SPACE(sizeof(int) * most_descriptors)];
} control_buffer;

ssize_t cf_receive(int fd, void *bytes, size_t size, int32_t *descriptors, int room, int *count, int wait) {
  control_buffer control;
  struct iovec part = {bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t n;
  *count = 0;
  do { n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT)); } while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int here = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < here; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(c) + sizeof(int) * (size_t)i, sizeof descriptor);
      if (*count < room) descriptors[(*count)++] = descriptor;
      else close(descriptor);
    }
  }
  return n;
}

ssize_t cf_send(int fd, const void *bytes, size_t size, const int32_t *descriptors, int count, int wait) {
  control_buffer control;
  struct iovec part = {(void *)bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(c), descriptors, sizeof(int) * (size_t)count);
  }
  ssize_t n;
  do { n = sendmsg(fd, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)); } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int cf_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
int cf_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cf_epoll_set(int epoll, int fd, uint32_t interest, uint64_t token, int add) {
  struct epoll_event event = {.events = 0, .data.u64 = token};
  if (interest & cf_readable) event.events |= EPOLLIN;
  if (interest & cf_writable) event.events |= EPOLLOUT;
  return epoll_ctl(epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : errno;
}
int cf_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0 ? 0 : errno; }

int cf_epoll_wait(int epoll, uint64_t *tokens, uint32_t *states, int room, int timeout_ms) {
  struct epoll_event events[64];
  int n;
  n = epoll_wait(epoll, events, room < 64 ? room : 64, timeout_ms);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < n; i++) {
    tokens[i] = events[i].data.u64;
    states[i] = (events[i].events & EPOLLIN ? cf_readable : 0) | (events[i].events & EPOLLOUT ? cf_writable : 0) |
                (events[i].events & (EPOLLHUP | EPOLLERR) ? cf_hung_up : 0);
  }
  return n;
}

void cf_wait_for_end(int socket, int pidfd) {
  struct pollfd watched[2] = {{.fd = socket, .events = POLLRDHUP}, {.fd = pidfd, .events = POLLIN}};
  while (poll(watched, 2, -1) < 0 && errno == EINTR) {}
}

int cf_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }
const int cf_seal_shrink = F_SEAL_SHRINK, cf_seal_grow = F_SEAL_GROW, cf_seal_write = F_SEAL_WRITE;
int cf_add_seals(int fd, int seals) { return fcntl(fd, F_ADD_SEALS, seals); }
int cf_get_seals(int fd) { return fcntl(fd, F_GET_SEALS); }

extern const char __executable_start[] __attribute__((weak)), _end[] __attribute__((weak));
const void *cf_image_start(void) { return __executable_start; }
const void *cf_image_end(void) { return _end; }

typedef struct {
  const void *metadata;
  size_t state;
} metadata_response;
const void *cf_call_metadata_accessor(const void *accessor) {
  metadata_response (*call)(size_t) = (metadata_response(*)(size_t))accessor;
  return call(0).metadata;  // 0: a complete one, and wait for it
}

extern char *swift_demangle(const char *, size_t, char *, size_t *, uint32_t) __attribute__((weak));
void cf_describe_address(void *address, char *text, size_t size) {
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
    snprintf(text, size, "%p", address);
  } else if (info.dli_sname != NULL) {
    char *readable = swift_demangle ? swift_demangle(info.dli_sname, strlen(info.dli_sname), NULL, NULL, 0) : NULL;
    snprintf(text, size, "%s + %zu", readable ? readable : info.dli_sname,
             (size_t)((char *)address - (char *)info.dli_saddr));
    free(readable);
  } else {
    snprintf(text, size, "%s + 0x%zx", info.dli_fname, (size_t)((char *)address - (char *)info.dli_fbase));
  }
}

extern void (*_swift_willThrow)(void *) __attribute__((weak));
void cf_on_throw(void (*hook)(void *)) {
  if (&_swift_willThrow != NULL) __atomic_store_n(&_swift_willThrow, hook, __ATOMIC_RELEASE);
}

char **cf_environment(void) { return environ; }
int cf_set_resource_limit(int resource, uint64_t limit) {
  struct rlimit both = {limit, limit};
  return setrlimit((__rlimit_resource_t)resource, &both) == 0 ? 0 : errno;
}
