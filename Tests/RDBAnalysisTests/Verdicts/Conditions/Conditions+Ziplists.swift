import TestSupport

private typealias B = RDBBytes

extension Condition {
  /// A type that is stored as one ziplist, and how.
  private struct Holder {
    let name: String
    let type: UInt8
    var prefix: [UInt8] = []

    func callAsFunction(
      _ what: String, _ entries: [B.Entry] = ["a", "1"], count: UInt16? = nil, total: Int? = nil, tail: Int? = nil,
      end: UInt8 = 0xFF, previous: [Int: [UInt8]] = [:], body: [UInt8]? = nil
    ) -> Condition {
      blobbed(
        what,
        ziplist(entries, count: count, total: total, tail: tail, end: end, previous: previous, body: body))
    }

    func blobbed(_ what: String, _ blob: [UInt8]) -> Condition {
      Condition("the ziplist of a \(name) \(what)", type, prefix + B.string(blob))
    }
  }

  private static let holders = [
    Holder(name: "hash", type: 13), Holder(name: "sorted set", type: 12), Holder(name: "list", type: 10),
    Holder(name: "quicklist", type: 14, prefix: [1]),
  ]

  static let ziplists: [Condition] =
    holders.flatMap { holder in
      let first: [UInt8] = [0, 1, 97]
      return [
        holder("with a total above its size", total: 99),
        holder("whose tail offset is not of its last entry", tail: 10),
        holder("whose tail offset is beyond its end", tail: 99),
        holder("without a terminator", end: 0xFE),
        holder("of fewer entries than its count", count: 4),
        holder("of more entries than its count", ["a", "1", "c", "2"], count: 2),
        holder("without a count", count: .max),
        holder("with a wrong prevlen", previous: [1: [9]]),
        holder("whose first entry has a prevlen of 1", previous: [0: [1]]),
        holder("with a five-byte prevlen of a small entry", previous: [1: [0xFE, 3, 0, 0, 0]]),
        holder("with a five-byte prevlen that is cut", body: first + [0xFE, 3, 0]),
        holder("with a prevlen of 0xFF", body: first + [0xFF, 1, 98]),
        holder("with an entry encoding of 0xC1", ["a", .raw([0xC1, 0, 0])]),
        holder("with an entry encoding of 0xFF", ["a", .raw([0xFF])]),
        holder("with a 32-bit length marked 0x81", ["a", .raw([0x81, 0, 0, 0, 1, 49])]),
        holder("with a prevlen and no encoding", body: first + [3]),
        holder("with a 14-bit length that is cut", body: first + [3, 0x40]),
        holder("with a 32-bit length that is cut", body: first + [3, 0x80, 0]),
        holder("with an integer beyond its end", body: first + [3, 0xE0, 0]),
        holder("with a string beyond its end", body: first + [3, 0x3F, 98]),
        holder("with a string of 2^32-1 bytes", body: first + [3, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 98]),
        holder("of no entries", []),
        holder.blobbed("of ten bytes", Array(ziplist([]).prefix(10))),
        holder.blobbed("of no bytes", []),
        holder("with a small integer in 64 bits", [5, 7]),
      ]
    } + [
      Condition("a ziplist with a field without a value", 13, B.string(ziplist(["a", "1", "b"]))),
      Condition("a ziplist with a member without a score", 12, B.string(ziplist(["a", "1", "b"]))),
      Condition("a ziplist with a field twice", 13, B.string(ziplist(["a", "1", "a", "2"]))),
      Condition("a ziplist with a member twice", 12, B.string(ziplist(["a", "1", "a", "2"]))),
      Condition(
        "the text x as a score in a ziplist", 12, B.string(ziplist(["a", "x"])),
        because: "It is not the text of a number. Servers take 0."),
      Condition("the text nan as a score in a ziplist", 12, B.string(ziplist(["a", "nan"]))),
      Condition("a ziplist with scores out of order", 12, B.string(ziplist(["a", "2", "b", "1"]))),
    ]

  private static func zipmap(_ name: String, _ bytes: [UInt8], because reason: String = "") -> Condition {
    Condition("a zipmap \(name)", 9, B.string(bytes), because: reason)
  }

  private static let attack = "The data are clear. Servers refuse the form because attacks use it."

  static let zipmaps: [Condition] = [
    zipmap("of one byte", [0xFF]),
    zipmap("of no bytes", []),
    zipmap("without a terminator", [1, 1, 102, 1, 0, 118, 0xFE]),
    zipmap("of no pairs", [0, 0xFF]),
    zipmap("of fewer pairs than its count", [2, 1, 102, 1, 0, 118, 0xFF]),
    zipmap("of more pairs than its count", [1, 1, 102, 1, 0, 118, 1, 103, 1, 0, 119, 0xFF]),
    zipmap("with a count of 0xFE", [0xFE, 1, 102, 1, 0, 118, 0xFF]),
    zipmap("with a count of 0xFF", [0xFF, 1, 102, 1, 0, 118, 0xFF], because: attack),
    zipmap(
      "with a five-byte length of a short field (CVE-2026-25243)", [1, 0xFE, 1, 0, 0, 0, 102, 1, 0, 118, 0xFF],
      because: attack),
    zipmap(
      "with a five-byte length of a short value (CVE-2026-25243)", [1, 1, 102, 0xFE, 1, 0, 0, 0, 0, 118, 0xFF],
      because: attack),
    zipmap(
      "with a value of 254 bytes",
      [1, 1, 102, 0xFE, 0xFE, 0, 0, 0, 0] + [UInt8](repeating: 118, count: 254) + [0xFF]),
    zipmap("with a field without a value", [1, 1, 102, 0xFF]),
    zipmap("with 0xFF as the length of a value", [1, 1, 102, 0xFF, 0, 118, 0xFF]),
    zipmap("with a five-byte length that is cut", [1, 1, 102, 0xFE, 1, 0, 0xFF]),
    zipmap("without a count of free bytes", [1, 1, 102, 1, 0xFF]),
    zipmap("with a field beyond its end", [1, 0x20, 102, 1, 0, 118, 0xFF]),
    zipmap("with a value beyond its end", [1, 1, 102, 0x20, 0, 118, 0xFF]),
    zipmap("with free bytes beyond its end", [1, 1, 102, 1, 0x20, 118, 0xFF]),
    zipmap("with free bytes", [1, 1, 102, 1, 2, 118, 120, 120, 0xFF]),
    zipmap(
      "with bytes after its terminator", [1, 1, 102, 1, 0, 118, 0xFF, 1, 103, 0xFF],
      because: "The bytes would be lost. Servers stop at the first terminator."),
    zipmap("with a field twice", [2, 1, 102, 1, 0, 118, 1, 102, 1, 0, 119, 0xFF]),
  ]
}
