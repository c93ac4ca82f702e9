// What a pool needs of the world beyond: peers that are started, sent frames, and heard of.
//
// One thread, the pool's, calls `start` and `wait`; frames may be sent from any thread. Processes over socket pairs are the
// one transport there is now (`LocalTransport`).

/// The sending side of a connection to one peer. May be used from any thread.
protocol PeerLink: AnyObject, Sendable {
  associatedtype Board: OfferBoard
  var id: PeerID { get }
  var processID: Int32 { get }
  var board: Board { get }
  /// Sends a call after its task type, if the peer does not know that yet. Never blocks; bytes beyond what the connection
  /// takes now are kept and follow.
  func send(_ call: OutgoingCall, type: RemoteTaskType?, body: EncodedBody)
  /// Asks the peer to end once it is idle.
  func stop()
  /// Ends the peer by force.
  func signal(_ number: Int32)
}

/// What the head of a call's frame says.
struct OutgoingCall {
  let kind: FrameKind
  let id: CallID
  let slot: UInt16
  /// Its name in traces.
  let task: UInt64
  /// The peer is to say when it starts it.
  let reportsStart: Bool
}

/// A task type's number, the same on all connections of this process, and its name.
struct RemoteTaskType: Sendable {
  let number: UInt32
  let reference: TypeReference
  /// In this process.
  let type: Any.Type
}

enum TransportEvent {
  /// The frame is valid during the call.
  case frame(PeerID, Frame)
  /// The last event of a peer, after all its frames.
  case ended(PeerID, BrokenExecutorError.Kind)
}

protocol Transport: AnyObject, Sendable {
  associatedtype Link: PeerLink
  /// Starts a peer. Pool's thread.
  func start(_ id: PeerID) throws -> Link
  /// Waits for events, at most until the monotonic `deadline` in nanoseconds, and hands them on. Pool's thread.
  func wait(until deadline: Int64?, _ handle: (TransportEvent) -> Void)
  /// Ends a `wait` now, or the next one at once. Any thread; never blocks.
  func wake()
  /// Frees what the transport holds; no peer is left. Pool's thread.
  func close()
}
