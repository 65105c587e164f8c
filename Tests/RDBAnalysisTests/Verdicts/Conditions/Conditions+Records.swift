import TestSupport

private typealias B = RDBBytes

/// Records that are not keys, and what belongs to a key beside its value.
extension Condition {
  /// `ReJSON-RL`, which no server of the tests has.
  private static let module = B.length(0x45E2_5238_DF91_2C03)
  private static let absent = "The servers of the tests do not have the module."

  static let modules: [Condition] = [
    Condition("a value of a module that is not there", 7, module + [2, 1, 0], because: absent),
    Condition("a module item of 6", 7, module + [6]),
    Condition("a value of a module that is cut", 7, module + [5, 50]),
    Condition("a module value of type 6", 6, module + [120]),
    Condition("data of a module that is not there", records: [0xF7] + module + [2, 1, 2, 5, 0], because: absent),
    Condition("data of a module whose second number is not 2", records: [0xF7] + module + [3, 1, 0]),
    Condition("data of a module with an item of 9", records: [0xF7] + module + [2, 1, 9, 0]),
  ]

  private static let library = B.string("#!lua name=l\nredis.register_function(\"f\", function(k, a) return 1 end)")
  private static let newer = "The servers of the tests are older than the opcode."
  private static let lua = "A function library is code: it is not validated here, but listed."

  static let opcodes: [Condition] = [
    Condition("a byte 34 instead of an opcode", records: [34]),
    Condition("a value type of 8", records: [8] + B.string("x") + B.string("y")),
    Condition("an opcode of 200", records: [200]),
    Condition("database 15", records: [0xFE, 15]),
    Condition(
      "database 16", records: [0xFE, 16],
      because: "A server has as many databases as its configuration says, 16 by default."),
    Condition(
      "database 2^31", records: [0xFE] + B.length(1 << 31), because: "As database 16; no server can have as many."),
    Condition(
      "database 2^64-1", records: [0xFE] + B.length(.max), because: "As database 16; no server can have as many."),
    Condition("a database with the mark of an encoded string", records: [0xFE, 0xC0, 1]),
    Condition("a database twice", records: [0xFE, 0, 0xFE, 1]),
    Condition("wrong hints of the number of keys", records: [0xFE, 0, 0xFB] + B.length(99) + B.length(50)),
    Condition(
      "a hint of 2^40 keys", records: [0xFE, 0, 0xFB] + B.length(1 << 40) + [0],
      because: "A hint has no meaning for the data. Valkey reserves memory for as many keys, and ends."),
    Condition(
      "a hint of 2^64-1 keys", records: [0xFE, 0, 0xFB] + B.length(.max) + [0],
      because: "A hint has no meaning for the data. Servers use the number as their mark of an error."),
    Condition("an unknown AUX field", records: [0xFA] + B.string("nobody-knows") + B.string("x")),
    Condition("an AUX field redis-bits that is no number", records: [0xFA] + B.string("redis-bits") + B.string("x")),
    Condition("an AUX field lua of a broken script", records: [0xFA] + B.string("lua") + B.string("return (((")),
    Condition(
      "an AUX field slot-info that is no number", records: [0xFA] + B.string("slot-info") + B.string("x"),
      because: "A hint has no meaning for the data. Valkey ends at one that it cannot read."),
    Condition("a function library", records: [0xF5] + library),
    Condition(
      "a function library of a broken first line", records: [0xF5] + B.string("not a library"), because: lua),
    Condition("a function library with a syntax error", records: [0xF5] + B.string("#!lua name=l\n((("), because: lua),
    Condition("a function library twice", records: [0xF5] + library + [0xF5] + library),
    Condition(
      "a function library of 7.0 release candidates",
      records: [0xF6] + B.string("l") + B.string("lua") + [0]
        + B.string("redis.register_function('f', function(k, a) return 1 end)"),
      because: "Redis 7.0 loads it."),
    Condition(
      "a slot hint", records: [0xF4, 5, 1, 0], "REDIS0012",
      because: "Redis 8.2 loads it; the others do not read version 12."),
    Condition("key metadata with an item of 9", records: [0xF3, 1, 1, 1, 0, 0, 9, 0], "REDIS0013"),
    Condition("key metadata of no classes", records: [0xF3, 0], "REDIS0013", because: newer),
    Condition("a hash template", records: [0xF2, 1, 1] + B.string("f"), "REDIS0015", because: newer),
    Condition("a hash template of no fields", records: [0xF2, 1, 0], "REDIS0015"),
    Condition(
      "a hash template of fields out of order", records: [0xF2, 1, 2] + B.string("g") + B.string("f"), "REDIS0015"),
    Condition(
      "slots that Valkey imports, 5 to 1", records: [0xF3] + B.string(String(repeating: "j", count: 40)) + [1, 5, 1],
      "VALKEY080"),
    Condition(
      "slot 16384 that Valkey imports",
      records: [0xF3] + B.string(String(repeating: "j", count: 40)) + [1, 5] + B.length(16384), "VALKEY080"),
    Condition(
      "16385 ranges of slots that Valkey imports",
      records: [0xF3] + B.string(String(repeating: "j", count: 40)) + B.length(16385), "VALKEY080"),
    Condition(
      "a command of a Valkey 9.2 forkless save", records: [0xF2] + Array("*1\r\n$4\r\nPING\r\n".utf8), "VALKEY081"),
    Condition("a key twice", records: [], then: B.key(0, B.string("w"))),
    Condition("a key in two databases", records: [], then: [0xFE, 1] + B.key(0, B.string("w"))),
  ]

