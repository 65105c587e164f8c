import RDBAnalysis

extension CutPrefixReport {
  /// The memory of prefixes as folded stacks, which flame-graph tools read: on each line the parts of a prefix, separated
  /// by semicolons, and the bytes of the keys that belong to no longer prefix of the report.
  var foldedStacks: String {
    var lines: [(stack: [String], byteCount: UInt64)] = []
    // The numbers of the lines from the root to the current prefix, with the depth and the length of each.
    var path: [(line: Int, depth: Int, byteCount: Int)] = []
    for node in nodes {
      while let last = path.last, last.depth >= node.depth { path.removeLast() }
      let memory = node.summary.memoryByteCount
      let frame: String
      if node.depth == 0 {
        frame = "(all)"
      } else {
        frame = node.kind == .other ? "(other)" : Self.frame(node.prefix.bytes.dropFirst(path.last?.byteCount ?? 0))
      }
      let stack = (path.last.map { lines[$0.line].stack } ?? []) + [frame]
      if let parent = path.last { lines[parent.line].byteCount -= min(memory, lines[parent.line].byteCount) }
      path.append((lines.count, node.depth, node.kind == .prefix ? node.prefix.bytes.count : 0))
      lines.append((stack, memory))
    }
    return lines.filter { $0.byteCount > 0 }.map { "\($0.stack.joined(separator: ";")) \($0.byteCount)\n" }.joined()
  }

  /// Returns a part of a prefix without spaces and semicolons, which separate the parts of a line.
  private static func frame(_ bytes: ArraySlice<UInt8>) -> String {
    // A tool that reads the lines needs no marks of direction.
    let text = DisplayText(bytes).text.unicodeScalars.filter { $0 != "\u{2068}" && $0 != "\u{2069}" }
    return String(String.UnicodeScalarView(text)).replacing(" ", with: "\\x20").replacing(";", with: "\\x3b")
  }
}
