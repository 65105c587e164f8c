import TestSupport

private typealias B = RDBBytes

/// Values whose elements are stored one by one.
extension Condition {
  private static func names(_ count: Int) -> [[UInt8]] { (0..<count).map { B.string("m\($0)") } }

  static let collections: [Condition] =
    [
      Condition("a list of no elements", 1, [0]),
      Condition("a set of no members", 2, [0]),
      Condition("a sorted set of no members", 5, [0]),
      Condition("a sorted set of type 3 of no members", 3, [0]),
      Condition("a hash of no fields", 4, [0]),
      Condition("a set with a member twice", 2, [2] + B.string("a") + B.string("a")),
      Condition("a set with an integer twice", 2, [2, 0xC0, 5, 0xC0, 5]),
      Condition("a set with an integer twice and a text", 2, [3, 0xC0, 5] + B.string("a") + [0xC0, 5]),
      Condition("a set with a member as text and as integer", 2, [2, 0xC0, 5] + B.string("5")),
      Condition("a set with a member twice among 601", 2, B.length(601) + names(600).flatMap { $0 } + B.string("m5")),
      Condition("a hash with a field twice", 4, [2] + B.string("a") + B.string("1") + B.string("a") + B.string("2")),
      Condition(
        "a hash with a field twice among 601", 4,
        B.length(601) + (names(600) + [B.string("m5")]).flatMap { $0 + B.string("v") }),
      Condition("a sorted set with a member twice", 5, [2] + B.string("a") + B.double(1) + B.string("a") + B.double(2)),
      Condition(
        "a sorted set of type 3 with a member twice", 3,
        [2] + B.string("a") + B.string("1") + B.string("a") + B.string("2")),
      Condition(
        "a sorted set with a member twice among 601", 5,
        B.length(601) + (names(600) + [B.string("m5")]).flatMap { $0 + B.double(1) }),
      Condition("a score of NaN", 5, [1] + B.string("a") + B.double(.nan)),
      Condition("the mark of NaN as a score", 3, [1] + B.string("a") + [253]),
      Condition("the marks of the infinities as scores", 3, [2] + B.string("a") + [254] + B.string("b") + [255]),
      Condition("the text nan as a score", 3, [1] + B.string("a") + B.string("nan")),
      Condition("the text x as a score", 3, [1] + B.string("a") + B.string("x")),
      Condition("the text of no bytes as a score", 3, [1] + B.string("a") + [0]),
      Condition("scores in ascending order", 5, [2] + B.string("a") + B.double(1) + B.string("b") + B.double(2)),
      Condition("a score of -0", 5, [1] + B.string("a") + B.double(-0.0)),
    ]
    + ["1x", " 1", "1 ", "1,5", "1\0"].map { text in
      Condition(
        "the text \(text.debugDescription) as a score", 3, [1] + B.string("a") + B.string(text),
        because: text.contains(" ")
          ? "" : "It is not the text of a number. Servers take what strtod reads from its start.")
    }
    + ["0x10", "+1", "1e999"].map { text in
      Condition("the text \(text) as a score", 3, [1] + B.string("a") + B.string(text))
    }

  static let quicklists: [Condition] = [
    Condition("a quicklist of no nodes", 18, [0]),
    Condition("a quicklist of ziplists of no nodes", 14, [0]),
    Condition(
      "a quicklist of a node of no elements and one of one", 18,
      [2, 2] + B.string(listpack([])) + [2] + B.string(listpack(["a"]))),
    Condition(
      "a quicklist of a ziplist of no entries and one of one", 14,
      [2] + B.string(ziplist([])) + B.string(ziplist(["a"]))),
    Condition("a quicklist with a plain node", 18, [1, 1] + B.string("a")),
    Condition("a quicklist with a plain node of an integer", 18, [1, 1, 0xC0, 5]),
    Condition("a quicklist with a plain node of no bytes", 18, [1, 1, 0]),
    Condition("a quicklist with a container of 0", 18, [1, 0] + B.string(listpack(["a"]))),
    Condition("a quicklist with a container of 3", 18, [1, 3] + B.string(listpack(["a"]))),
    Condition("a quicklist with a container of 2 in 32 bits", 18, [1, 0x80, 0, 0, 0, 2] + B.string(listpack(["a"]))),
    Condition("a quicklist with a node that is no listpack", 18, [1, 2] + B.string("not a listpack")),
    Condition("a quicklist with a node that is no ziplist", 14, [1] + B.string("not a ziplist at all")),
    Condition("a quicklist of fewer nodes than its count", 18, [2, 1] + B.string("a")),
  ]
}
