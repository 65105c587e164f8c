import RDB
import RDBFormat

/// A role of keys in the keyspace of a known library, recognized by name and type.
///
/// Sources: the documentation of Spring Session's `RedisIndexedSessionRepository`, Celery and Kombu's Redis
/// transport, Sidekiq's wiki, BullMQ's architecture guide, and Laravel's `config/database.php`.
struct KeyspaceRole: Sendable {
  var keyspace: StaticString
  var role: StaticString
  /// The prefix of the names; the whole name if `isWhole`.
  var name: [UInt8]
  var isWhole = false
  /// The suffix of the names.
  var suffix: [UInt8] = []
  var types: Set<DataType>
  /// Whether one such key proves that the library is used.
  var isMark = true

  init(
    _ keyspace: StaticString, _ role: StaticString, _ name: String, isWhole: Bool = false, suffix: String = "",
    _ types: Set<DataType>, isMark: Bool = true
  ) {
    (self.keyspace, self.role, self.name, self.isWhole) = (keyspace, role, Array(name.utf8), isWhole)
    (self.suffix, self.types, self.isMark) = (Array(suffix.utf8), types, isMark)
  }

  /// All known roles. A key has the first role that matches.
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

/// The summary of the keys of one role.
package struct KeyspaceSummary: Hashable, Sendable, Codable {
  package var keyspace: String
  package var role: String
  package var keys: UInt64 = 0
  /// The number of elements, such as jobs in queues.
  package var elements: UInt64 = 0
  package var memoryByteCount: UInt64 = 0
  package var keysExpired: UInt64 = 0

  enum CodingKeys: String, CodingKey {
    case keyspace, role, keys, elements
    case memoryByteCount = "memory_bytes"
    case keysExpired = "keys_expired"
  }
}

/// Counts the keys of known libraries by role.
struct KeyspaceCounter: Sendable {
  private let roles = KeyspaceRole.all
  /// For each byte, the indexes of the roles whose names begin with it.
  private let byFirst: [[Int]]
  private var summaries: [KeyspaceSummary]
  private(set) var sessions = SessionSample()

  init() {
    let roles = roles
    byFirst = (0..<256).map { byte in roles.indices.filter { Int(roles[$0].name[0]) == byte } }
    summaries = roles.map { KeyspaceSummary(keyspace: "\($0.keyspace)", role: "\($0.role)") }
  }

  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange) {
    guard key.name.byteCount > 0 else { return }
    let first = Int(key.name.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
    if !byFirst[first].isEmpty { match(key, range, byFirst[first]) }
  }

  @inline(never)
  private mutating func match(_ key: borrowing MeasuredKey, _ range: ExpiryRange, _ candidates: [Int]) {
    let type = key.type
    let found = key.name.withUnsafeBytes { name in
      candidates.first { roles[$0].fits(name, type) }
    }
    guard let found else { return }
    summaries[found].keys &+= 1
    summaries[found].elements &+= key.elementCount
    summaries[found].memoryByteCount &+= key.memoryOrSerializedByteCount
    if range == .expired { summaries[found].keysExpired &+= 1 }
    // The first two roles are the two keys of a session.
    if found < 2 {
      let id = key.name.extracting(droppingFirst: roles[found].name.count)
      sessions.add(id, found == 0 ? .mark : .session, hasExpired: range == .expired)
    }
  }

  mutating func merge(_ found: [KeyspaceSummary], _ sessions: SessionSample) {
    for one in found {
      guard let index = summaries.firstIndex(where: { $0.keyspace == one.keyspace && $0.role == one.role })
      else { continue }
      summaries[index].keys &+= one.keys
      summaries[index].elements &+= one.elements
      summaries[index].memoryByteCount &+= one.memoryByteCount
      summaries[index].keysExpired &+= one.keysExpired
    }
    self.sessions.merge(sessions)
  }

  /// The summaries of all roles that have keys, in the order of the table. Roles with the same name are merged.
  var found: [KeyspaceSummary] {
    var all: [KeyspaceSummary] = []
    for one in summaries where one.keys > 0 {
      if let index = all.firstIndex(where: { $0.keyspace == one.keyspace && $0.role == one.role }) {
        all[index].keys &+= one.keys
        all[index].elements &+= one.elements
        all[index].memoryByteCount &+= one.memoryByteCount
        all[index].keysExpired &+= one.keysExpired
      } else {
        all.append(one)
      }
    }
    return all
  }

  /// Returns the names of the libraries that are recognized by a key that only they write.
  static func recognised(_ found: [KeyspaceSummary]) -> [String] {
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
