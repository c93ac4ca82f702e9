import Testing

extension Models {
  @Suite struct AdmissionModels {
    final class Setting {
      let gate = AdmissionGate(.block(limit: 1))
      let closed = Atomic<Bool>(false)
      var inside = 0
      func enter() {
        if gate.enter(isClosed: { closed.load(ordering: .sequentiallyConsistent) }) == .admitted { inside += 1 }
      }
    }

    @Test func whoWaitsForRoomGetsIt() {
      verify("gate, two submitters and one that leaves") {
        let it = Setting()
        it.gate.enterAlways()
        return Program(
          threads: [
            {
              it.enter()
              it.gate.leave()
            },
            {
              it.enter()
              it.gate.leave()
            }, { it.gate.leave() },
          ], check: { it.inside == 2 ? nil : "\(it.inside) of 2 were admitted" })
      }
    }

    @Test func closingReleasesWhoWaits() {
      verify("gate, close against a submitter") {
        let it = Setting()
        it.gate.enterAlways()
        return Program(
          threads: [
            { it.enter() },
            {
              it.closed.store(true, ordering: .sequentiallyConsistent)
              it.gate.wakeAll()
            },
          ], check: { it.inside == 1 ? nil : "not released" })
      }
    }
  }
}
