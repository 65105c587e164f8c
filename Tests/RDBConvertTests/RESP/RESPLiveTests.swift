import RDB
import RDBConvert
import RDBFormat
import RESP
import TestSupport
import Testing

extension LiveServer.Kind {
  /// What `--target` calls it.
  var target: String {
    switch self {
    case .redis6: "6.2"
    case .redis7: "7.0"
    case .redis8: "8.2"
    case .valkey9: "valkey-9.0"
    }
  }

  /// The snapshots of its family that it can hold.
  var fixtures: [Fixture] {
    Fixture.valid.filter { fixture in
      let parts = fixture.folder.split(separator: "-")
      guard parts.count == 2, let version = ServerVersion(String(parts[1])) ?? Self.development(parts[1]) else {
        return false
      }
      let isValkey = parts[0] == "valkey"
      switch self {
      case .redis6: return !isValkey && !version.isAtLeast(6, 3)
      case .redis7: return !isValkey && !version.isAtLeast(7, 1)
      case .redis8: return !isValkey
      case .valkey9: return isValkey
      }
    }
  }

  /// `unstable.20241025`: a development build of Valkey 8.1.
  private static func development(_ text: Substring) -> ServerVersion? {
    text.hasPrefix("unstable") ? ServerVersion(.valkey, 8, 1) : nil
  }
}

/// One snapshot on one server.
private struct Loading {
  let fixture: Fixture
  let server: LiveServer
  let connection: LiveConnection
  let rows: [Golden.Row]

  init(_ fixture: Fixture, _ server: LiveServer, _ connection: LiveConnection) throws {
    (self.fixture, self.server, self.connection) = (fixture, server, connection)
    rows = try Golden.rows(at: fixture.goldenPath)
  }

  /// Values of modules that the server does not have: their RESTORE is refused.
  private var foreignModules: [Golden.Row] {
    rows.filter { row in
      guard case .module(let type, _) = row.value else { return false }
      return type != "vectorset" || server.kind != .redis8
    }
  }

  private var comparable: [Golden.Row] {
    let foreign = Set(foreignModules.compactMap(\.key))
    return rows.filter { row in
      guard let key = row.key else { return false }
      if case .module = row.value { return !foreign.contains(key) }
      return true
    }
  }

  /// Expiries of hash fields that the server does not take.
  private var lateFieldExpiries: UInt64 {
    guard server.kind == .redis8 else { return 0 }
    var count: UInt64 = 0
    for row in rows {
      guard case .hash(let fields) = row.value else { continue }
      for field in fields where (field.expiry ?? 0) > LiveComparison.maximumRedisFieldExpiry { count += 1 }
    }
    return count
  }

  func empty() throws {
    try connection.command("FLUSHALL")
    try connection.command("FUNCTION", "FLUSH")
  }

  /// Loads the fixture's commands, and compares.
  func load(
    _ way: String, target: String?, tolerates: Bool = false, _ change: (inout RESPOptions) -> Void
  ) throws {
    let converted = convert(fixture.bytes, target: target, change)
    #expect(converted.error == nil, "\(fixture), \(way)")
    for (reason, loss) in converted.summary.ledger.lost where reason.loss != .moduleAux {
      #expect(reason.loss == .expiry, "\(fixture), \(way): \(converted.losses)")
      #expect(loss.count == lateFieldExpiries, "\(fixture), \(way): \(converted.losses)")
    }
    let piped = try server.pipe(converted.bytes)
    #expect(piped.replies == Int(converted.summary.commandCount), "\(fixture), \(way): \(piped.output)")
    if !tolerates {
      #expect(piped.errors == foreignModules.count, "\(fixture), \(way): \(piped.output)")
    }
    let differences = try LiveComparison.differences(connection, server.kind, comparable)
    #expect(differences.isEmpty, "\(fixture), \(way): \(differences.prefix(5))")
    try compareFunctions(way)
  }

  private func compareFunctions(_ way: String) throws {
    let libraries = rows.compactMap { row -> [UInt8]? in
      if case .function(_, _, let code) = row.value { return code }
      return nil
    }
    let reply = try connection.command("FUNCTION", "LIST", "WITHCODE").elements ?? []
    let found = reply.compactMap { library -> [UInt8]? in
      let parts = library.elements ?? []
      let index = parts.firstIndex { $0.bytes == Array("library_code".utf8) }
      return index.flatMap { parts[$0 + 1].bytes }
    }
    // 7.0-rc1 and rc2 lack the first line.
    let isPreGA = fixture.name.hasPrefix("redis-7.0.rc")
    let codes = found.map { isPreGA ? Array($0.drop { $0 != 10 }.dropFirst()) : $0 }
    #expect(Set(codes) == Set(libraries), "\(fixture), \(way)")
  }
}

