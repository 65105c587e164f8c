import TestSupport

private typealias B = RDBBytes

/// The parts of a small stream of type 19, and of types 15 and 21, which differ in their ends.
enum CraftedStream {
  /// A node's master ID and its listpack; by default with one entry `f=v` of the master's ID.
  static func node(
    _ milliseconds: UInt64 = 1, _ sequence: UInt64 = 1,
    _ entries: [RDBBytes.Entry] = [1, 0, 1, "f", 0, 2, 0, 0, "v", 4], count: UInt16? = nil
  ) -> [UInt8] {
    B.string(B.streamID(milliseconds, sequence)) + B.string(listpack(entries, count: count))
  }

  /// Length, last, first and greatest deleted ID, number of entries added, groups.
  static func tail(
    length: UInt64 = 1, last: (UInt64, UInt64) = (1, 1), first: (UInt64, UInt64) = (1, 1),
    deleted: (UInt64, UInt64) = (0, 0), added: UInt64? = nil, groups: [[UInt8]] = []
  ) -> [UInt8] {
    let numbers = [length, last.0, last.1, first.0, first.1, deleted.0, deleted.1, added ?? length]
    return (numbers + [UInt64(groups.count)]).flatMap { B.length($0) } + groups.flatMap { $0 }
  }

  /// A group whose pending entries and consumers have the IDs given.
  static func group(
    _ name: String = "g", pending: [(UInt64, UInt64)] = [], consumers: [(String, [(UInt64, UInt64)])] = [],
    last: UInt64 = 1, read: UInt64 = 1, hasActiveTimes: Bool = false
  ) -> [UInt8] {
    var bytes = B.string(name) + B.length(last) + B.length(1) + B.length(read) + B.length(UInt64(pending.count))
    for id in pending { bytes += B.streamID(id.0, id.1) + B.little(Int64(5)) + B.length(1) }
    bytes += B.length(UInt64(consumers.count))
    for (name, ids) in consumers {
      bytes += B.string(name) + B.little(Int64(5)) + (hasActiveTimes ? B.little(Int64(5)) : [])
      bytes += B.length(UInt64(ids.count)) + ids.flatMap { B.streamID($0.0, $0.1) }
    }
    return bytes
  }
}

private typealias S = CraftedStream

extension Condition {
  private static func entries(
    _ name: String, _ entries: [B.Entry], count: UInt16? = nil, because reason: String = ""
  ) -> Condition {
    stream("whose node has \(name)", S.node(1, 1, entries, count: count), because: reason)
  }

  private static func stream(
    _ name: String, _ nodes: [UInt8]..., tail: [UInt8] = S.tail(), because reason: String = ""
  ) -> Condition {
    Condition("a stream \(name)", 19, B.length(UInt64(nodes.count)) + nodes.flatMap { $0 } + tail, because: reason)
  }

  private static let unordered = "It is read as stored. XADD cannot add such an entry."
  private static let digits = "Servers read the text as a number. No server writes one so."

