// What a search for work met on its way: the event `search_end` tells it.

/// Looks into the deques and the forks of others that brought nothing. Always counted, by an addition to the worker's own
/// memory where it has just read another's.
struct Probes: Equatable {
  var empty = 0
  var lost = 0

  /// Each look ends in one of three ways; after one that brings a job the search is over.
  func attempts(andStole stole: Bool) -> Int { empty + lost + (stole ? 1 : 0) }
}