@Suite("RESP loaded through redis-cli --pipe", .serialized)
struct RESPLiveTests {
  @Test(
    "Rebuilds every fixture of the vendor, also when loaded twice", arguments: LiveServer.Kind.allCases)
  func family(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    #expect(!kind.fixtures.isEmpty)
    for fixture in kind.fixtures {
      let loading = try Loading(fixture, server, connection)
      try loading.empty()
      try loading.load("for the server that wrote it", target: nil) { _ in }
      try loading.load("replacing", target: kind.target) {
        ($0.existing, $0.functions) = (.replace, .replace)
      }
      try loading.load("restoring over it", target: kind.target) {
        ($0.existing, $0.functions, $0.restore) = (.replace, .replace, .always)
      }
      for _ in 1...2 {
        try loading.load("replacing whole keys", target: kind.target) {
          ($0.existing, $0.functions, $0.replacesWhole, $0.commandElementCount) = (.replace, .replace, true, 7)
        }
      }
      // What is there stays: other values, and nothing in their place.
      try loading.load("keeping", target: kind.target, tolerates: true) {
        ($0.existing, $0.functions) = (.keep, .skip)
      }
      try loading.empty()
      try loading.load("restoring into nothing", target: kind.target) { $0.restore = .always }
      try loading.empty()
      try loading.load("keeping, by commands, in small batches", target: kind.target, tolerates: true) {
        ($0.existing, $0.restoreLimit, $0.commandElementCount) = (.keep, 0, 7)
      }
    }
  }

  @Test("Carries expiries of hash fields from one vendor to the other")
  func acrossVendors() throws {
    for (kind, prefix) in [(LiveServer.Kind.valkey9, "redis-"), (.redis8, "valkey-")] {
      let server = try LiveServer(kind)
      defer { server.stop() }
      let connection = try LiveConnection(port: server.port)
      let fixtures = Fixture.valid.filter { $0.name.hasPrefix(prefix) && $0.topic.hasPrefix("hashttl") }
      #expect(!fixtures.isEmpty)
      for fixture in fixtures {
        let loading = try Loading(fixture, server, connection)
        try loading.empty()
        for restore in RESPOptions.Restore.allCases {
          try loading.load("restore \(restore)", target: kind.target) {
            ($0.existing, $0.restore) = (.replace, restore)
          }
        }
      }
    }
  }

  @Test("Keeps idle times and frequencies with RESTORE", arguments: LiveServer.Kind.allCases)
  func access(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    for fixture in kind.fixtures where ["lru", "lfu"].contains(fixture.topic) {
      let isLFU = fixture.topic == "lfu"
      try connection.command("FLUSHALL")
      try connection.command("CONFIG", "SET", "maxmemory-policy", isLFU ? "allkeys-lfu" : "allkeys-lru")
      let converted = convert(fixture.bytes, target: kind.target) { $0.restore = .always }
      #expect(converted.notes.isEmpty)
      #expect(try server.pipe(converted.bytes).errors == 0)
      for row in try Golden.rows(at: fixture.goldenPath) {
        guard let key = row.key, let database = row.database else { continue }
        try connection.command("SELECT", "\(database)")
        let reply = try connection.commands([
          [Array("OBJECT".utf8), Array((isLFU ? "FREQ" : "IDLETIME").utf8), key]
        ])[0]
        guard case .integer(let found) = reply else {
          Issue.record("\(fixture): \(reply)")
          continue
        }
        let expected = Int64(isLFU ? UInt64(row.frequency ?? 0) : row.idleSeconds ?? 0)
        #expect(abs(found - expected) <= (isLFU ? 1 : 60), "\(fixture): \(found), not \(expected)")
      }
    }
  }

  @Test("Shows by its replies which existing keys it kept")
  func keeps() throws {
    let server = try LiveServer(.redis8)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let bytes = Bytes.snapshot(
      "REDIS0009", Bytes.text("s", "new"), Bytes.list("l", ["new"]), Bytes.hash("a}{", [("f", "new")]),
      Bytes.expiry(4_102_444_800_001), Bytes.text("t", "new"))
    for restoreLimit: UInt64 in [0, 1 << 20] {
      try connection.command("FLUSHALL")
      for key in ["s", "l", "t"] { try connection.command("SET", key, "old") }
      let converted = convert(bytes, target: "8.2") { ($0.existing, $0.restoreLimit) = (.keep, restoreLimit) }
      _ = try server.pipe(converted.bytes)
      for key in ["s", "l", "t"] {
        #expect(try connection.command("GET", key).bytes == Array("old".utf8))
        #expect(try connection.command("PTTL", key) == .integer(-1))
      }
      #expect(try connection.command("HGET", "a}{", "f").bytes == Array("new".utf8))
      #expect(try connection.command("DBSIZE") == .integer(4))
    }
  }
}
