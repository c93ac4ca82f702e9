// The task types this process has sent, numbered: a frame names its type by four bytes.
import Synchronization

enum RemoteTaskTypes {
  private static let known = Lock<[ObjectIdentifier: RemoteTaskType]>([:])

  /// - Throws: `EncodingError` if no other process can find the type.
  static func number(of type: Any.Type) throws -> RemoteTaskType {
    let key = ObjectIdentifier(type)
    if let found = known.withLock({ $0[key] }) { return found }
    guard let reference = TypeReference(type) else {
      throw EncodingError.invalidValue(
        type,
        .init(
          codingPath: [],
          debugDescription:
            "a worker process cannot find \(_typeName(type, qualified: true)): make it internal or public, "
            + "or a struct or enum that is not generic"))
    }
    return known.withLock { known in
      if let found = known[key] { return found }
      let made = RemoteTaskType(number: UInt32(known.count + 1), reference: reference, type: type)
      known[key] = made
      return made
    }
  }
}