  static let attributes: [Condition] =
    [("-5", -5), ("-1", -1), ("0", 0), ("2^63-1", Int64.max), ("-2^63", Int64.min)].map { name, time in
      Condition("an expiry of \(name) ms", records: [0xFC] + B.little(time))
    } + [
      Condition("an expiry of -1 s", records: [0xFD, 0xFF, 0xFF, 0xFF, 0xFF]),
      Condition("two expiries of a key", records: [0xFC] + B.little(Int64(9)) + [0xFC] + B.little(Int64.max)),
      Condition(
        "an AUX field between an expiry and its key",
        records: [0xFC] + B.little(Int64.max) + [0xFA] + B.string("x") + B.string("y")),
      Condition("a database between an expiry and its key", records: [0xFC] + B.little(Int64.max) + [0xFE, 1]),
      Condition("an LFU counter of 255", records: [0xF9, 255]),
      Condition("an idle time of 2^40 s", records: [0xF8] + B.length(1 << 40)),
      Condition(
        "an idle time of 2^64-1 s", records: [0xF8] + B.length(.max),
        because: "The number has no meaning for the data. Servers use it as their mark of an error."),
      Condition("an idle time and an LFU counter", records: [0xF8, 5, 0xF9, 5]),
    ]
    + [("an expiry", [0xFC] + B.little(Int64.max)), ("an LFU counter", [0xF9, 5]), ("an idle time", [0xF8, 5])].map {
      name, bytes in
      Condition(
        "\(name) without a key", records: [], then: bytes,
        because: "Servers leave it out, and so does this package.")
    }

