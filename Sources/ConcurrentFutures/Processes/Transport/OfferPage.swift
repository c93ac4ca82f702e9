// A page shared with one worker, where each call sent ahead is taken by whoever comes first: the worker that starts it
// or the parent that wants it back, to cancel it or to give it to an idle worker.
//
//   empty ──offer (parent)──> offered ──take (worker)──> taken
//     ^                          │
//     └────withdraw (parent)─────┘
//
// A word is call << 2 | state. Call ids are never reused, so that a frame of a withdrawn call finds another word.
//
// Pairings
//   P1  take's exchange -> withdraw's exchange: exactly one of them succeeds. The call's bytes travel by the socket; the
//       page carries no data.
import CPlatform
import Glibc

private let pageBytes = 4096
private func offered(_ call: CallID) -> UInt64 { call << 2 | 1 }
private func taken(_ call: CallID) -> UInt64 { call << 2 | 2 }

/// The parent's side.
// SAFETY: the page is mapped until deinit and only touched by atomic operations.
final class OfferPage: OfferBoard, @unchecked Sendable {
  private let words: UnsafeMutablePointer<UInt64>
  /// The memory file, to hand to the worker; closed by `closeDescriptor`.
  private(set) var descriptor: Int32

  init?() {
    descriptor = cf_memfd("concurrent-futures-offers")
    guard descriptor >= 0 else { return nil }
    guard ftruncate(descriptor, pageBytes) == 0, let words = map(descriptor) else {
      close(descriptor)
      return nil
    }
    self.words = words
    descriptor = cf_move_high(descriptor)
    guard descriptor >= 0 else { return nil }
  }

  deinit {
    munmap(words, pageBytes)
    closeDescriptor()
  }

  func closeDescriptor() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  func offer(_ call: CallID, _ slot: UInt16) { cf_shared_store(words + Int(slot), offered(call)) }
  func withdraw(_ call: CallID, _ slot: UInt16) -> Bool {
    cf_shared_exchange(words + Int(slot), offered(call), 0) != 0  // P1
  }
  func isTaken(_ call: CallID, _ slot: UInt16) -> Bool { cf_shared_load(words + Int(slot)) == taken(call) }
}

/// The worker's side.
struct TakenOffers {
  private let words: UnsafeMutablePointer<UInt64>

  init?(descriptor: Int32) {
    guard let words = map(descriptor) else { return nil }
    self.words = words
  }

  /// True if the call is the worker's to run.
  func take(_ call: CallID, _ slot: UInt16) -> Bool {
    guard Int(slot) < pageBytes / 8 else { return false }
    return cf_shared_exchange(words + Int(slot), offered(call), taken(call)) != 0  // P1
  }
}

// SAFETY: a shared mapping of whole words; both processes use atomic operations on them only.
private func map(_ descriptor: Int32) -> UnsafeMutablePointer<UInt64>? {
  let address = mmap(nil, pageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
  guard let address, address != MAP_FAILED else { return nil }
  return address.bindMemory(to: UInt64.self, capacity: pageBytes / 8)
}

enum Sockets {
  /// Returns the byte count, 0 at the end, or a negative errno.
  static func receive(
    _ socket: Int32, _ memory: UnsafeMutableRawBufferPointer, _ descriptors: inout [Int32], wait: Bool
  ) -> Int {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: WireLimits.descriptors) { room in
      var count: Int32 = 0
      let bytes = cf_receive(
        socket, memory.baseAddress, memory.count, room.baseAddress, Int32(room.count), &count, wait ? 1 : 0)
      if count > 0 { descriptors.append(contentsOf: room[..<Int(count)]) }
      return bytes
    }
  }

  static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, _ descriptors: [Int32], wait: Bool) -> Int {
    cf_send(socket, bytes.baseAddress, bytes.count, descriptors, Int32(descriptors.count), wait ? 1 : 0)
  }
}
