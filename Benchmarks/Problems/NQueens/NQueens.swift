// nqueens: one task for every valid placement on every level; counts the solutions.
import ConcurrentFutures
import Measuring

/// Which columns and diagonals of the next row are attacked, one bit a column.
private struct Board: Sendable {
  var columns: UInt32 = 0
  var left: UInt32 = 0
  var right: UInt32 = 0
  func placing(_ bit: UInt32) -> Board {
    Board(columns: columns | bit, left: (left | bit) << 1, right: (right | bit) >> 1)
  }
}

private func serial(_ board: Board, _ all: UInt32) -> Int {
  if board.columns == all { return 1 }
  var free = ~(board.columns | board.left | board.right) & all
  var sum = 0
  while free != 0 {
    let bit = free & ~(free &- 1)
    free &= free &- 1
    sum += serial(board.placing(bit), all)
  }
  return sum
}

private func parallel(_ board: Board, _ all: UInt32) -> Int {
  if board.columns == all { return 1 }
  let free = ~(board.columns | board.left | board.right) & all
  return free == 0 ? 0 : placements(board, free, all)
}

/// The placements in the columns `free`, which are not empty: the first here, a fork for the rest.
private func placements(_ board: Board, _ free: UInt32, _ all: UInt32) -> Int {
  let bit = free & ~(free &- 1)
  let rest = free & (free &- 1)
  if rest == 0 { return parallel(board.placing(bit), all) }
  let (first, others) = join({ parallel(board.placing(bit), all) }, { placements(board, rest, all) })
  return first + others
}

func measureQueens(_ report: Report) throws {
  let rows = report.options.size(Standard.queens)
  let all: UInt32 = (1 << UInt32(rows)) - 1
  let isSerial = report.options.workers == 0
  try report.measure(
    operations: Standard.placements(rows), unit: "ns/task", expecting: Standard.solutions[rows]
  ) {
    isSerial ? serial(Board(), all) : try Bench.inPool { parallel(Board(), all) }
  }
}
