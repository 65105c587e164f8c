import RDB
import RDBFormat

extension ReplayedList {
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws {
    if limits.hasListpackNodes, writer.canWrite(.listQuicklist2) {
      var packed = ListpackWriter()
      return try writeNodes(name, .listQuicklist2, attributes, &packed, to: &writer)
    }
    if limits.server.isAtLeast(3, 2), writer.canWrite(.listQuicklist) {
      var packed = ZiplistWriter()
      return try writeNodes(name, .listQuicklist, attributes, &packed, to: &writer)
    }
    if writer.canWrite(.listZiplist), count <= 512, nodes.indices.allSatisfy({ hasShortElements($0) }) {
      var packed = ZiplistWriter(version: writer.header.version)
      for index in nodes.indices {
        for element in nodes[index].elements { packed.append(element.span.bytes) }
      }
      let blob = try packed.finished()
      try writer.packed(name.span.bytes, .listZiplist, blob, attributes)
      return
    }
    try writer.beginElements(name.span.bytes, .list, count: UInt64(count), attributes)
    for index in nodes.indices {
      for element in nodes[index].elements { try writer.listElement(element.span.bytes) }
    }
    try writer.endKey()
  }

  private func hasShortElements(_ node: Int) -> Bool { nodes[node].elements.allSatisfy { $0.count <= 64 } }

  private func writeNodes<Packed: PackedWriter & ~Copyable>(
    _ name: [UInt8], _ type: ValueType, _ attributes: KeyAttributes, _ packed: inout Packed, to writer: inout RDBWriter
  ) throws {
    try writer.beginQuicklist(name.span.bytes, type, nodeCount: UInt64(nodes.count), attributes)
    for index in nodes.indices {
      if nodes[index].isPlain, type == .listQuicklist2 {
        let element = nodes[index].elements[0]
        try writer.quicklistNode(plain: element.span.bytes)
        continue
      }
      packed.removeAll()
      for element in nodes[index].elements { packed.append(element.span.bytes) }
      let blob = try packed.finished()
      try writer.quicklistNode(packed: blob)
    }
    try writer.endKey()
  }
}
