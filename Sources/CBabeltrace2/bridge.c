// The library is loaded when it is asked for: what is built with it starts, and goes on, where it is not installed.
#define _GNU_SOURCE
#include "CBabeltrace2.h"
#include <errno.h>
#if defined(CF_BABELTRACE) && __has_include(<babeltrace2/babeltrace.h>)
#include <babeltrace2/babeltrace.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define FUNCTIONS(X) \
  X(bt_clock_snapshot_get_value) X(bt_component_filter_borrow_input_port_by_index_const) \
  X(bt_component_filter_borrow_output_port_by_index_const) \
  X(bt_component_sink_borrow_input_port_by_index_const) \
  X(bt_component_source_borrow_output_port_by_index_const) X(bt_component_source_get_output_port_count) \
  X(bt_current_thread_take_error) X(bt_error_borrow_cause_by_index) X(bt_error_cause_get_message) \
  X(bt_error_get_cause_count) X(bt_event_borrow_class_const) X(bt_event_borrow_common_context_field_const) \
  X(bt_event_borrow_payload_field_const) X(bt_event_borrow_stream_const) \
  X(bt_event_class_borrow_payload_field_class_const) X(bt_event_class_borrow_stream_class_const) \
  X(bt_event_class_get_name) X(bt_field_borrow_class_const) X(bt_field_class_get_type) \
  X(bt_field_class_structure_borrow_member_by_index_const) X(bt_field_class_structure_get_member_count) \
  X(bt_field_class_structure_member_borrow_field_class_const) X(bt_field_class_structure_member_get_name) \
  X(bt_field_get_class_type) X(bt_field_integer_signed_get_value) X(bt_field_integer_unsigned_get_value) \
  X(bt_field_string_get_length) X(bt_field_string_get_value) \
  X(bt_field_structure_borrow_member_field_by_index_const) X(bt_graph_add_filter_component) \
  X(bt_graph_add_simple_sink_component) X(bt_graph_add_source_component) X(bt_graph_connect_ports) \
  X(bt_graph_create) X(bt_graph_run) X(bt_message_discarded_events_borrow_stream_const) \
  X(bt_message_discarded_events_get_count) X(bt_message_discarded_packets_borrow_stream_const) \
  X(bt_message_discarded_packets_get_count) X(bt_message_event_borrow_default_clock_snapshot_const) \
  X(bt_message_event_borrow_event_const) X(bt_message_get_type) X(bt_message_iterator_next) \
  X(bt_message_packet_end_borrow_packet_const) X(bt_message_put_ref) X(bt_packet_borrow_stream_const) \
  X(bt_plugin_borrow_filter_component_class_by_name_const) \
  X(bt_plugin_borrow_source_component_class_by_name_const) X(bt_plugin_find) \
  X(bt_stream_class_borrow_event_common_context_field_class_const) X(bt_value_array_append_string_element) \
  X(bt_value_map_create) X(bt_value_map_insert_empty_array_entry)

static struct {
#define X(name) __typeof__(&name) name;
  FUNCTIONS(X)
#undef X
} lib;

