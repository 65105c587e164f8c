import RDB
import RDBFormat

/// An AUX field with one value.
package struct CountedAuxField: CountedEntry {
  package static var limit: Int { 64 }
  /// The largest number of kept bytes of a value. Fields named `lua` have whole scripts.
  static let valueLimit = 256

  package var name: BinaryText
  package var value: BinaryText
  /// The size of the uncut value, in bytes.
  package var valueByteCount: Int
  package var count: UInt64 = 1

  init(name: BinaryText, value: RawSpan) {
    self.name = name
    self.value = BinaryText(value.extracting(first: Self.valueLimit))
    valueByteCount = value.byteCount
  }

  enum CodingKeys: String, CodingKey {
    case name, value, count
    case valueByteCount = "value_bytes"
  }

  /// The known names in the order in which servers write them.
  private static let known = [
    "redis-ver", "valkey-ver", "redis-bits", "ctime", "used-mem", "repl-stream-db", "repl-id",
    "repl-offset", "aof-preamble", "aof-base",
  ]

  private var rank: Int {
    Self.known.firstIndex { $0.utf8.elementsEqual(name.bytes) } ?? Self.known.count
  }

  package func precedes(_ other: Self) -> Bool {
    (rank, name, value, valueByteCount) < (other.rank, other.name, other.value, other.valueByteCount)
  }

  package mutating func merge(_ other: Self) { count += other.count }
}

/// A cron job of KeyDB.
package struct CronJobInfo: CountedEntry {
  package static var limit: Int { 1000 }
  package var name: BinaryText
  /// The time of the first run, in milliseconds since 1970.
  package var startMilliseconds: Int64
  /// The time between two runs, in milliseconds.
  package var intervalMilliseconds: Int64
  package var keys: Int
  package var arguments: Int
  /// The size of the script, in bytes.
  package var scriptByteCount: Int

  init(_ job: CronJob) {
    name = BinaryText(job.name)
    (startMilliseconds, intervalMilliseconds) = (job.start, job.interval)
    (keys, arguments, scriptByteCount) = (job.keys.count, job.arguments.count, job.script.count)
  }

  enum CodingKeys: String, CodingKey {
    case name, keys, arguments
    case startMilliseconds = "start_ms"
    case intervalMilliseconds = "interval_ms"
    case scriptByteCount = "script_bytes"
  }

  package func precedes(_ other: Self) -> Bool {
    (name, startMilliseconds, scriptByteCount) < (other.name, other.startMilliseconds, other.scriptByteCount)
  }
  package mutating func merge(_ other: Self) {}
}

/// A function library.
package struct LibraryInfo: CountedEntry {
  package static var limit: Int { 1000 }
  package var name: BinaryText
  /// The engine, such as `LUA`; empty if unknown.
  package var engine: BinaryText
  /// The size of the source, in bytes.
  package var codeByteCount: Int
  package var count: UInt64 = 1

  enum CodingKeys: String, CodingKey {
    case name, engine, count
    case codeByteCount = "code_bytes"
  }

  package func precedes(_ other: Self) -> Bool {
    (name, engine, codeByteCount) < (other.name, other.engine, other.codeByteCount)
  }
  package mutating func merge(_ other: Self) { count += other.count }
}

/// The function libraries of a snapshot.
package struct Functions: Hashable, Sendable, Codable {
  package var count: UInt64 = 0
  /// The number of libraries in the form of Redis 7.0 release candidates, which only 7.0 loads.
  package var preGACount: UInt64 = 0
  package var libraries = SmallestEntries<LibraryInfo>()

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

  /// Parses the first line of a library: `#!<engine> name=<name>`.
  private static func shebang(_ code: RawSpan) -> (engine: BinaryText, name: BinaryText) {
    let line = [UInt8](code.extracting(first: 1024)).prefix { $0 != UInt8(ascii: "\n") }
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

/// A module that a server needs to load the snapshot.
package struct ModuleNeed: CountedEntry {
  package static var limit: Int { 1000 }
  package var name: String
  /// The version of the module's encoding.
  package var version: Int
  package var keys: UInt64
  /// The number of module AUX records.
  package var aux: UInt64

  init(_ module: ModuleID, keys: UInt64, aux: UInt64) {
    (name, version) = (module.name, module.version)
    (self.keys, self.aux) = (keys, aux)
  }

  package func precedes(_ other: Self) -> Bool { (name, version) < (other.name, other.version) }
  package mutating func merge(_ other: Self) {
    keys += other.keys
    aux += other.aux
  }
}

/// A range of hash slots that is being imported (Valkey ≥ 9).
package struct SlotImport: CountedEntry {
  package static var limit: Int { 1000 }
  package var job: BinaryText
  package var first: UInt64
  package var last: UInt64

  package func precedes(_ other: Self) -> Bool {
    (job, first, last) < (other.job, other.first, other.last)
  }
  package mutating func merge(_ other: Self) {}
}

/// The sums over the hints on hash slots, which may be wrong.
package struct SlotHints: Hashable, Sendable, Codable {
  /// The number of slots with a hint.
  package var count: UInt64 = 0
  package var keys: UInt64 = 0
  package var expiring: UInt64 = 0
  package var first: UInt64?
  package var last: UInt64?
  package var imports = SmallestEntries<SlotImport>()

  mutating func add(slot: UInt64, keys: UInt64, expiring: UInt64) {
    var one = SlotHints()
    (one.count, one.keys, one.expiring) = (1, keys, expiring)
    (one.first, one.last) = (slot, slot)
    merge(one)
  }

  /// Adds the AUX field of Valkey ≥ 8: `slot,keys,expires[,keys with field expiries]`.
  mutating func add(aux value: RawSpan) {
    let text = String(decoding: [UInt8](value.extracting(first: 128)), as: UTF8.self)
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

/// The state of the checksum.
package struct ChecksumState: Hashable, Sendable, Codable {
  /// `verified`, `disabled` (the file stores zero), `absent` (versions before 5) or `ignored`.
  package var state: String
  /// The verified checksum, in hexadecimal.
  package var value: String?

  package init(_ checksum: SnapshotEnd.Checksum) {
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
