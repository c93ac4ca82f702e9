// What the process pool needs of the system and Glibc's Swift overlay hides. No logic.
#ifndef CF_PROCESSES_H
#define CF_PROCESSES_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The variable that makes a process a worker. Its value is the parent's process id.
#define CF_WORKER_VARIABLE "CONCURRENT_FUTURES_WORKER_OF"
// Where a worker finds its end of the socket pair and the board of offers.
enum { cf_worker_socket = 3, cf_worker_board = 4 };

// Starts this very executable again, also if its file was replaced or deleted, with `socket` and `board` as its
// descriptors 3 and 4, the standard ones inherited and all others closed, no signal blocked or ignored.
// Returns 0 or an errno.
int cf_spawn_worker(char *const argv[], char *const envp[], int socket, int board, int32_t *pid);
int cf_pidfd_open(int32_t pid);
// Reaps the process if it ended: 1 and how (`status` is its exit code or signal), 0 if it runs, -1 if somebody else
// reaped it.
int cf_reap(int pidfd, int32_t *status, int *signalled);
// Puts a descriptor out of the way of 3 and 4 and marks it close-on-exec; closes the old one. -1 on failure.
int cf_move_high(int fd);
// A connected pair of non-blocking or blocking stream sockets, close-on-exec, as large buffers as allowed.
int cf_socket_pair(int out[2]);
int cf_set_nonblocking(int fd);
// The process at the other end of a unix socket, 0 if it is no such socket.
int32_t cf_socket_peer(int fd);

// At most `room` descriptors; `*count` says how many came. Returns the bytes, 0 at the end, or -errno.
ssize_t cf_receive(int fd, void *bytes, size_t size, int32_t *descriptors, int room, int *count, int wait);
// Returns the bytes taken, or -errno.
ssize_t cf_send(int fd, const void *bytes, size_t size, const int32_t *descriptors, int count, int wait);

int cf_eventfd(void);
int cf_epoll(void);
enum { cf_readable = 1, cf_writable = 2, cf_hung_up = 4 };
int cf_epoll_set(int epoll, int fd, uint32_t interest, uint64_t token, int add);  // interest: cf_readable | cf_writable
int cf_epoll_remove(int epoll, int fd);
int cf_epoll_wait(int epoll, uint64_t *tokens, uint32_t *states, int room, int timeout_ms);
// Blocks until the other end of `socket` is gone or `pidfd` (-1: none) ended.
void cf_wait_for_end(int socket, int pidfd);

int cf_memfd(const char *name);
extern const int cf_seal_shrink, cf_seal_grow, cf_seal_write;
int cf_add_seals(int fd, int seals);
int cf_get_seals(int fd);  // -1 if it has none

// The running executable's image.
const void *cf_image_start(void);
const void *cf_image_end(void);
// Calls a nominal type's metadata accessor (no generic arguments).
const void *cf_call_metadata_accessor(const void *accessor);

// Whether the program asked for no automatic worker entry, by defining `concurrent_futures_manual_worker_entry`.
int cf_manual_worker_entry(void);

// The frame of the calling function (inlined into it).
static inline __attribute__((always_inline)) void *cf_frame_address(void) { return __builtin_frame_address(0); }
// The function or object around an address: "name + offset", cut to size.
void cf_describe_address(void *address, char *text, size_t size);
// Has `hook` called with every error that is thrown (the runtime's own hook). Nil: none.
void cf_on_throw(void (*hook)(void *));
char **cf_environment(void);
int cf_set_resource_limit(int resource, uint64_t limit);

// A word in memory shared between two processes.
static inline uint64_t cf_shared_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void cf_shared_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
static inline int cf_shared_exchange(uint64_t *word, uint64_t expected, uint64_t desired) {
  return __atomic_compare_exchange_n(word, &expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
#endif
