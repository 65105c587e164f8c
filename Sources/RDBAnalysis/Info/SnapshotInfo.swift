import RDB
import RDBFormat

/// Information on a snapshot: its origin, its contents, and the servers that can load it. The report of `rdb info`.
///
/// Parts of one file can be merged in any order. The JSON has all figures.
public struct SnapshotInfo: Hashable, MergeableSummary, Codable {
  /// The version of the JSON format.
  package private(set) var format = 1
  /// `REDIS` or `VALKEY`; like other fields, `nil` in a part of the file without the header.
  package internal(set) var magic: String?
  package internal(set) var version: Int?
  package internal(set) var vendor: String?
  /// The server that wrote the file, if it extends the files of Redis: `KeyDB`, `Dragonfly`, `Redis Enterprise`.
  package internal(set) var dialect: String?
  /// The cron jobs of KeyDB.
  package internal(set) var cronJobs: SmallestEntries<CronJobInfo>?
  /// The number of members and fields whose expiry KeyDB stored after their key.
  package internal(set) var memberExpiries: UInt64?
  /// The version of the server that wrote the file, from its AUX field; `nil` if there is none.
  public private(set) var server: String?
  /// The time of writing, in seconds since 1970.
  package private(set) var ctimeSeconds: Int64?
  package private(set) var usedMemoryByteCount: UInt64?
  package private(set) var replication: Replication?
  /// Whether the snapshot is the base or preamble of an AOF.
  package private(set) var isAOFBase: Bool?
  /// The distinct AUX fields, known ones first.
  package internal(set) var aux = SmallestEntries<CountedAuxField>()
  package internal(set) var functions = Functions()
  package internal(set) var modules = SmallestEntries<ModuleNeed>()
  package internal(set) var slots = SlotHints()
  /// The first 10,000 databases with keys or hints.
  package internal(set) var databases = SmallestEntries<DatabaseInfo>()
  /// The sum over all databases.
  package internal(set) var total = DatabaseInfo(database: 0)
  /// The number of keys in all databases.
  public var keyCount: UInt64 { total.keys }
  /// The number of keys by stored value type.
  package internal(set) var valueTypes: [String: UInt64] = [:]
  /// The reference time of expiries.
  package internal(set) var reference: Reference
  package internal(set) var checksum: ChecksumState?
  package internal(set) var tail: TailState?
  /// What precedes the snapshot; `nil`: nothing.
  package internal(set) var head: HeadState?
  /// The size of the snapshot with its trailer, in bytes.
  package internal(set) var byteCount: UInt64?
  package private(set) var lowest = LowestVersions()

  package init(reference: Reference) { self.reference = reference }

  enum CodingKeys: String, CodingKey {
    case format, magic, version, vendor, dialect, server
    case cronJobs = "cron_jobs"
    case memberExpiries = "member_expiries"
    case ctimeSeconds = "ctime_s"
    case usedMemoryByteCount = "used_memory_bytes"
    case replication
    case isAOFBase = "aof_base"
    case aux, functions, modules, slots, databases, total
    case valueTypes = "value_types"
    case reference, checksum, tail, head
    case byteCount = "byte_count"
    case lowest
  }

  /// The position in the replication stream at which the snapshot was taken.
  package struct Replication: Hashable, Sendable, Codable {
    package var id: String?
    package var offset: Int64?
    package var streamDatabase: Int64?

    enum CodingKeys: String, CodingKey {
      case id, offset
      case streamDatabase = "stream_db"
    }
  }

  /// The time that expiries are compared with, and its source.
  package struct Reference: Hashable, Sendable, Codable {
    /// `ctime` if the time is from the file; `now` if it is from the caller.
    package var source: String
    package var unixMilliseconds: Int64

    /// Creates a reference from the file's `ctime`, or from `now` if there is none.
    package init(_ origin: SnapshotOrigin, now: UnixMilliseconds) {
      // `ctime` has whole seconds: use the last millisecond.
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

  public mutating func merge(_ other: Self) {
    magic = magic ?? other.magic
    version = version ?? other.version
    vendor = vendor ?? other.vendor
    dialect = dialect ?? other.dialect
    if let more = other.cronJobs {
      if cronJobs == nil { cronJobs = more } else { cronJobs?.merge(more) }
    }
    if let more = other.memberExpiries { memberExpiries = (memberExpiries ?? 0) + more }
    aux.merge(other.aux)
    functions.merge(other.functions)
    modules.merge(other.modules)
    slots.merge(other.slots)
    databases.merge(other.databases)
    total.merge(other.total)
    valueTypes.merge(other.valueTypes, uniquingKeysWith: +)
    checksum = checksum ?? other.checksum
    tail = tail ?? other.tail
    head = head ?? other.head
    byteCount = byteCount ?? other.byteCount
    settle()
  }

  /// Updates the fields that are derived from others.
  mutating func settle() {
    server = auxText("redis-ver") ?? auxText("valkey-ver")
    ctimeSeconds = auxText("ctime").flatMap { Int64($0) }
    usedMemoryByteCount = auxText("used-mem").flatMap { UInt64($0) }
    let base = auxText("aof-base") ?? auxText("aof-preamble")
    isAOFBase = base.map { $0 == "1" }
    let position = Replication(
      id: auxText("repl-id"), offset: auxText("repl-offset").flatMap { Int64($0) },
      streamDatabase: auxText("repl-stream-db").flatMap { Int64($0) })
    let isEmpty = position.id == nil && position.offset == nil && position.streamDatabase == nil
    replication = isEmpty ? nil : position
    lowest = LowestVersions(of: self)
  }

  private func auxText(_ name: String) -> String? {
    aux.entries.first { $0.name.bytes.elementsEqual(name.utf8) }?.value.text
  }
}
