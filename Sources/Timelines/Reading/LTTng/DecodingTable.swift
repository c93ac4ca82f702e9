// A stream class's events as flat tables: what the cursor looks at for each event, without reference counting.
import SchedulerEvents

/// Owns the tables.
///
/// SAFETY (`@unchecked Sendable`): written once, by `init`; freed when the last cursor lets go.
final class DecodingTable: @unchecked Sendable {
  struct Event {
    /// Raw value of the kind; 0: not one of ours; `unknown`: not declared.
    var kind: UInt16
    var hasTail: Bool
    var fixedBytes: Int32
    var firstField: Int32
    var fieldCount: Int32
    static let unknown = UInt16.max
  }
  struct Field {
    var source: NumberPlace
    var word: Place.Word
    var low: UInt64
    var mask: UInt64
  }
  let plans: [EventPlan?]
  let events: UnsafeMutableBufferPointer<Event>
  let fields: UnsafeMutableBufferPointer<Field>

  init(_ plans: [EventPlan?]) {
    self.plans = plans
    events = .allocate(capacity: plans.count)
    fields = .allocate(capacity: plans.reduce(0) { $0 + ($1?.fields.count ?? 0) })
    var next = 0
    for (id, plan) in plans.enumerated() {
      guard let plan else {
        events.initializeElement(
          at: id, to: Event(kind: Event.unknown, hasTail: false, fixedBytes: 0, firstField: 0, fieldCount: 0))
        continue
      }
      events.initializeElement(
        at: id,
        to: Event(
          kind: plan.kind?.rawValue ?? 0, hasTail: !plan.tail.isEmpty, fixedBytes: Int32(plan.fixedBytes),
          firstField: Int32(next), fieldCount: Int32(plan.fields.count)))
      for field in plan.fields {
        fields.initializeElement(
          at: next,
          to: Field(
            source: field.source, word: field.place.word, low: UInt64(field.place.low), mask: field.place.mask))
        next += 1
      }
    }
  }
  deinit {
    events.deallocate()
    fields.deallocate()
  }

  /// The record at `event`, whose fixed part is readable.
  @inline(__always) func record(_ plan: Event, at event: UnsafeRawPointer, time: UInt64) -> EventRecord {
    var record = EventRecord(.lost, time: time)
    record.id = plan.kind
    var aux: UInt64 = 0
    for index in Int(plan.firstField)..<Int(plan.firstField + plan.fieldCount) {
      // SAFETY: `init` laid out `fieldCount` fields from `firstField` on; a field's bytes lie within the fixed part.
      let field = fields.baseAddress.unsafelyUnwrapped + index
      let bits = (field.pointee.source.load(event) & field.pointee.mask) << field.pointee.low
      switch field.pointee.word {
      case .worker: record.worker = UInt16(truncatingIfNeeded: bits)
      case .aux: aux |= bits
      case .a: record.a |= bits
      case .b: record.b |= bits
      }
    }
    record.aux = UInt32(truncatingIfNeeded: aux)
    return record
  }
}
