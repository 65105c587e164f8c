public import RDB
import RDBFormat

/// An AUX field, once for each value it has.
public struct CountedAuxField: CountedEntry {
  public static var limit: Int { 64 }
  /// Values are cut after so many bytes: `lua` fields are whole scripts.
  static let valueLimit = 256

  public var name: BinaryText
  public var value: BinaryText
  /// Bytes of the whole value.
  public var valueByteCount: Int
  public var count: UInt64 = 1

  init(name: BinaryText, value: RawSpan) {
    self.name = name
    self.value = BinaryText(value.extracting(first: Self.valueLimit))
    valueByteCount = value.byteCount
  }

  enum CodingKeys: String, CodingKey {
    case name, value, count
    case valueByteCount = "value_bytes"
  }

  /// The order in which servers write them.
  private static let known = [
    "redis-ver", "valkey-ver", "redis-bits", "ctime", "used-mem", "repl-stream-db", "repl-id",
    "repl-offset", "aof-preamble", "aof-base",
  ]

  private var rank: Int {
    Self.known.firstIndex { $0.utf8.elementsEqual(name.bytes) } ?? Self.known.count
  }

  public func precedes(_ other: Self) -> Bool {
    (rank, name, value, valueByteCount) < (other.rank, other.name, other.value, other.valueByteCount)
  }

  public mutating func merge(_ other: Self) { count += other.count }
}

/// A library of functions.
public struct LibraryInfo: CountedEntry {
  public static var limit: Int { 1000 }
  public var name: BinaryText
  /// `LUA`, where the source or the record says so.
  public var engine: BinaryText
  /// Bytes of source.
  public var codeByteCount: Int
  public var count: UInt64 = 1

  enum CodingKeys: String, CodingKey {
    case name, engine, count
    case codeByteCount = "code_bytes"
  }

  public func precedes(_ other: Self) -> Bool {
    (name, engine, codeByteCount) < (other.name, other.engine, other.codeByteCount)
  }
  public mutating func merge(_ other: Self) { count += other.count }
}

/// Function libraries of a snapshot.
public struct Functions: Hashable, Sendable, Codable {
  public var count: UInt64 = 0
  /// Those of Redis 7.0 release candidates, which only 7.0 loads.
  public var preGACount: UInt64 = 0
  public var libraries = SmallestEntries<LibraryInfo>()

  enum CodingKeys: String, CodingKey {
    case count
    case preGACount = "pre_ga_count"
    case libraries
  }

  mutating func add(_ library: borrowing FunctionLibrary) {
    count += 1
    var name = BinaryText(library.name)
    var engine = BinaryText(library.engine)
    if library.isPreGA {
      preGACount += 1
    } else {
      (engine, name) = Self.shebang(library.code)
    }
    libraries.add(
      LibraryInfo(name: name, engine: engine, codeByteCount: library.code.byteCount))
  }

  /// Reads `#!<engine> name=<name>`, a library's first line.
  private static func shebang(_ code: RawSpan) -> (engine: BinaryText, name: BinaryText) {
    let line = code.withUnsafeBytes { $0.prefix(1024).prefix { $0 != UInt8(ascii: "\n") } }
      .filter { $0 != UInt8(ascii: "\r") }
    guard line.starts(with: "#!".utf8) else { return (BinaryText([]), BinaryText([])) }
    let words = line.dropFirst(2).split(separator: UInt8(ascii: " "))
    let mark = "name=".utf8
    let name = words.first { $0.starts(with: mark) }?.dropFirst(mark.count) ?? []
    return (BinaryText(Array(words.first ?? [])), BinaryText(Array(name)))
  }

  mutating func merge(_ other: Self) {
    count += other.count
    preGACount += other.preGACount
    libraries.merge(other.libraries)
  }
}

/// A module that a server needs for this snapshot.
public struct ModuleNeed: CountedEntry {
  public static var limit: Int { 1000 }
  public var name: String
  /// The version of the module's own encoding.
  public var version: Int
  public var keys: UInt64
  /// Records of module data that belongs to no key.
  public var aux: UInt64

  init(_ module: ModuleID, keys: UInt64, aux: UInt64) {
    (name, version) = (module.name, module.version)
    (self.keys, self.aux) = (keys, aux)
  }

  public func precedes(_ other: Self) -> Bool { (name, version) < (other.name, other.version) }
  public mutating func merge(_ other: Self) {
    keys += other.keys
    aux += other.aux
  }
}

/// A range of hash slots being imported (Valkey ≥ 9).
public struct SlotImport: CountedEntry {
  public static var limit: Int { 1000 }
  public var job: BinaryText
  public var first: UInt64
  public var last: UInt64

  public func precedes(_ other: Self) -> Bool {
    (job, first, last) < (other.job, other.first, other.last)
  }
  public mutating func merge(_ other: Self) {}
}

/// Hints about hash slots, summed up; they may be wrong.
public struct SlotSummary: Hashable, Sendable, Codable {
  /// How many slots were announced, and their keys.
  public var count: UInt64 = 0
  public var keys: UInt64 = 0
  public var expiring: UInt64 = 0
  public var first: UInt64?
  public var last: UInt64?
  public var imports = SmallestEntries<SlotImport>()

  mutating func add(slot: UInt64, keys: UInt64, expiring: UInt64) {
    var one = SlotSummary()
    (one.count, one.keys, one.expiring) = (1, keys, expiring)
    (one.first, one.last) = (slot, slot)
    merge(one)
  }

  /// Adds the AUX field of Valkey ≥ 8: `slot,keys,expires[,keys with field expiries]`.
  mutating func add(aux value: RawSpan) {
    let text = value.withUnsafeBytes { String(decoding: $0.prefix(128), as: UTF8.self) }
    let numbers = text.split(separator: ",").map { UInt64($0) }
    guard numbers.count >= 3, let slot = numbers[0], let keys = numbers[1], let expiring = numbers[2]
    else { return }
    add(slot: slot, keys: keys, expiring: expiring)
  }

  mutating func merge(_ other: Self) {
    count += other.count
    keys = sum(keys, other.keys) ?? 0
    expiring = sum(expiring, other.expiring) ?? 0
    first = [first, other.first].compactMap { $0 }.min()
    last = [last, other.last].compactMap { $0 }.max()
    imports.merge(other.imports)
  }
}

/// What is known of the checksum.
public struct ChecksumState: Hashable, Sendable, Codable {
  /// `verified`, `disabled` (the file stores zero), `absent` (versions before 5) or `ignored`.
  public var state: String
  /// The checksum, hexadecimal, where it was verified.
  public var value: String?

  public init(_ checksum: SnapshotEnd.Checksum) {
    switch checksum {
    case .verified(let number):
      state = "verified"
      let digits = String(number, radix: 16)
      value = String(repeating: "0", count: 16 - digits.count) + digits
    case .disabled: state = "disabled"
    case .absent: state = "absent"
    case .ignored: state = "ignored"
    }
  }
}

/// What follows the snapshot in the same input.
public struct TailState: Hashable, Sendable, Codable {
  /// `nothing`, `append_only_commands` or `replication_mark`.
  public var kind: String
  /// Of commands: their bytes.
  public var byteCount: UInt64?

  public init(_ tail: SnapshotEnd.Tail) {
    switch tail {
    case .nothing: kind = "nothing"
    case .appendOnlyCommands(let count): (kind, byteCount) = ("append_only_commands", count)
    case .replicationMark: kind = "replication_mark"
    }
  }

  enum CodingKeys: String, CodingKey {
    case kind
    case byteCount = "byte_count"
  }
}
