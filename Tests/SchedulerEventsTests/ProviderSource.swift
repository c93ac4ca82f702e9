// The LTTng provider's C sources, derived from the event table. `ProviderTests` compares them with what is checked in.
@testable import SchedulerEvents

enum ProviderSource {
  private static let notice =
    "// Derived from the event table (SchedulerEvents); `Tools/golden --update` rewrites it.\n"
  private static let provider = EventTable.provider
  private static func symbol(_ event: EventDefinition) -> String { "lttng_ust_tracepoint_\(provider)___\(event.name)" }
  /// The same tracepoint by a name that only this library's image knows: reached without a table of addresses.
  private static func local(_ event: EventDefinition) -> String { "cf_tracepoint_\(event.name)" }
  private static var submit: EventDefinition { EventTable.all.first { $0.kind == .taskSubmit }! }
  private static func alias(_ event: EventDefinition) -> String {
    "extern __typeof__(\(symbol(event))) \(local(event)) __attribute__((alias(\"\(symbol(event))\"), visibility(\"hidden\")));\n"
  }
  private static var records: [EventDefinition] { EventTable.all.filter { !$0.kind.isDefinition } }

  /// What Swift imports: the state of every tracepoint, and two functions. No header of LTTng.
  static var publicHeader: String {
    var text =
      notice + """
        #ifndef CTRACEPOINTS_H
        #define CTRACEPOINTS_H
        #include <stdbool.h>
        #include <stdint.h>

        // The same 32 bytes as SchedulerEvents.EventRecord.
        typedef struct cf_record {
          uint64_t time;
          uint16_t id, worker;
          uint32_t aux;
          uint64_t a, b;
        } cf_record;

        // The head of LTTng-UST's struct lttng_ust_tracepoint, which is ABI; provider.c asserts that they agree.
        // `state` is not 0 while a session records the event. `log` lies where LTTng's struct has four bytes of padding, which
        // nobody else writes: it is not 0 while the event log records, so that one word tells whether anybody does.
        struct cf_tracepoint {
          uint32_t struct_size;
          const char *provider, *name;
          union {
            struct {
              int state;
              uint32_t log;
            };
            uint64_t listeners;
          };
          void *probes;
          int *provider_ref;
          const char *signature;
        };

        """
    text += "extern struct cf_tracepoint \(symbol(submit));\n"
    for event in EventTable.all {
      text += "extern struct cf_tracepoint \(local(event)) __attribute__((visibility(\"hidden\")));\n"
    }
    text += """

      // Whether a word is not 0. An atomic load would not be folded into the comparison: on x86-64 it is one instruction, and a jump.
      static inline bool cf_is_set(const uint64_t *word) {
      #if defined(__x86_64__)
        bool set;
        __asm__ volatile("cmpq $0, %1" : "=@ccne"(set) : "m"(*word));
        return set;
      #else
        return __atomic_load_n(word, __ATOMIC_RELAXED) != 0;
      #endif
      }

      // Whether a session or the event log records submissions. For code that is compiled into other images. The barrier keeps the
      // optimizer from moving reference counting across, and with it the test's result into a register that must be kept.
      static inline bool cf_submit_is_recorded(void) {
        __asm__ volatile("" ::: "memory");
        return cf_is_set(&\(symbol(submit)).listeners);
      }

      """
    text +=
      function("cf_is_recorded", "bool", "Whether a session or the event log records the event with this id.") {
        "cf_is_set(&\($0).listeners)"
      }
      + function("cf_traced", "int", "Not 0: a session records it.") {
        "__atomic_load_n(&\($0).state, __ATOMIC_RELAXED)"
      }
      + function("cf_logged", "uint32_t", "What the last call of cf_set_logged said.") {
        "__atomic_load_n(&\($0).log, __ATOMIC_RELAXED)"
      } + """
        // Says of all events whether, and how, the event log records them.
        void cf_set_logged(uint32_t how);

        // Gives the event to the sessions that record it.
        void cf_trace(cf_record record);

        """
    for event in EventTable.all where event.kind.isDefinition {
      text += "void cf_trace_\(event.name)(\(parameters(event)));\n"
    }
    return text + "#endif\n"
  }

  /// One load where the id is a constant.
  private static func function(
    _ name: String, _ type: String, _ comment: String, _ load: (String) -> String
  ) -> String {
    "// \(comment)\nstatic inline \(type) \(name)(uint16_t id) {\n  switch (id) {\n"
      + EventTable.all.map {
        "  case \($0.kind.rawValue): return \(load(local($0)));\n"
      }.joined() + "  }\n  return 0;\n}\n"
  }

  /// Where the log's half of the words is written: apart from `provider.c`, where these are LTTng's structs.
  static var listeners: String {
    notice + "#include \"CTracepoints.h\"\n\nvoid cf_set_logged(uint32_t how) {\n"
      + EventTable.all.map { "  __atomic_store_n(&\(local($0)).log, how, __ATOMIC_RELAXED);\n" }.joined() + "}\n"
  }