  static let newerTypes: [Condition] = {
    func array(_ name: String, _ bytes: [UInt8]) -> Condition {
      Condition("an array \(name)", file: crafted(B.key(28, bytes), "REDIS0014"))
    }
    func template(_ name: String, _ bytes: [UInt8], because reason: String = "") -> Condition {
      Condition("a hash \(name)", file: crafted(bytes, "REDIS0015"), because: reason)
    }
    let names = B.string(listpack(["a", "b"]))
    return [
      Condition(
        "a stream of type 26",
        file: crafted(
          B.key(26, [1] + CraftedStream.node() + CraftedStream.tail() + B.length(100) + B.length(100) + [0, 0, 0]),
          "REDIS0013"),
        because: newer),
      Condition("an array", file: crafted(B.key(28, [1, 0, 0, 0] + B.string("x")), "REDIS0014"), because: newer),
      array("of no elements", [0, 0]),
      array("with a cursor mark of 2", [1, 2, 0, 0] + B.string("x")),
      array("with an index of 2^64-1", [1, 0] + B.length(.max) + [0] + B.string("x")),
      array("with indexes out of order", [2, 0, 5, 0] + B.string("x") + [4, 0] + B.string("x")),
      array("with a tag of 4", [1, 0, 0, 4] + B.string("x")),
      array("with a number that is infinite", [1, 0, 0, 2] + B.double(.infinity)),
      template("with its template", B.key(29, [0] + names + B.string(listpack([0, 1, 2]))), because: newer),
      template("of a template that is not there", B.key(30, B.string(listpack([5, 1])))),
      template("with field names of form 2", B.key(29, [2] + names + B.string(listpack([0, 1, 2])))),
      template("with a template ID that is text", B.key(29, [0] + names + B.string(listpack(["x", 1, 2])))),
      template("of fewer values than field names", B.key(29, [0] + names + B.string(listpack([0, 1])))),
      template("of more values than field names", B.key(29, [0] + names + B.string(listpack([0, 1, 2, 3])))),
      template(
        "with field names out of order",
        B.key(29, [0] + B.string(listpack(["b", "a"])) + B.string(listpack([0, 1, 2])))),
      Condition(
        "a type newer than the header", file: crafted(B.key(21, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "REDIS0009"),
        because: "Redis 7.0 does not have type 21."),
    ]
  }()

  private static let versions = "A server reads versions up to its own; this package reads all."

  static let headers: [Condition] = [
    Condition("a file of no bytes", file: []),
    Condition("a file of eight bytes", file: Array("REDIS001".utf8)),
    Condition("another magic", file: crafted(simpleKey, "RADIS0010")),
    Condition("the magic in lower case", file: crafted(simpleKey, "redis0010")),
    Condition("a version that is no number", file: crafted(simpleKey, "REDIS00x1")),
    Condition("a version with spaces", file: crafted(simpleKey, "REDIS  10")),
    Condition("version 0", file: crafted(simpleKey, "REDIS0000")),
    Condition("version 1", file: Array("REDIS0001".utf8) + simpleKey + [0xFF]),
    Condition("version 16", file: crafted(simpleKey, "REDIS0016")),
    Condition("version 79", file: crafted(simpleKey, "REDIS0079")),
    Condition("version 80 of Redis", file: crafted(simpleKey, "REDIS0080")),
    Condition("version 79 of Valkey", file: crafted(simpleKey, "VALKEY079")),
    Condition("version 82 of Valkey", file: crafted(simpleKey, "VALKEY082")),
    Condition("version 11", file: crafted(simpleKey, "REDIS0011"), because: versions),
    Condition("version 12", file: crafted(simpleKey, "REDIS0012"), because: versions),
    Condition("version 13", file: crafted(simpleKey, "REDIS0013"), because: versions),
    Condition("version 80 of Valkey", file: crafted(simpleKey, "VALKEY080"), because: versions),
    Condition("version 81 of Valkey", file: crafted(simpleKey, "VALKEY081"), because: versions),
  ]

  private static let whole = crafted(simpleKey)

  static let trailers: [Condition] =
    [
      Condition("a checksum of 0", file: whole.dropLast(8) + [UInt8](repeating: 0, count: 8)),
      Condition("a wrong checksum", file: whole.dropLast() + [whole.last! ^ 1]),
      Condition("no checksum", file: whole.dropLast(8)),
      Condition("a checksum of four bytes", file: whole.dropLast(4)),
      Condition("no end", file: whole.dropLast(9)),
      Condition("no records", file: crafted([])),
    ]
    + [
      ("a newline", [10]), ("zeros", [UInt8](repeating: 0, count: 100)), ("text", Array("some text of a person".utf8)),
      ("another snapshot", whole), ("commands", Array("*1\r\n$4\r\nPING\r\n".utf8)),
      ("the mark of a replication stream", [UInt8](repeating: 97, count: 40)),
    ].map { name, bytes in
      Condition(
        "\(name) after the snapshot", file: whole + bytes,
        because: "Servers stop at the end of the snapshot.")
    }
    + [("a newline", [10]), ("$ and a length", Array("$\(whole.count)\r\n".utf8))].map { name, bytes in
      Condition(
        "\(name) before the snapshot", file: bytes + whole,
        because: "It is of the connection from which the file was taken.")
    }
}