bool cf_babeltrace_load(void) {
  void *loaded = dlopen("libbabeltrace2.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!loaded) return false;
#define X(name) \
  if (!(lib.name = (__typeof__(&name))dlsym(loaded, #name))) return false;
  FUNCTIONS(X)
#undef X
  return true;
}

// Where pieces go. What follows a piece's head is collected first, for its length stands in the head.
struct output {
  FILE *file;
  char *body;
  size_t used, room;
  const bt_event_class *shapes[1024];
  uint16_t shape_count;
};

static void add(struct output *out, const void *bytes, size_t count) {
  if (out->used + count > out->room) {
    out->room = 2 * (out->used + count);
    if (!(out->body = realloc(out->body, out->room))) _exit(1);
  }
  memcpy(out->body + out->used, bytes, count);
  out->used += count;
}

static void put(struct output *out, uint16_t kind, uint16_t shape, uint64_t value, const void *stream) {
  struct cf_babeltrace_piece piece = {kind, shape, (uint32_t)out->used, value, (uintptr_t)stream};
  fwrite(&piece, sizeof piece, 1, out->file);
  fwrite(out->body, 1, out->used, out->file);
  out->used = 0;
}

static char form(bt_field_class_type type) {
  return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_INTEGER) ? cf_babeltrace_number
         : type == BT_FIELD_CLASS_TYPE_STRING                      ? cf_babeltrace_text
                                                                   : cf_babeltrace_other;
}

static void add_names(struct output *out, const bt_field_class *structure) {
  uint64_t count = structure ? lib.bt_field_class_structure_get_member_count(structure) : 0;
  for (uint64_t index = 0; index < count; index++) {
    const bt_field_class_structure_member *member =
        lib.bt_field_class_structure_borrow_member_by_index_const(structure, index);
    const bt_field_class *class = lib.bt_field_class_structure_member_borrow_field_class_const(member);
    char member_form = form(lib.bt_field_class_get_type(class));
    const char *name = lib.bt_field_class_structure_member_get_name(member);
    add(out, &member_form, 1);
    add(out, name, strlen(name) + 1);
  }
}

static void add_fields(struct output *out, const bt_field *structure) {
  if (!structure) return;
  uint64_t count = lib.bt_field_class_structure_get_member_count(lib.bt_field_borrow_class_const(structure));
  for (uint64_t index = 0; index < count; index++) {
    const bt_field *field = lib.bt_field_structure_borrow_member_field_by_index_const(structure, index);
    bt_field_class_type type = lib.bt_field_get_class_type(field);
    uint64_t number;
    switch (form(type)) {
    case cf_babeltrace_number:
      number = bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER)
                   ? (uint64_t)lib.bt_field_integer_signed_get_value(field)
                   : lib.bt_field_integer_unsigned_get_value(field);
      add(out, &number, sizeof number);
      break;
    case cf_babeltrace_text:
      number = lib.bt_field_string_get_length(field);
      add(out, &number, sizeof number);
      add(out, lib.bt_field_string_get_value(field), number);
      break;
    }
  }
}

// The number of a class of events, which is introduced when it is first seen. Those beyond the 1,024th have none.
static uint16_t shape(struct output *out, const bt_event_class *class) {
  uint16_t number = 0;
  while (number < out->shape_count && out->shapes[number] != class) number++;
  if (number < out->shape_count || number == sizeof out->shapes / sizeof *out->shapes) return number;
  out->shapes[out->shape_count++] = class;
  const char *name = lib.bt_event_class_get_name(class);
  add(out, name ? name : "", name ? strlen(name) + 1 : 1);
  add_names(out, lib.bt_stream_class_borrow_event_common_context_field_class_const(
                     lib.bt_event_class_borrow_stream_class_const(class)));
  add_names(out, lib.bt_event_class_borrow_payload_field_class_const(class));
  put(out, cf_babeltrace_shape, number, 0, NULL);
  return number;
}

static void put_loss(struct output *out, uint16_t kind, bt_property_availability known, uint64_t count,
                     const bt_stream *stream) {
  put(out, kind, 0, known == BT_PROPERTY_AVAILABILITY_AVAILABLE ? count : UINT64_MAX, stream);
}

static void put_message(struct output *out, const bt_message *message) {
  uint64_t count;
  bt_property_availability known;
  switch (lib.bt_message_get_type(message)) {
  case BT_MESSAGE_TYPE_EVENT: {
    const bt_event *event = lib.bt_message_event_borrow_event_const(message);
    uint16_t number = shape(out, lib.bt_event_borrow_class_const(event));
    add_fields(out, lib.bt_event_borrow_common_context_field_const(event));
    add_fields(out, lib.bt_event_borrow_payload_field_const(event));
    put(out, cf_babeltrace_event, number,
        lib.bt_clock_snapshot_get_value(lib.bt_message_event_borrow_default_clock_snapshot_const(message)),
        lib.bt_event_borrow_stream_const(event));
    break;
  }
  case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
    known = lib.bt_message_discarded_events_get_count(message, &count);
    put_loss(out, cf_babeltrace_discarded_events, known, count,
             lib.bt_message_discarded_events_borrow_stream_const(message));
    break;
  case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
    known = lib.bt_message_discarded_packets_get_count(message, &count);
    put_loss(out, cf_babeltrace_discarded_packets, known, count,
             lib.bt_message_discarded_packets_borrow_stream_const(message));
    break;
  case BT_MESSAGE_TYPE_PACKET_END:
    put(out, cf_babeltrace_packet_end, 0, 0,
        lib.bt_packet_borrow_stream_const(lib.bt_message_packet_end_borrow_packet_const(message)));
    break;
  default: break;
  }
}

static bt_graph_simple_sink_component_consume_func_status consume(bt_message_iterator *iterator, void *out) {
  bt_message_array_const messages;
  uint64_t count;
  bt_message_iterator_next_status status = lib.bt_message_iterator_next(iterator, &messages, &count);
  // The sink's statuses are the iterator's: end, again, error.
  if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK) return (bt_graph_simple_sink_component_consume_func_status)status;
  for (uint64_t index = 0; index < count; index++) {
    put_message(out, messages[index]);
    lib.bt_message_put_ref(messages[index]);
  }
  return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static const bt_plugin *plugin(const char *name) {
  const bt_plugin *found = NULL;
  lib.bt_plugin_find(name, BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &found);
  return found;
}

// source.ctf.fs -> filter.utils.muxer -> our sink. Returns whether all of it went well.
static bool run(const char *const *folders, struct output *out) {
  const bt_plugin *ctf = plugin("ctf"), *utils = plugin("utils");
  bt_graph *graph = lib.bt_graph_create(0);
  bt_value *parameters = lib.bt_value_map_create(), *inputs = NULL;
  const bt_component_source *source = NULL;
  const bt_component_filter *muxer = NULL;
  const bt_component_sink *sink = NULL;
  if (!ctf || !utils || !graph || !parameters ||
      lib.bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) != 0)
    return false;
  for (; *folders; folders++) lib.bt_value_array_append_string_element(inputs, *folders);
  const bt_component_class_source *fs = lib.bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs");
  const bt_component_class_filter *merger = lib.bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer");
  if (lib.bt_graph_add_source_component(graph, fs, "source", parameters, BT_LOGGING_LEVEL_NONE, &source) != 0 ||
      lib.bt_graph_add_filter_component(graph, merger, "muxer", NULL, BT_LOGGING_LEVEL_NONE, &muxer) != 0 ||
      lib.bt_graph_add_simple_sink_component(graph, "sink", NULL, consume, NULL, out, &sink) != 0)
    return false;
  uint64_t ports = lib.bt_component_source_get_output_port_count(source);
  for (uint64_t index = 0; index < ports; index++) {
    const bt_port_output *from = lib.bt_component_source_borrow_output_port_by_index_const(source, index);
    const bt_port_input *to = lib.bt_component_filter_borrow_input_port_by_index_const(muxer, index);
    if (lib.bt_graph_connect_ports(graph, from, to, NULL) != 0) return false;
  }
  const bt_port_output *from = lib.bt_component_filter_borrow_output_port_by_index_const(muxer, 0);
  const bt_port_input *to = lib.bt_component_sink_borrow_input_port_by_index_const(sink, 0);
  return lib.bt_graph_connect_ports(graph, from, to, NULL) == 0 && lib.bt_graph_run(graph) == BT_GRAPH_RUN_STATUS_OK;
}

// The first cause that the library names for its failure.
static void add_failure(struct output *out) {
  const bt_error *error = lib.bt_current_thread_take_error();
  const char *reason = error && lib.bt_error_get_cause_count(error) > 0
                           ? lib.bt_error_cause_get_message(lib.bt_error_borrow_cause_by_index(error, 0))
                           : "it gives no reason (are its plugins ctf and utils installed?)";
  add(out, reason, strlen(reason));
}

static _Noreturn void child(const char *const *folders, int pipe, pid_t parent) {
  // It ends with its parent, and prints nothing; where it crashes, no core is left.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  int nowhere = open("/dev/null", O_RDWR);
  for (int descriptor = 0; descriptor <= 2; descriptor++) dup2(nowhere, descriptor);
  struct output out = {.file = fdopen(pipe, "w")};
  if (!out.file) _exit(1);
  setvbuf(out.file, NULL, _IOFBF, 1 << 18);
  if (!run(folders, &out)) {
    out.used = 0;
    add_failure(&out);
  }
  put(&out, cf_babeltrace_done, 0, 0, NULL);
  fflush(out.file);
  _exit(0);
}

pid_t cf_babeltrace_start(const char *const *folders, int *output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  pid_t parent = getpid(), process = fork();
  if (process == 0) child(folders, ends[1], parent);
  int code = errno;
  close(ends[1]);
  if (process < 0) close(ends[0]);
  *output = ends[0];
  return process < 0 ? -code : process;
}
#else
bool cf_babeltrace_load(void) { return false; }
pid_t cf_babeltrace_start(const char *const *folders, int *output) {
  (void)folders, (void)output;
  return -ENOSYS;
}
#endif