  /// The tracepoints as LTTng wants them declared.
  static var providerHeader: String {
    var text =
      notice + """
        #undef LTTNG_UST_TRACEPOINT_PROVIDER
        #define LTTNG_UST_TRACEPOINT_PROVIDER \(provider)
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

        """
    for event in EventTable.all {
      for field in event.fields {
        guard case .named(let names) = field.form else { continue }
        let values = names.enumerated().map { "lttng_ust_field_enum_value(\"\($1)\", \($0))" }.joined(separator: " ")
        text +=
          "LTTNG_UST_TRACEPOINT_ENUM(\(provider), \(event.name)_\(field.name), LTTNG_UST_TP_ENUM_VALUES(\(values)))\n"
      }
    }
    for event in EventTable.all {
      let arguments =
        event.kind.isDefinition
        ? event.fields.map { "\(isText($0) ? "const char *" : "uint32_t"), \($0.name)_value" }.joined(separator: ", ")
        : "const struct cf_traced_record *, r"
      text += """

        LTTNG_UST_TRACEPOINT_EVENT(\(provider), \(event.name), LTTNG_UST_TP_ARGS(\(arguments)),
          LTTNG_UST_TP_FIELDS(

        """
      for field in event.fields { text += "    \(declaration(field, in: event))\n" }
      text += "  ))\nLTTNG_UST_TRACEPOINT_LOGLEVEL(\(provider), \(event.name), \(level(event.level)))\n"
    }
    return text + "#endif\n#include <lttng/tracepoint-event.h>\n"
  }

  /// The only source file: with LTTng the provider, without it tracepoints that are never on.
  static var implementation: String {
    var text =
      notice + """
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

        """
    for event in records {
      text += "  case \(event.kind.rawValue): lttng_ust_do_tracepoint(\(provider), \(event.name), record); break;\n"
    }
    text += "  }\n}\n"
    for event in EventTable.all where event.kind.isDefinition {
      let names = event.fields.map(\.name).joined(separator: ", ")
      text += """
        void cf_trace_\(event.name)(\(parameters(event))) {
          lttng_ust_tracepoint(\(provider), \(event.name), \(names));
        }

        """
    }
    for event in EventTable.all { text += alias(event) }
    text += "#else\n#include \"CTracepoints.h\"\n"
    for event in EventTable.all { text += "struct cf_tracepoint \(symbol(event));\n" }
    for event in EventTable.all { text += alias(event) }
    text += "void cf_trace(cf_record record) { (void)record; }\n"
    for event in EventTable.all where event.kind.isDefinition {
      let unused = event.fields.map { "(void)\($0.name);" }.joined(separator: " ")
      text += "void cf_trace_\(event.name)(\(parameters(event))) { \(unused) }\n"
    }
    return text + "#endif\n"
  }

  private static func isText(_ field: FieldDefinition) -> Bool { if case .text = field.form { true } else { false } }

  private static func parameters(_ event: EventDefinition) -> String {
    event.fields.map { isText($0) ? "const char *\($0.name)" : "uint32_t \($0.name)" }.joined(separator: ", ")
  }

  private static func declaration(_ field: FieldDefinition, in event: EventDefinition) -> String {
    guard !event.kind.isDefinition else {
      return isText(field)
        ? "lttng_ust_field_string(\(field.name), \(field.name)_value)"
        : "lttng_ust_field_integer(uint32_t, \(field.name), \(field.name)_value)"
    }
    let width = [8, 16, 32, 64].first { $0 >= Int(field.place.width) }!
    let value = expression(field.place)
    switch field.form {
    case .unsigned(base: 16): return "lttng_ust_field_integer_hex(uint\(width)_t, \(field.name), \(value))"
    case .unsigned, .text: return "lttng_ust_field_integer(uint\(width)_t, \(field.name), \(value))"
    case .signed: return "lttng_ust_field_integer(int\(width)_t, \(field.name), (int\(width)_t)(\(value)))"
    case .named:
      return "lttng_ust_field_enum(\(provider), \(event.name)_\(field.name), uint\(width)_t, \(field.name), \(value))"
    }
  }

  private static func expression(_ place: Place) -> String {
    let word = "r->\(place.word)"
    let shifted = place.low == 0 ? word : "\(word) >> \(place.low)"
    let bits = [.worker: 16, .aux: 32, .a: 64, .b: 64][place.word]!
    return Int(place.low) + Int(place.width) == bits ? shifted : "(\(shifted)) & 0x\(String(place.mask, radix: 16))"
  }

  private static func level(_ level: LogLevel) -> String {
    switch level {
    case .notice: "LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE"
    case .info: "LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO"
    case .debugLine: "LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE"
    case .debug: "LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG"
    }
  }
}
