public import RDB
public import RDBFormat

/// The result of checking a snapshot: intact or damaged, with counts up to the damage. The report of `rdb check`.
public struct SnapshotCheck: Hashable, Sendable, Codable {
  /// The version of the JSON format.
  package private(set) var format = 1
  /// Whether the snapshot has no damage and no duplicates.
  public internal(set) var isOK: Bool
  package internal(set) var header: Header?
  /// The number of keys up to the damage.
  public internal(set) var keys: UInt64
  package internal(set) var elements: UInt64
  package internal(set) var storedByteCount: UInt64
  /// The counts by data type, for types that occur.
  package internal(set) var types: [String: TypeCounts]
  /// The first damage in file order; `nil` if there is none.
  package var damage: Damage?
  /// The description of the first damage in file order, in one line; `nil` if there is none.
  public var damageMessage: String? { damage?.message }
  /// Oddities of the data that did not end the reading, by kind, in a fixed order.
  package internal(set) var findings: [FindingList]
  /// Legal but unusual properties of the file, in a fixed order.
  package internal(set) var warnings: [Warning]
  package internal(set) var checksum: ChecksumState?
  package internal(set) var tail: TailState?
  /// The size of the snapshot, in bytes, if it is intact.
  package internal(set) var byteCount: UInt64?
  /// The duplicate keys and members, if the check looked for them.
  package internal(set) var duplicates: Duplicates?

  enum CodingKeys: String, CodingKey {
    case format
    case isOK = "ok"
    case header, keys, elements
    case storedByteCount = "stored_bytes"
    case types, damage, findings, warnings, checksum, tail
    case byteCount = "byte_count"
    case duplicates
  }

  /// Whether the snapshot is also free of what some servers refuse, of all findings but notes, and nothing unknown follows
  /// it.
  package var isStrictlyOK: Bool { isOK && !findings.contains { $0.isRefusal } && tail?.isKnown ?? true }

  package struct Header: Hashable, Sendable, Codable {
    package var vendor: String
    package var version: Int
  }

  package struct TypeCounts: Hashable, Sendable, Codable {
    package var keys: UInt64
    package var elements: UInt64
    package var storedByteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case keys, elements
      case storedByteCount = "stored_bytes"
    }
  }

  /// The first damage in file order.
  package struct Damage: Hashable, Sendable, Codable {
    /// The name of the error code.
    package var code: String
    package var offset: Int
    /// The offset inside the packed or compressed value that begins at `offset`, in bytes.
    package var innerOffset: Int?
    package var database: UInt64?
    package var key: BinaryText?
    /// The name of the value type.
    package var valueType: String?
    package var expected: String
    package var found: String
    /// The description of the error, in one line.
    package var message: String

    package init(_ error: RDBError) {
      code = error.code.description
      offset = error.offset
      innerOffset = error.innerOffset
      database = error.database
      key = error.key.map { BinaryText($0) }
      valueType = error.valueType
      expected = error.expected
      found = error.found
      message = error.description
    }

    /// Changes the words of the library in `expected` and `message`.
    ///
    /// - Parameter reword: Returns the new text. It gets no bytes of the snapshot.
    package mutating func reword(_ reword: (String) -> String) {
      let words = expected
      expected = reword(words)
      guard words != expected, let range = message.ranges(of: words).last else { return }
      message.replaceSubrange(range, with: expected)
    }

    enum CodingKeys: String, CodingKey {
      case code, offset
      case innerOffset = "inner_offset"
      case database = "db"
      case key
      case valueType = "value_type"
      case expected, found, message
    }
  }

  /// A legal but unusual property of a file.
  package struct Warning: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
      /// An expiry before 1970.
      case negativeExpiry = "negative_expiry"
      /// A RESIZEDB hint with wrong numbers.
      case wrongHint = "wrong_hint"
      /// No checksum, or one that was not compared.
      case noChecksum = "no_checksum"
      /// Commands or a replication mark after the snapshot.
      case tail
    }
    package var kind: Kind
    package var count: UInt64
    /// A message for people.
    package var message: String
    /// The first ten keys concerned.
    package var keys: [LocatedKey]
  }

  /// A key and the offset of its record.
  package struct LocatedKey: CountedEntry {
    package static var limit: Int { 10 }
    package var offset: Int
    package var database: UInt64
    package var key: BinaryText

    enum CodingKeys: String, CodingKey {
      case offset
      case database = "db"
      case key
    }

    package func precedes(_ other: Self) -> Bool { offset < other.offset }
    package mutating func merge(_ other: Self) {}
  }
}

extension SnapshotCheck {
  /// Reads a snapshot and checks every nested structure.
  ///
  /// - Parameters:
  ///   - reader: A reader that has not read any keys.
  ///   - threads: The number of threads. The result does not depend on it.
  ///   - findsDuplicates: Whether to look for keys that a database has twice, and members that a key has twice. The
  ///     search takes at most 64 MiB of memory, and temporary files in `TMPDIR`.
  /// - Returns: The result. Damage is a result, not an error.
  /// - Throws: `RDBError` (`io`) if the operating system refuses to read.
  public static func run(
    _ reader: consuming RDBReader, threads: Int, findsDuplicates: Bool = false
  ) throws(RDBError) -> SnapshotCheck {
    let collector = try CheckCollector(threads: threads, findsDuplicates: findsDuplicates)
    var damage: RDBError?
    let listsModules = reader.options.parser.listsFunctionsAndModules
    do {
      _ = try reader.write(to: DiscardingDestination(), threads: threads) {
        CheckSink(collector, listsModules: listsModules, $0)
      }
    } catch {
      let error = RDBError.fromSink(error, at: 0)
      if error.systemError != nil || error.code == .io || error.code == .outputClosed { throw error }
      damage = error
    }
    return try collector.result(damage)
  }
}
