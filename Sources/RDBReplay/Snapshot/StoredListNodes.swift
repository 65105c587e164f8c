import RDB
import RDBFormat
import RDBSupport

extension StoredValue {
  /// The nodes of a stored list with their elements. A list without nodes is one node.
  ///
  /// - Throws: ``RDBError`` for a damaged value.
  func listNodes() throws -> [(elements: [[UInt8]], isPlain: Bool)] {
    let output = DrainedDestination()
    var writer = try RDBWriter(to: output, header: header, computesChecksum: false, capacity: payload.count + 64)
    let name: [UInt8] = []
    try writer.beginStored(name.span.bytes, type)
    try writer.stored(payload.span.bytes)
    try writer.endKey()
    _ = try writer.finish()
    var reader = RDBReader(MemorySource(output.takeAll()))
    var sink = ListNodeSink()
    try reader.read(into: &sink)
    return sink.nodes
  }
}

/// Collects the elements of one list by node.
private struct ListNodeSink: SelectiveSink {
  private(set) var nodes: [(elements: [[UInt8]], isPlain: Bool)] = []

  static var events: SinkEvents { [.beginKey, .node, .listElement] }

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest { .elements }
  mutating func node(_ node: ValueNode) { nodes.append(([], node.isPlain)) }
  mutating func listElement(_ element: RawSpan) {
    if nodes.isEmpty { nodes.append(([], false)) }
    nodes[nodes.count - 1].elements.append([UInt8](element))
  }
}
