/// A server that writes files of Redis with codes or AUX fields of its own.
///
/// The names, the evidence and the codes are tables: a new code is a row in ``codes``.
@usableFromInline package enum Dialect: String, Hashable, Sendable, CaseIterable {
  case redisEnterprise = "Redis Enterprise"
  case keyDB = "KeyDB"
  case dragonfly = "Dragonfly"

  /// An AUX field that only this server writes.
  struct Evidence: Sendable {
    let dialect: Dialect
    /// The name of the AUX field.
    let name: StaticString
    /// The first bytes of the field's value; empty: any value.
    var valuePrefix: StaticString = ""
  }

  /// The AUX fields that tell who wrote a file.
  ///
  /// KeyDB writes `mvcc-tstamp` only with active replication. Redis has no releases 5.1 to 5.3 and no 6.3.
  static let evidence: [Evidence] = [
    Evidence(dialect: .dragonfly, name: "df-ver"),
    Evidence(dialect: .keyDB, name: "mvcc-tstamp"),
    Evidence(dialect: .keyDB, name: "keydb-subexpire-key"),
    Evidence(dialect: .keyDB, name: "keydb-subexpire-when"),
    Evidence(dialect: .keyDB, name: "repl-masters"),
    Evidence(dialect: .keyDB, name: "redis-ver", valuePrefix: "6.3."),
    Evidence(dialect: .keyDB, name: "redis-ver", valuePrefix: "5.1."),
    Evidence(dialect: .keyDB, name: "redis-ver", valuePrefix: "5.2."),
    Evidence(dialect: .keyDB, name: "redis-ver", valuePrefix: "5.3."),
  ]

  /// Returns the server that an AUX field proves; `nil`: any server may have written it.
  @usableFromInline package static func evident(in name: RawSpan, _ value: RawSpan) -> Dialect? {
    evidence.first { row in
      name.byteCount == row.name.utf8CodeUnitCount && begins(name, with: row.name)
        && begins(value, with: row.valuePrefix)
    }?.dialect
  }

  private static func begins(_ bytes: RawSpan, with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.byteCount >= count else { return false }
    return bytes.extracting(first: count).withUnsafeBytes { bytes in
      bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count)) { $0 | 0x20 == $1 | 0x20 }
    }
  }
}

/// A code that only one dialect has, or that it uses for something of its own.
@usableFromInline package struct DialectCode: Sendable {
  /// The bytes after the code: of a value type, those after the key's name.
  @usableFromInline package enum Payload: Sendable, Equatable {
    /// Not described anywhere: a reader cannot step over it.
    case unknown
    /// This many bytes.
    case bytes(Int)
    /// One length.
    case length
    /// A length, then a string.
    case lengthAndString
    /// One string.
    case string
    /// A count, then this many strings per element.
    case strings(perElement: UInt64)
    /// Flags of the next key, 4 bytes; 4 more if bit 1 is set.
    case keyMask
    /// A script, its start and interval in milliseconds, and two lists of strings.
    case cronJob
  }

  /// The result of reading the code.
  @usableFromInline package enum Treatment: Sendable {
    /// The payload is stepped over: it holds no data of keys.
    case ignored
    /// The payload is read.
    case read
    /// The code is refused by name, or stepped over and counted as lost if the caller wants that.
    case refused
  }

  @usableFromInline package let dialect: Dialect
  @usableFromInline package let code: UInt8
  /// Whether the code is a value type, so that a key's name follows it.
  @usableFromInline package let isType: Bool
  /// The meaning, as a noun phrase.
  @usableFromInline package let meaning: StaticString
  @usableFromInline package let payload: Payload
  @usableFromInline package let treatment: Treatment
  /// Whether Redis or another dialect uses the number too, so that only evidence can tell.
  @usableFromInline package let isShared: Bool

  private init(
    _ dialect: Dialect, opcode code: UInt8, _ meaning: StaticString, _ payload: Payload, _ treatment: Treatment
  ) {
    (self.dialect, self.code, self.meaning, self.payload, self.treatment) = (dialect, code, meaning, payload, treatment)
    (isType, isShared) = (false, false)
  }

  private init(
    _ dialect: Dialect, type code: UInt8, _ meaning: StaticString, _ payload: Payload,
    _ treatment: Treatment = .refused, isShared: Bool
  ) {
    (self.dialect, self.code, self.meaning, self.payload, self.treatment) = (dialect, code, meaning, payload, treatment)
    (isType, self.isShared) = (true, isShared)
  }

  /// The table of codes.
  ///
  /// Sources: the parser library of Redis (Redis Enterprise); `rdb.cpp` of KeyDB; `rdb_extensions.h` of Dragonfly.
  @usableFromInline package static let all: [DialectCode] = [
    DialectCode(.redisEnterprise, opcode: 101, "GCAS", .unknown, .refused),
    DialectCode(.redisEnterprise, opcode: 102, "GFLAGS", .unknown, .refused),
    DialectCode(.redisEnterprise, opcode: 107, "the access time of a key", .length, .ignored),
    DialectCode(.redisEnterprise, opcode: 121, "the hash slot of a key", .length, .ignored),
    DialectCode(.keyDB, type: 64, "a cron job", .cronJob, .read, isShared: false),
    DialectCode(.dragonfly, type: 20, "a JSON document", .string, isShared: true),
    DialectCode(.dragonfly, type: 30, "a JSON document", .string, isShared: true),
    DialectCode(.dragonfly, type: 31, "a hash with field expiries", .strings(perElement: 3), isShared: true),
    DialectCode(.dragonfly, type: 32, "a set with member expiries", .strings(perElement: 2), isShared: true),
    DialectCode(.dragonfly, type: 33, "a Bloom filter", .unknown, isShared: true),
    DialectCode(.dragonfly, opcode: 200, "the end of a full synchronisation", .bytes(8), .refused),
    DialectCode(.dragonfly, opcode: 201, "records compressed with zstd", .string, .refused),
    DialectCode(.dragonfly, opcode: 202, "records compressed with LZ4", .string, .refused),
    DialectCode(.dragonfly, opcode: 203, "the end of compressed records", .bytes(0), .refused),
    DialectCode(.dragonfly, opcode: 210, "entries of a journal", .lengthAndString, .refused),
    DialectCode(.dragonfly, opcode: 211, "an offset in a journal", .bytes(8), .refused),
    DialectCode(.dragonfly, opcode: 220, "flags of a key", .keyMask, .ignored),
  ]

  /// Returns the row of a code in a file of Redis.
  ///
  /// - Parameter dialect: The server that wrote the file, if it is known.
  @usableFromInline package static func row(_ code: UInt8, in dialect: Dialect?) -> DialectCode? {
    all.first { row in
      row.code == code && (row.dialect == dialect || dialect == nil && !row.isShared)
    }
  }

  /// The code with its owner: `Dragonfly's type 33 (a Bloom filter)`.
  @usableFromInline package var description: String {
    "\(dialect.rawValue)'s \(isType ? "type" : "opcode") \(code) (\(meaning))"
  }
}
