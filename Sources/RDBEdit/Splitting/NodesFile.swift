import RDB
import RDBFormat
import RDBSupport

/// Reads the file in which a cluster node keeps the state of the cluster (`nodes.conf`), or the reply of CLUSTER NODES.
///
/// A line per node, with fields between spaces:
///
///     <ID> <address>:<port>@<bus port>[,<host name>[,<name>=<value>]…] <flags> <master> <ping> <pong> <epoch> <link> <slot>…
///
/// A slot is a number, a range `0-5460`, or a slot that moves: `[93->-<ID>]` to another node, `[93-<-<ID>]` from one. The
/// line `vars …` has no node. Source: `clusterGenNodeDescription` in Redis `src/cluster_legacy.c`.
package enum NodesFile {
  /// The largest size of the file, in bytes. A node takes about 150 bytes.
  package static let byteLimit = 16 << 20

  /// Reads the masters with their slots.
  ///
  /// - Throws: ``RDBError`` (`corruptNodes`), with the offset of the line.
  package static func slotOwners(in bytes: [UInt8]) throws(RDBError) -> SlotOwners {
    var owners = SlotOwners()
    var used = UsedNames()
    var start = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      defer { start += line.count + 1 }
      let fields = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
      guard let first = fields.first, !first.elementsEqual("vars".utf8) else { continue }
      guard fields.count >= 8 else {
        throw corrupt("a line of a node: an ID, an address, flags, and at least five more fields", line, at: start)
      }
      let flags = fields[2].split(separator: UInt8(ascii: ","))
      guard flags.contains(where: { $0.elementsEqual("master".utf8) }) else { continue }
      let name = name(address: fields[1], identifier: first)
      var ranges: [ClosedRange<Int>] = []
      for field in fields[8...] {
        if field.first == UInt8(ascii: "[") {
          owners.notes.append(try movingSlot(field, at: start, of: name))
        } else {
          ranges.append(try range(field, at: start))
        }
      }
      if ranges.isEmpty {
        owners.notes.append("the master \(name) has no slots, and gets no file")
        continue
      }
      ranges.sort { $0.lowerBound < $1.lowerBound }
      if let taken = owners.add(used.add(name), ranges) {
        throw corrupt("one owner of slot \(taken)", ArraySlice("two".utf8), at: start)
      }
    }
    if owners.nodes.isEmpty {
      throw corrupt("a master with hash slots", ArraySlice("none".utf8), at: 0)
    }
    return owners
  }

  /// The name of a node's file: its address and port, or its ID if it has no address.
  private static func name(address: ArraySlice<UInt8>, identifier: ArraySlice<UInt8>) -> String {
    let end = address.firstIndex { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: ",") } ?? address.endIndex
    let reached = address[..<end]
    guard let colon = reached.lastIndex(of: UInt8(ascii: ":")), colon > reached.startIndex else {
      return PartName.escaped(Array(identifier))
    }
    return PartName.escaped(reached[..<colon] + [UInt8(ascii: "-")] + reached[(colon + 1)...])
  }

  private static func range(_ field: ArraySlice<UInt8>, at offset: Int) throws(RDBError) -> ClosedRange<Int> {
    let ends = field.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map(slot)
    if ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last {
      return first...last
    }
    throw corrupt("a hash slot of 0 to 16383, or a range of them", field, at: offset)
  }

  private static func slot(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (48...57).contains($0) }), digits.count <= 5,
      let slot = Int(String(decoding: digits, as: UTF8.self)), slot < HashSlots.count
    else { return nil }
    return slot
  }

  /// Returns a remark about a slot that moves: `[93->-<ID>]` or `[93-<-<ID>]`.
  private static func movingSlot(_ field: ArraySlice<UInt8>, at offset: Int, of node: String) throws(RDBError) -> String
  {
    let parts = field.dropFirst().dropLast().split(separator: UInt8(ascii: "-"), maxSplits: 2)
    guard field.last == UInt8(ascii: "]"), parts.count == 3, let slot = slot(parts[0]) else {
      throw corrupt("a slot that moves, such as [93->-ID]", field, at: offset)
    }
    switch parts[1] {
    case [UInt8(ascii: ">")]: return "slot \(slot) was moving away from \(node): its keys are in that node's part"
    case [UInt8(ascii: "<")]: return "slot \(slot) was moving to \(node): its keys are in the part of its owner"
    default: throw corrupt("a slot that moves, such as [93->-ID]", field, at: offset)
    }
  }

  private static func corrupt(_ expected: String, _ found: ArraySlice<UInt8>, at offset: Int) -> RDBError {
    RDBError(.corruptNodes, at: offset, expected: expected, found: printable(found))
  }
}

extension RDBError.Code {
  /// A file of cluster nodes does not have the form that servers write.
  package static let corruptNodes = RDBError.Code("corruptNodes")
}
