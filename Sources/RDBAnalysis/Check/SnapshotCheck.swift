public import RDB
public import RDBFormat

/// What `rdb check` says of a snapshot: whole or damaged, and what was counted up to there.
public struct SnapshotCheck: Hashable, Sendable, Codable {
  /// The version of this report's form.
  public private(set) var format = 1
  /// Whether nothing is damaged, and nothing stands twice that may not.
  public internal(set) var isOK: Bool
  public internal(set) var header: Header?
  /// Keys, elements and bytes of values, up to the damage.
  public internal(set) var keys: UInt64
  public internal(set) var elements: UInt64
  public internal(set) var storedByteCount: UInt64
  /// The same by type; only types that occur.
  public internal(set) var types: [String: TypeCounts]
  public internal(set) var damage: Damage?
  /// Legal, but worth a look; in a fixed order.
  public internal(set) var warnings: [Warning]
  public internal(set) var checksum: ChecksumState?
  public internal(set) var tail: TailState?
  /// Bytes of the snapshot itself, if it is whole.
  public internal(set) var byteCount: UInt64?
  /// What stands twice; only where that was asked for.
  public internal(set) var duplicates: Duplicates?

  enum CodingKeys: String, CodingKey {
    case format
    case isOK = "ok"
    case header, keys, elements
    case storedByteCount = "stored_bytes"
    case types, damage, warnings, checksum, tail
    case byteCount = "byte_count"
    case duplicates
  }

  public struct Header: Hashable, Sendable, Codable {
    public var vendor: String
    public var version: Int
  }

  public struct TypeCounts: Hashable, Sendable, Codable {
    public var keys: UInt64
    public var elements: UInt64
    public var storedByteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case keys, elements
      case storedByteCount = "stored_bytes"
    }
  }

  /// The first damage in file order.
  public struct Damage: Hashable, Sendable, Codable {
    /// ``RDBError/Code``.
    public var code: String
    public var offset: Int
    /// The index inside the packed or compressed value that begins at `offset`.
    public var innerOffset: Int?
    public var database: UInt64?
    public var key: BinaryText?
    /// ``ValueType/name``.
    public var valueType: String?
    public var expected: String
    public var found: String
    /// All of it in one line, as on the terminal.
    public var message: String

    public init(_ error: RDBError) {
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

    enum CodingKeys: String, CodingKey {
      case code, offset
      case innerOffset = "inner_offset"
      case database = "db"
      case key
      case valueType = "value_type"
      case expected, found, message
    }
  }

  /// Something legal that servers do not write, or that says less than one might think.
  public struct Warning: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
      /// An expiry before 1970.
      case negativeExpiry = "negative_expiry"
      /// RESIZEDB announced other numbers than there are.
      case wrongHint = "wrong_hint"
      /// Nothing protects the file against change: it has no checksum, or it was not looked at.
      case noChecksum = "no_checksum"
      /// Commands or a mark follow the snapshot.
      case tail
    }
    public var kind: Kind
    public var count: UInt64
    /// A sentence.
    public var message: String
    /// The first of them, up to ten.
    public var keys: [KeyPlace]
  }

  /// A key and where its record begins.
  public struct KeyPlace: CountedEntry {
    public static var limit: Int { 10 }
    public var offset: Int
    public var database: UInt64
    public var key: BinaryText

    enum CodingKeys: String, CodingKey {
      case offset
      case database = "db"
      case key
    }

    public func precedes(_ other: Self) -> Bool { offset < other.offset }
    public mutating func merge(_ other: Self) {}
  }
}

extension SnapshotCheck {
  /// Reads a snapshot and checks every nested structure in it.
  ///
  /// - Parameters:
  ///   - reader: Not begun.
  ///   - threads: Workers; the result is the same for any number.
  ///   - findsDuplicates: Look for keys that stand twice in a database, and members twice in a key, by
  ///     way of temporary files in `TMPDIR`. Memory: at most 64 MiB more.
  /// - Throws: ``RDBError``, but only what the operating system refused: damage is a result.
  public static func run(
    _ reader: consuming RDBReader, threads: Int, findsDuplicates: Bool = false
  ) throws(RDBError) -> SnapshotCheck {
    let collector = try CheckCollector(threads: threads, findsDuplicates: findsDuplicates)
    var damage: RDBError?
    do {
      _ = try reader.write(to: DiscardingDestination(), threads: threads) { CheckSink(collector, $0) }
    } catch {
      let error = RDBError.fromSink(error, at: 0)
      if error.systemError != nil || error.code == .io || error.code == .outputClosed { throw error }
      damage = error
    }
    return try collector.result(damage)
  }
}