  static let streamNodes: [Condition] = [
    stream("with a master ID of 15 bytes", B.string([UInt8](repeating: 0, count: 15)) + B.string(listpack([1]))),
    stream("with a node of no bytes", B.string(B.streamID(1, 1)) + [0]),
    entries("no elements", []),
    entries("a count of entries that is digits in text", ["1", 0, 1, "f", 0, 2, 0, 0, "v", 4], because: digits),
    entries("a count of entries that is text", ["x", 0, 1, "f", 0, 2, 0, 0, "v", 4]),
    entries("a count of entries below 0", [-1, 0, 1, "f", 0, 2, 0, 0, "v", 4]),
    entries("a count of deleted entries below 0", [1, -1, 1, "f", 0, 2, 0, 0, "v", 4]),
    entries("a count of fields below 0", [1, 0, -1, "f", 0, 2, 0, 0, "v", 4]),
    entries("a count of 2^32 fields", [1, 0, .integer(1 << 32), "f", 0, 2, 0, 0, "v", 4]),
    entries("fewer master fields than its count", [1, 0, 9, "f", 0, 2, 0, 0, "v", 4]),
    entries("a master entry that ends with 1", [1, 0, 1, "f", 1, 2, 0, 0, "v", 4]),
    entries("flags that are text", [1, 0, 1, "f", 0, "x", 0, 0, "v", 4]),
    entries("flags that are digits in text", [1, 0, 1, "f", 0, "2", 0, 0, "v", 4], because: digits),
    entries(
      "an unknown flag", [1, 0, 1, "f", 0, 4, 0, 0, 1, "f", "v", 6],
      because: "Servers ignore the flag, and so does this package."),
    entries(
      "an unknown flag and the master's fields", [1, 0, 1, "f", 0, 6, 0, 0, "v", 4],
      because: "Servers ignore the flag, and so does this package."),
    entries("a time difference that is text", [1, 0, 1, "f", 0, 2, "x", 0, "v", 4]),
    entries("a sequence difference that is text", [1, 0, 1, "f", 0, 2, 0, "x", "v", 4]),
    entries("a wrong size of an entry", [1, 0, 1, "f", 0, 2, 0, 0, "v", 5]),
    entries("a size of an entry that is text", [1, 0, 1, "f", 0, 2, 0, 0, "v", "4"], because: digits),
    entries("fewer entries than its count", [2, 0, 1, "f", 0, 2, 0, 0, "v", 4]),
    entries("more entries than its count", [1, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 1, "w", 4]),
    entries("a deleted entry that it does not count", [1, 0, 1, "f", 0, 2, 0, 0, "v", 4, 3, 0, 1, "w", 4]),
    entries("no deleted entry but counts one", [1, 1, 1, "f", 0, 2, 0, 0, "v", 4]),
    entries("a live entry that it counts as deleted", [1, 1, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 1, "w", 4]),
    entries("an element after its last entry", [1, 0, 1, "f", 0, 2, 0, 0, "v", 4, 7]),
    entries("no live entry, in a stream of length 1", [0, 1, 1, "f", 0, 3, 0, 0, "v", 4]),
    stream(
      "whose only node has no live entry", S.node(1, 1, [0, 1, 1, "f", 0, 3, 0, 0, "v", 4]),
      tail: S.tail(length: 0, added: 1)),
    stream(
      "of a node without a live entry and one with", S.node(1, 1, [0, 1, 1, "f", 0, 3, 0, 0, "v", 4]), S.node(2, 1),
      tail: S.tail(last: (2, 1), first: (2, 1), deleted: (1, 1), added: 2)),
    entries("an entry with fields of its own", [1, 0, 1, "f", 0, 0, 0, 0, 1, "g", "v", 6]),
    entries("an entry with -1 fields of its own", [1, 0, 1, "f", 0, 0, 0, 0, -1, "g", "v", 6]),
    entries("an entry with no fields", [1, 0, 1, "f", 0, 0, 0, 0, 0, 4]),
    entries("an entry with a field without a value", [1, 0, 1, "f", 0, 0, 0, 0, 2, "g", "v", "h", 7]),
    entries("no master fields", [1, 0, 0, 0, 2, 0, 0, 3]),
    entries("an entry that is cut", [1, 0, 1, "f", 0, 2, 0, 0]),
    entries("no count of elements", [1, 0, 1, "f", 0, 2, 0, 0, "v", 4], count: .max),
    entries("fewer elements than its count", [1, 0, 1, "f", 0, 2, 0, 0, "v", 4], count: 12),
    entries("more elements than its count", [1, 0, 1, "f", 0, 2, 0, 0, "v", 4], count: 9),
    stream(
      "with IDs out of order in a node", S.node(1, 5, [2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, -1, "w", 4]),
      tail: S.tail(length: 2, last: (1, 5)),
      because: unordered),
    stream(
      "with an ID twice in a node", S.node(1, 5, [2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 0, "w", 4]),
      tail: S.tail(length: 2, last: (1, 5)),
      because: unordered),
    stream(
      "with an ID above the following node", S.node(1, 1, [2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 9, 0, "w", 4]),
      S.node(2, 1), tail: S.tail(length: 3, last: (10, 1)),
      because: unordered),
    stream(
      "with an ID below its master ID", S.node(5, 5, [1, 0, 1, "f", 0, 2, -1, 0, "v", 4]), tail: S.tail(last: (5, 5))),
    stream("with an entry 0-0", S.node(0, 0), tail: S.tail(last: (0, 0), first: (0, 0))),
    stream(
      "with master IDs out of order", S.node(2, 1), S.node(1, 1), tail: S.tail(length: 2, last: (2, 1)),
      because: "Servers sort the nodes; a reader that does not hold the stream cannot."),
    stream("with a master ID twice", S.node(), S.node(), tail: S.tail(length: 2)),
    Condition("a stream of fewer nodes than its count", 19, [2] + S.node() + S.tail()),
  ]

