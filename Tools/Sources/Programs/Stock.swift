import Synchronization

/// Things that are dear to make and used again: whoever needs one takes it, and gives it back afterwards.
/// Any thread may call. The last one given back is handed out first: its memory is still warm in some cache.
public final class Stock<Item: Sendable>: Sendable {
  private let items = Mutex<[Item]>([])
  private let make: @Sendable () -> Item

  public init(make: @escaping @Sendable () -> Item) { self.make = make }

  public func take() -> Item { items.withLock { $0.popLast() } ?? make() }
  public func giveBack(_ item: Item) { items.withLock { $0.append(item) } }
}
