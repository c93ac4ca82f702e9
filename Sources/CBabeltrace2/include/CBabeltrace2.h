// Reads a CTF trace through libbabeltrace2 in a process of its own, because the library aborts and hangs on some damaged traces. No
// logic: what the library says is handed on as it is.
#ifndef CBABELTRACE2_H
#define CBABELTRACE2_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Loads the library, once and before anything else. False: it is not installed, or its headers were not when this was built.
bool cf_babeltrace_load(void);

// Starts a process that reads the trace whose parts lie in `folders`, a list that ends with NULL, and writes pieces to the pipe
// `*output`. Returns the process, or minus an errno.
pid_t cf_babeltrace_start(const char *const *folders, int *output);

// The head of each piece; `length` bytes follow it.
typedef struct cf_babeltrace_piece {
  uint16_t kind;
  uint16_t shape;   // of an event
  uint32_t length;
  uint64_t value;
  uint64_t stream;  // a number that tells streams apart
} cf_babeltrace_piece;

enum {
  // What events with the number `shape` look like. What follows: a name, then for each field its form and its name; each ends with 0.
  cf_babeltrace_shape = 1,
  // `value`: its time, in ticks of the clock. What follows: its fields, as its shape says.
  cf_babeltrace_event = 2,
  // Events of the packet that begins next were discarded; `value`: how many, all ones: unknown.
  cf_babeltrace_discarded_events = 3,
  // Packets in front of the one that begins next are not there; `value`: likewise.
  cf_babeltrace_discarded_packets = 4,
  // A packet's last event was handed on.
  cf_babeltrace_packet_end = 5,
  // The last piece. What follows: why the library gave up; nothing: the trace was read to its end.
  cf_babeltrace_done = 6,
};
// Forms of fields: a number (8 bytes), a text (8 bytes of length, then the text), something else (nothing).
enum { cf_babeltrace_number = 'n', cf_babeltrace_text = 't', cf_babeltrace_other = '-' };
#endif
