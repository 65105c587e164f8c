import RDB
import RDBFormat

/// A part of a keyspace that a known library makes, by the names and types of its keys.
///
/// Sources: the documentation of Spring Session's `RedisIndexedSessionRepository`, Celery and Kombu's Redis
/// transport, Sidekiq's wiki, BullMQ's architecture guide, and Laravel's `config/database.php`.
struct KeyspaceRole: Sendable {
  var keyspace: StaticString
  var role: StaticString
  /// What names begin with, or are.
  var name: [UInt8]
  var isWhole = false
  /// What names end with.
  var suffix: [UInt8] = []
  var types: Set<DataType>
  /// Nobody else has such keys: one of them, and the keyspace is recognised.
  var isMark = true

  init(
    _ keyspace: StaticString, _ role: StaticString, _ name: String, isWhole: Bool = false, suffix: String = "",
    _ types: Set<DataType>, isMark: Bool = true
  ) {
    (self.keyspace, self.role, self.name, self.isWhole) = (keyspace, role, Array(name.utf8), isWhole)
    (self.suffix, self.types, self.isMark) = (Array(suffix.utf8), types, isMark)
  }

  /// All that is known; of several that fit the first counts.
  static let all: [KeyspaceRole] = spring + celery + sidekiq + bull + laravel

  static let session = "sessions", sessionMark = "expiry marks"

  private static let spring = [
    KeyspaceRole("Spring Session", "expiry marks", "spring:session:sessions:expires:", [.string]),
    KeyspaceRole("Spring Session", "sessions", "spring:session:sessions:", [.hash]),
    KeyspaceRole("Spring Session", "expirations", "spring:session:expirations:", [.set]),
    KeyspaceRole("Spring Session", "indexes", "spring:session:index:", [.set]),
  ]
  private static let celery = [
    KeyspaceRole("Celery", "results", "celery-task-meta-", [.string]),
    KeyspaceRole("Celery", "group results", "celery-taskset-meta-", [.string]),
    KeyspaceRole("Celery", "bindings", "_kombu.binding.", [.set]),
    KeyspaceRole("Celery", "queues", "celery", [.list], isMark: false),
    KeyspaceRole("Celery", "unacknowledged", "unacked", [.hash, .zset], isMark: false),
  ]
  private static let sidekiq = [
    KeyspaceRole("Sidekiq", "names of queues", "queues", isWhole: true, [.set]),
    KeyspaceRole("Sidekiq", "queues", "queue:", [.list], isMark: false),
    KeyspaceRole("Sidekiq", "scheduled jobs", "schedule", isWhole: true, [.zset], isMark: false),
    KeyspaceRole("Sidekiq", "jobs to retry", "retry", isWhole: true, [.zset], isMark: false),
    KeyspaceRole("Sidekiq", "dead jobs", "dead", isWhole: true, [.zset], isMark: false),
    KeyspaceRole("Sidekiq", "processes", "processes", isWhole: true, [.set], isMark: false),
    KeyspaceRole("Sidekiq", "statistics", "stat:", [.string], isMark: false),
  ]
  private static let bull =
    [("waiting", ":wait"), ("paused", ":paused"), ("active", ":active")].map {
      KeyspaceRole("BullMQ", $0.0, "bull:", suffix: $0.1, [.list])
    }
    + [
      ("completed", ":completed"), ("failed", ":failed"), ("delayed", ":delayed"),
      ("prioritized", ":prioritized"),
    ].map { KeyspaceRole("BullMQ", $0.0, "bull:", suffix: $0.1, [.zset]) }
    + [
      KeyspaceRole("BullMQ", "settings of queues", "bull:", suffix: ":meta", [.hash]),
      KeyspaceRole("BullMQ", "events", "bull:", suffix: ":events", [.stream]),
      KeyspaceRole("BullMQ", "jobs", "bull:", [.hash], isMark: false),
    ]
  private static let laravel = [
    KeyspaceRole("Laravel", "delayed and reserved jobs", "laravel_database_queues:", [.zset]),
    KeyspaceRole("Laravel", "queues", "laravel_database_queues:", [.list]),
    KeyspaceRole("Laravel", "cache", "laravel_cache", [.string, .set, .zset]),
    KeyspaceRole("Laravel", "cache", "laravel_database_laravel_cache", [.string, .set, .zset]),
    KeyspaceRole("Laravel", "Horizon", "laravel_horizon:", [.string, .list, .set, .zset, .hash]),
    KeyspaceRole("Laravel", "other keys", "laravel_database_", [.string, .list, .set, .zset, .hash]),
  ]
}

