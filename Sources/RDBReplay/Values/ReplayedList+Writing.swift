import RDB
import RDBFormat

extension ReplayedList {
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws {
    if limits.hasListNodes { return try writeNodes(name, writer.nodeListType(limits), attributes, to: &writer) }
    var longest = 0
    for index in nodes.indices { for element in nodes[index].elements { longest = max(longest, element.count) } }
    let type = writer.storedType(of: .list, limits.encoding(of: .list, count: count, longest: longest))
    if type == .listZiplist {
      var packed = PackedBuilder(for: type, version: writer.header.version)
      for index in nodes.indices {
        for element in nodes[index].elements { packed.append(element.span.bytes) }
      }
      return try writer.packed(name.span.bytes, .listZiplist, try packed.finished(), attributes)
    }
    try writer.beginElements(name.span.bytes, .list, count: UInt64(count), attributes)
    for index in nodes.indices {
      for element in nodes[index].elements { try writer.listElement(element.span.bytes) }
    }
    try writer.endKey()
  }

  private func writeNodes(
    _ name: [UInt8], _ type: ValueType, _ attributes: KeyAttributes, to writer: inout RDBWriter
  ) throws {
    var packed = PackedBuilder(for: type, version: writer.header.version)
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
