public import RDB
public import RDBFormat

/// What `rdb info` says of a snapshot: where it comes from, what is in it, who can load it.
///
/// A report of a part of a file (one worker's) has what that part says; parts merge in any order to
/// that of the whole.
public struct SnapshotInfo: Hashable, MergeableSummary, Codable {
  /// The version of this report's form.
  public private(set) var format = 1
  /// `REDIS` or `VALKEY`; `nil`: the header is in another part. So are other optional fields.
  public internal(set) var magic: String?
  public internal(set) var version: Int?
  public internal(set) var vendor: String?
  /// The release that says it wrote this, as it says it.
  public private(set) var server: String?
  /// When it was written, in seconds.
  public private(set) var ctimeSeconds: Int64?
  public private(set) var usedMemoryByteCount: UInt64?
  public private(set) var replication: Replication?
  /// Whether it is the base or preamble of an AOF.
  public private(set) var isAOFBase: Bool?
  /// AUX fields, known ones first; each name and value once.
  public internal(set) var aux = SmallestEntries<CountedAuxField>()
  public internal(set) var functions = Functions()
  public internal(set) var modules = SmallestEntries<ModuleNeed>()
  public internal(set) var slots = SlotSummary()
  /// The first 10 000 databases that have keys or hints.
  public internal(set) var databases = SmallestEntries<DatabaseInfo>()
  /// All databases together.
  public internal(set) var total = DatabaseInfo(database: 0)
  /// Keys by the value type they are stored as.
  public internal(set) var valueTypes: [String: UInt64] = [:]
  /// The time that decides what has expired, in Unix milliseconds, and whether the file says it (`ctime`).
  public internal(set) var reference: Reference
  public internal(set) var checksum: ChecksumState?
  public internal(set) var tail: TailState?
  /// Bytes of the snapshot itself, trailer included.
  public internal(set) var byteCount: UInt64?
  public private(set) var lowest = LowestVersions()

  public init(reference: Reference) { self.reference = reference }

  enum CodingKeys: String, CodingKey {
    case format, magic, version, vendor, server
    case ctimeSeconds = "ctime_s"
    case usedMemoryByteCount = "used_memory_bytes"
    case replication
    case isAOFBase = "aof_base"
    case aux, functions, modules, slots, databases, total
    case valueTypes = "value_types"
    case reference, checksum, tail
    case byteCount = "byte_count"
    case lowest
  }

  /// Where in a replication stream the snapshot was taken.
  public struct Replication: Hashable, Sendable, Codable {
    public var id: String?
    public var offset: Int64?
    public var streamDatabase: Int64?

    enum CodingKeys: String, CodingKey {
      case id, offset
      case streamDatabase = "stream_db"
    }
  }

  /// The time that expiries are compared with.
  public struct Reference: Hashable, Sendable, Codable {
    /// `ctime`: the file's own; `now`: the caller's, because the file has none.
    public var source: String
    public var unixMilliseconds: Int64

    /// The file's time, or `now` where it has none.
    public init(_ origin: SnapshotOrigin, now: UnixMilliseconds) {
      // The last millisecond of that second: no more is known.
      let ctime = origin.auxFields.first { $0.name.elementsEqual("ctime".utf8) }
        .flatMap { Int64(String(decoding: $0.value, as: UTF8.self)) }
      if let ctime, ctime.magnitude < 1 << 50 {
        (source, unixMilliseconds) = ("ctime", ctime * 1000 + 999)
      } else {
        (source, unixMilliseconds) = ("now", now.value)
      }
    }

    enum CodingKeys: String, CodingKey {
      case source
      case unixMilliseconds = "ms"
    }
  }

  /// Adds the report of another part of the same file.
  public mutating func merge(_ other: Self) {
    magic = magic ?? other.magic
    version = version ?? other.version
    vendor = vendor ?? other.vendor
    aux.merge(other.aux)
    functions.merge(other.functions)
    modules.merge(other.modules)
    slots.merge(other.slots)
    databases.merge(other.databases)
    total.merge(other.total)
    valueTypes.merge(other.valueTypes, uniquingKeysWith: +)
    checksum = checksum ?? other.checksum
    tail = tail ?? other.tail
    byteCount = byteCount ?? other.byteCount
    settle()
  }

  /// Works out what follows from the rest.
  mutating func settle() {
    server = auxText("redis-ver") ?? auxText("valkey-ver")
    ctimeSeconds = auxText("ctime").flatMap { Int64($0) }
    usedMemoryByteCount = auxText("used-mem").flatMap { UInt64($0) }
    let base = auxText("aof-base") ?? auxText("aof-preamble")
    isAOFBase = base.map { $0 == "1" }
    let place = Replication(
      id: auxText("repl-id"), offset: auxText("repl-offset").flatMap { Int64($0) },
      streamDatabase: auxText("repl-stream-db").flatMap { Int64($0) })
    let saysNothing = place.id == nil && place.offset == nil && place.streamDatabase == nil
    replication = saysNothing ? nil : place
    lowest = LowestVersions(of: self)
  }

  private func auxText(_ name: String) -> String? {
    aux.entries.first { $0.name.bytes.elementsEqual(name.utf8) }?.value.text
  }
}
