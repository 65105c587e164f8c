import TestSupport

private typealias B = RDBBytes

extension Condition {
  /// A type that is stored as one listpack, and how.
  private struct Holder {
    let name: String
    let type: UInt8
    var prefix: [UInt8] = []
    var good: [B.Entry] = ["a", 1]

    func callAsFunction(
      _ what: String, _ entries: [B.Entry]? = nil, count: UInt16? = nil, total: Int? = nil, body: [UInt8]? = nil,
      end: UInt8 = 0xFF, because reason: String = ""
    ) -> Condition {
      let blob = listpack(entries ?? good, count: count, total: total, body: body, end: end)
      return blobbed(what, blob, because: reason)
    }

    func blobbed(_ what: String, _ blob: [UInt8], because reason: String = "") -> Condition {
      Condition("the listpack of a \(name) \(what)", type, prefix + B.string(blob), because: reason)
    }
  }

  private static let holders = [
    Holder(name: "hash", type: 16), Holder(name: "list", type: 18, prefix: [1, 2], good: ["a", "b"]),
    Holder(name: "sorted set", type: 17), Holder(name: "set", type: 20),
  ]

  static let listpacks: [Condition] =
    holders.flatMap { holder in
      let good = Array(listpack(holder.good).dropFirst(6).dropLast())
      let first: [UInt8] = [0x81, 97, 2]
      return [
        holder("with a total above its size", total: 50),
        holder("with a total below its size", total: good.count + 6),
        holder("of fewer elements than its count", count: 4),
        holder("of more elements than its count", holder.good + ["c", 2], count: 2),
        holder("without a count", count: .max),
        holder("without a terminator", end: 0xFE),
        holder("with an unknown entry encoding", ["a", .raw([0xF5])]),
        holder("with a wrong backlen", body: first.dropLast() + [3, 1, 1]),
        holder("with a backlen of 0", body: first + [1, 0]),
        holder("with a string beyond its end", body: first + [0xBF, 97, 98, 3]),
        holder("with an integer beyond its end", body: first + [0xF4, 0, 0]),
        holder("with a string of 2^31-1 bytes", body: first + [0xF0, 0xFF, 0xFF, 0xFF, 0x7F, 97, 98]),
        holder("with a terminator in its middle", body: good + [0xFF] + good),
        holder("of no elements", []),
        holder.blobbed("of six bytes", [6, 0, 0, 0, 0, 0xFF]),
        holder.blobbed("of no bytes", []),
        holder("with a small integer in 64 bits", [.raw([0xF4] + B.little(Int64(5))), "7"]),
        holder("with a 32-bit length of a short string", [.raw([0xF0, 1, 0, 0, 0, 97]), 1]),
        holder("with a 12-bit length of a short string", [.raw([0xE0, 1, 97]), 1]),
      ]
    } + backlens + pairs

  /// A string of 202 bytes with its header, without its backlen.
  private static let long: [UInt8] = [0xE0, 200] + [UInt8](repeating: 120, count: 200)

  private static let backlens: [Condition] = [
    ("a two-byte backlen without its mark", [1, 74]), ("a two-byte backlen of another size", [1, 75 | 128]),
    ("a backlen of more bytes than needed", [0, 1 | 128, 74 | 128]),
  ].map { name, backlen in
    Condition(name, 16, B.string(listpack(["a", "b"], body: [0x81, 97, 2] + long + backlen)))
  }

  private static let pairs: [Condition] = [
    Condition("a listpack with a field without a value", 16, B.string(listpack(["a", 1, "b"]))),
    Condition("a listpack with a member without a score", 17, B.string(listpack(["a", 1, "b"]))),
    Condition("a listpack with a member of a set twice", 20, B.string(listpack(["a", "b", "a"]))),
    Condition("a listpack with a member of a set as text and as integer", 20, B.string(listpack(["5", 5]))),
    Condition("a listpack with a field twice", 16, B.string(listpack(["a", 1, "a", 2]))),
    Condition("a listpack with a field as text and as integer", 16, B.string(listpack(["5", 1, 5, 2]))),
    Condition("a listpack with a member of a sorted set twice", 17, B.string(listpack(["a", 1, "a", 2]))),
    Condition("a listpack with scores out of order", 17, B.string(listpack(["a", 2, "b", 1]))),
    Condition("a listpack with members of one score out of order", 17, B.string(listpack(["b", 1, "a", 1]))),
  ]

  static let scoreTexts: [Condition] =
    ["1", "0x10", "+1", "inf", "1e999", "1e-999", "1.50", "Infinity", ".5", "5."].map { text in
      Condition("the text \(text) as a score in a listpack", 17, B.string(listpack(["a", .text(Array(text.utf8))])))
    }
    + [
      ("x", "x"), ("-", "-"), ("of no bytes", ""), ("1x", "1x"), ("1 after a space", " 1"),
      ("1 before a zero byte", "1\0"),
    ].map { name, text in
      Condition(
        "the text \(name) as a score in a listpack", 17, B.string(listpack(["a", .text(Array(text.utf8))])),
        because: text == " 1"
          ? "" : "It is not the text of a number. Servers take what strtod reads from its start, or 0.")
    }
    + [
      Condition("the text nan as a score in a listpack", 17, B.string(listpack(["a", "nan"]))),
      Condition(
        "a score of 200 digits in a listpack", 17,
        B.string(
          listpack(["a", .raw([0xE0, 200] + [UInt8](repeating: 49, count: 200))]))),
    ]
}
