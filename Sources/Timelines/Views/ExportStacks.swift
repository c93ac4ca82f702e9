// Who submits what: folded stacks for flame graphs, and a graph of labels for Graphviz.
import SchedulerEvents

extension Export {
  static let folded = Export("folded", "self time by chain of submitters, for flame graph tools") {
    (request: Request, write: (String) throws -> Void) in
    let family = Family.of(request)
    var sums: [String: UInt64] = [:]
    for task in family.tasks where task.selfTime > 0 { sums[family.path(task), default: 0] += task.selfTime }
    for (path, sum) in sums.sorted(by: { $0.key < $1.key }) { try write("\(path) \(sum)\n") }
  }

  static let dot = Export("dot", "which labels submit which, for Graphviz") {
    (request: Request, write: (String) throws -> Void) in
    let family = Family.of(request)
    var nodes: [UInt32: (count: UInt64, time: UInt64)] = [:]
    var edges: [UInt64: UInt64] = [:]
    for task in family.tasks {
      nodes[task.label, default: (0, 0)].count += 1
      nodes[task.label]!.time += task.selfTime
      if let parent = family.byTask[task.parent] {
        edges[UInt64(parent.label) << 32 | UInt64(task.label), default: 0] += 1
      }
    }
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    try write(
      "digraph tasks {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", color=white, fontcolor=white];\n"
    )
    for (label, node) in nodes.sorted(by: { $0.key < $1.key }) {
      let name = request.trace.labels.text(label)
      let text = "\(name)\n\(Units.count(node.count)) tasks, \(Units.duration(node.time))"
      try write(
        "  l\(label) [label=\(quoted(text).replacing("\n", with: "\\n")), fillcolor=\"\(Palette.web(name))\"];\n")
    }
    for (edge, count) in edges.sorted(by: { $0.key < $1.key }) {
      try write("  l\(edge >> 32) -> l\(edge & 0xFFFF_FFFF) [label=\"\(Units.count(count))\"];\n")
    }
    try write("}\n")
  }

  /// All tasks and their parents.
  private struct Family {
    let tasks: [TaskRecord]
    let byTask: [UInt64: TaskRecord]
    let labels: LabelTable
    static func of(_ request: Request) -> Family {
      let list = TaskList.of(request.trace, window: request.window, order: .submit, progress: request.progress)
      return Family(
        tasks: list.tasks, byTask: Dictionary(list.tasks.map { ($0.task, $0) }) { first, _ in first },
        labels: request.trace.labels)
    }
    /// `root;child;grandchild`: labels from the outermost submitter down. Cut at 100, as damaged parents may go in circles.
    func path(_ task: TaskRecord) -> String {
      var names = [name(task)]
      var next = byTask[task.parent]
      while let parent = next, names.count < 100 {
        names.append(name(parent))
        next = parent.parent == 0 ? nil : byTask[parent.parent]
      }
      return names.reversed().joined(separator: ";")
    }
    private func name(_ task: TaskRecord) -> String {
      labels.text(task.label).replacing(";", with: ",").replacing(" ", with: "_")
    }
  }
}
