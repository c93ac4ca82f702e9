import Testing

@testable import SchedulerEvents

@Suite(.timeLimit(.minutes(1))) struct EventTableTests {
  @Test func everyKindIsDefinedOnceInOrder() {
    #expect(EventTable.all.map(\.kind) == EventKind.allCases)
    #expect(Set(EventTable.all.map(\.name)).count == EventTable.all.count)
    for kind in EventKind.allCases { #expect(EventTable[kind.rawValue]?.kind == kind) }
    #expect(EventTable[0] == nil)
    #expect(EventTable[EventKind.lost.rawValue + 20] == nil)
    #expect(EventTable[9999] == nil)
  }

  @Test func fieldsLieInOrderWithoutOverlapWhereACTFReaderFindsThem() {
    for event in EventTable.all where !event.kind.isDefinition {
      var position = 80
      for field in event.fields {
        #expect(field.place.bitOffset >= position, "\(event.name).\(field.name) overlaps its predecessor")
        #expect(
          Metadata.alignment(from: position, to: field.place.bitOffset) != nil,
          "no alignment leads to \(event.name).\(field.name)")
        let wordBits = [Place.Word.worker: 16, .aux: 32, .a: 64, .b: 64][field.place.word]!
        #expect(Int(field.place.low) + Int(field.place.width) <= wordBits)
        position = field.place.bitEnd
      }
      #expect(event.fields.first?.name == "worker")
      #expect(event.kind.contentBits == position, "\(event.name)")
    }
  }

  @Test func namedFieldsHoldAllTheirValues() {
    for event in EventTable.all {
      for field in event.fields {
        guard case .named(let names) = field.form else { continue }
        #expect(UInt64(names.count - 1) <= field.place.mask, "\(event.name).\(field.name)")
      }
    }
  }

  @Test(arguments: EventKind.allCases.filter { !$0.isDefinition })
  func everyFieldKeepsItsValueAndLeavesTheOthersAlone(kind: EventKind) {
    let event = EventTable[kind]
    var random = SystemRandomNumberGenerator()
    var record = EventRecord(event.kind)
    var expected: [UInt64] = []
    for field in event.fields {
      let value = UInt64.random(in: 0...field.place.mask, using: &random)
      record[field.place] = value
      expected.append(value)
    }
    #expect(event.fields.map { record[$0.place] } == expected)
    for (index, field) in event.fields.enumerated() {
      var changed = record
      changed[field.place] = ~0
      #expect(changed[field.place] == field.place.mask)
      for (other, value) in zip(event.fields, expected).enumerated().filter({ $0.offset != index }).map(\.element) {
        #expect(changed[other.place] == value)
      }
    }
    #expect(record.kind == event.kind)
  }

  @Test func numbersSaturateAndSignsSurvive() {
    var record = EventRecord(.taskSubmit)
    record.set(TaskSubmit.depth, saturating: 5000)
    #expect(record[TaskSubmit.depth] == 1023)
    record.set(TaskSubmit.depth, saturating: -3)
    #expect(record[TaskSubmit.depth] == 0)
    record = EventRecord(.workerStart)
    record[WorkerLife.cpu] = UInt64(bitPattern: -1)
    #expect(record.signed(WorkerLife.cpu) == -1)
    record = EventRecord(.counter)
    record[Annotation.value] = UInt64(bitPattern: Int64.min)
    #expect(record.signed(Annotation.value) == Int64.min)
    #expect(EventTable[.counter][field: "value"]?.describe(record) == "\(Int64.min)")
  }

  @Test func aRecordIs32BytesInTheDocumentedOrder() {
    #expect(MemoryLayout<EventRecord>.size == 32)
    #expect(MemoryLayout<EventRecord>.stride == 32)
    #expect(MemoryLayout<EventRecord>.offset(of: \.time) == 0)
    #expect(MemoryLayout<EventRecord>.offset(of: \.id) == 8)
    #expect(MemoryLayout<EventRecord>.offset(of: \.worker) == 10)
    #expect(MemoryLayout<EventRecord>.offset(of: \.aux) == 12)
    #expect(MemoryLayout<EventRecord>.offset(of: \.a) == 16)
    #expect(MemoryLayout<EventRecord>.offset(of: \.b) == 24)
  }

  @Test func namesOfValuesAreTheVocabularys() {
    var record = EventRecord(.taskStart)
    record[TaskStart.source] = UInt64(TaskSource.awaited.rawValue)
    #expect(EventTable[.taskStart][field: "source"]?.describe(record) == "awaited")
    record[TaskStart.source] = 7
    #expect(EventTable[.taskStart][field: "source"]?.describe(record) == "7")
    #expect(record.named(TaskStart.source, as: TaskSource.self) == nil)
  }
}