/// What was found of one role.
public struct KeyspaceTotals: Hashable, Sendable, Codable {
  public var keyspace: String
  public var role: String
  public var keys: UInt64 = 0
  /// Elements in all of them: jobs in queues.
  public var elements: UInt64 = 0
  public var memoryByteCount: UInt64 = 0
  public var keysExpired: UInt64 = 0

  enum CodingKeys: String, CodingKey {
    case keyspace, role, keys, elements
    case memoryByteCount = "memory_bytes"
    case keysExpired = "keys_expired"
  }
}

/// Counts the keys of known libraries.
struct KeyspaceCounts: Sendable {
  private let roles = KeyspaceRole.all
  /// Numbers of the roles whose names begin with each byte.
  private let byFirst: [[Int]]
  private var totals: [KeyspaceTotals]
  private(set) var sessions = SessionSample()

  init() {
    let roles = roles
    byFirst = (0..<256).map { byte in roles.indices.filter { Int(roles[$0].name[0]) == byte } }
    totals = roles.map { KeyspaceTotals(keyspace: "\($0.keyspace)", role: "\($0.role)") }
  }

  @inline(__always)
  mutating func add(_ row: borrowing MemoryRow, _ life: Life) {
    guard row.name.byteCount > 0 else { return }
    let first = Int(row.name.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
    if !byFirst[first].isEmpty { match(row, life, byFirst[first]) }
  }

  @inline(never)
  private mutating func match(_ row: borrowing MemoryRow, _ life: Life, _ candidates: [Int]) {
    let type = row.type
    let found = row.name.withUnsafeBytes { name in
      candidates.first { roles[$0].fits(name, type) }
    }
    guard let found else { return }
    totals[found].keys &+= 1
    totals[found].elements &+= row.elementCount
    totals[found].memoryByteCount &+= row.memoryOrSerializedByteCount
    if life == .expired { totals[found].keysExpired &+= 1 }
    // The first two are the two halves of a session.
    if found < 2 {
      let id = row.name.extracting(droppingFirst: roles[found].name.count)
      sessions.add(id, found == 0 ? .mark : .session, hasExpired: life == .expired)
    }
  }

  mutating func merge(_ found: [KeyspaceTotals], _ sessions: SessionSample) {
    for one in found {
      guard let place = totals.firstIndex(where: { $0.keyspace == one.keyspace && $0.role == one.role })
      else { continue }
      totals[place].keys &+= one.keys
      totals[place].elements &+= one.elements
      totals[place].memoryByteCount &+= one.memoryByteCount
      totals[place].keysExpired &+= one.keysExpired
    }
    self.sessions.merge(sessions)
  }

  /// Of all roles that have keys, in the order of the table; two of one name together.
  var found: [KeyspaceTotals] {
    var all: [KeyspaceTotals] = []
    for one in totals where one.keys > 0 {
      if let place = all.firstIndex(where: { $0.keyspace == one.keyspace && $0.role == one.role }) {
        all[place].keys &+= one.keys
        all[place].elements &+= one.elements
        all[place].memoryByteCount &+= one.memoryByteCount
        all[place].keysExpired &+= one.keysExpired
      } else {
        all.append(one)
      }
    }
    return all
  }

  /// Names of the keyspaces of which something is there that nobody else has.
  static func recognised(_ found: [KeyspaceTotals]) -> [String] {
    var names: [String] = []
    for one in found where !names.contains(one.keyspace) {
      let isMark = KeyspaceRole.all.contains {
        $0.isMark && "\($0.keyspace)" == one.keyspace && "\($0.role)" == one.role
      }
      if isMark { names.append(one.keyspace) }
    }
    return names
  }
}

extension KeyspaceRole {
  @inline(__always)
  fileprivate func fits(_ bytes: UnsafeRawBufferPointer, _ type: DataType) -> Bool {
    guard isWhole ? bytes.count == name.count : bytes.count >= name.count + suffix.count else { return false }
    return bytes.starts(with: name) && bytes.suffix(suffix.count).elementsEqual(suffix) && types.contains(type)
  }
}