  static let streamNumbers: [Condition] = [
    stream("whose length is above its entries", S.node(), tail: S.tail(length: 5)),
    stream("whose length is below its entries", S.node(), S.node(2, 1), tail: S.tail(length: 1, last: (2, 1))),
    stream("of length 0 with an entry", S.node(), tail: S.tail(length: 0)),
    Condition("a stream of type 15 whose length is above its entries", 15, [1] + S.node() + [5, 1, 1, 0]),
    stream("of length 1 without nodes", tail: S.tail()),
    stream("without nodes", tail: S.tail(length: 0)),
    stream("whose last ID is below its last entry", S.node(5, 5), tail: S.tail(last: (1, 1))),
    stream("whose last ID is 0-0", S.node(5, 5), tail: S.tail(last: (0, 0))),
    stream("whose last ID is above its last entry", S.node(), tail: S.tail(last: (9, 9))),
    stream("whose first ID is not of its first entry", S.node(), tail: S.tail(last: (9, 9), first: (7, 7))),
    stream("whose first ID is 0-0", S.node(), tail: S.tail(first: (0, 0))),
    stream("whose greatest deleted ID is above its last ID", S.node(), tail: S.tail(deleted: (99, 0))),
    stream("whose greatest deleted ID is of a live entry", S.node(), tail: S.tail(deleted: (1, 1))),
    stream("of fewer entries added than there are", S.node(), tail: S.tail(added: 0)),
    stream("of 2^64-1 entries added", S.node(), tail: S.tail(added: .max)),
  ]

  private static func groups(_ name: String, _ groups: [UInt8]..., because reason: String = "") -> Condition {
    stream("with \(name)", S.node(), tail: S.tail(groups: groups), because: reason)
  }

  static let consumerGroups: [Condition] = [
    groups("a pending entry", S.group(pending: [(1, 1)], consumers: [("c", [(1, 1)])])),
    groups("a group twice", S.group(), S.group()),
    groups("a group without a name", S.group("")),
    groups("a group beyond the last ID", S.group(last: 99)),
    groups("a group that has read 2^63 entries", S.group(read: 1 << 63)),
    groups("a group that has read more entries than were added", S.group(read: 50)),
    groups("a group that does not know how many entries it read", S.group(read: .max)),
    groups("a pending entry twice", S.group(pending: [(1, 1), (1, 1)], consumers: [("c", [(1, 1)])])),
    groups(
      "pending entries out of order", S.group(pending: [(2, 1), (1, 1)], consumers: [("c", [(1, 1), (2, 1)])]),
      because: "Servers sort them."),
    groups("a pending entry without a consumer", S.group(pending: [(1, 1)])),
    groups(
      "one of two pending entries without a consumer",
      S.group(pending: [(1, 1), (2, 1)], consumers: [("c", [(1, 1)])])),
    groups(
      "a pending entry of two consumers (CVE-2026-63639)",
      S.group(pending: [(1, 1)], consumers: [("c", [(1, 1)]), ("d", [(1, 1)])])),
    groups(
      "a pending entry twice with its consumer", S.group(pending: [(1, 1)], consumers: [("c", [(1, 1), (1, 1)])])),
    groups("a consumer's entry that is not pending", S.group(consumers: [("c", [(1, 1)])])),
    groups(
      "a consumer's entries out of order",
      S.group(pending: [(1, 1), (2, 1)], consumers: [("c", [(2, 1), (1, 1)])])),
    groups("a pending entry that was deleted", S.group(pending: [(1, 0)], consumers: [("c", [(1, 0)])])),
    groups("a pending entry that was not delivered", S.group(pending: [(50, 0)], consumers: [("c", [(50, 0)])])),
    groups("a consumer twice (CVE-2026-66373)", S.group(consumers: [("c", []), ("c", [])])),
    groups(
      "a consumer twice, each with an entry",
      S.group(pending: [(1, 1), (2, 1)], consumers: [("c", [(1, 1)]), ("c", [(2, 1)])])),
    groups("a consumer without a name", S.group(consumers: [("", [])])),
    groups(
      "times below 0 and a delivery count of 2^63",
      B.string("g") + [1, 1, 1, 1] + B.streamID(1, 1) + B.little(Int64(-5)) + B.length(1 << 63) + [1]
        + B.string("c") + B.little(Int64(-7)) + [1] + B.streamID(1, 1)),
    Condition(
      "a stream of type 21 with a pending entry of two consumers", 21,
      [1] + S.node()
        + S.tail(groups: [
          S.group(pending: [(1, 1)], consumers: [("c", [(1, 1)]), ("d", [(1, 1)])], hasActiveTimes: true)
        ])),
  ]
}
