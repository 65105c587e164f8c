import RDB
import RDBFormat
import TestSupport
import Testing

/// Which value types stand in which dump.
private struct TypesSink: SelectiveSink {
  var header = SnapshotHeader(vendor: .redis, version: 0)
  var types: Set<ValueType> = []

  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) { self.header = header }
  static var events: SinkEvents { [.beginSnapshot] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    types.insert(key.storedType)
    return .skip
  }
}

/// The table of Documentation/formats.md: of every value type, the RDB versions it was read from and which dump tests that.
private struct SupportTable {
  /// One dump of those that test the same.
  private var cells: [ValueType: [Int: String]] = [:]
  private(set) var versions: Set<Int> = []

  init() throws {
    for fixture in Fixture.all {
      var sink = TypesSink()
      var reader = RDBReader(MemorySource(fixture.bytes))
      try reader.read(into: &sink)
      versions.insert(sink.header.version)
      for type in sink.types {
        let version = sink.header.version
        let known = cells[type]?[version]
        if known.map({ Self.isBetter(fixture.name, $0) }) ?? true {
          cells[type, default: [:]][version] = fixture.name
        }
      }
    }
  }

  func dumps(of type: ValueType) -> [Int: String] { cells[type] ?? [:] }

  /// What a server wrote before what was crafted; the general topic first, the newest release.
  private static func isBetter(_ one: String, _ other: String) -> Bool {
    func rank(_ name: String) -> (Int, Int) {
      let isRelease =
        (name.hasPrefix("redis-") || name.hasPrefix("valkey-"))
        && ![".rc", ".dev", "unstable"].contains { name.contains($0) }
      return (isRelease ? 0 : name.hasPrefix("crafted/") ? 2 : 1, name.hasSuffix("/all") ? 0 : 1)
    }
    return rank(one) == rank(other) ? one > other : rank(one) < rank(other)
  }

  /// Dumps of which `Fixtures/README.md` says that no server at hand reads them.
  static let unverified: Set<String> = {
    let page = String(decoding: readFile(Fixture.root + "/README.md"), as: UTF8.self)
    let rows = page.split(separator: "\n").filter {
      $0.hasPrefix("| crafted/") && $0.contains("not verified with a server")
    }
    return Set(
      rows.flatMap { row in
        row.dropFirst(2).prefix { $0 != " " && $0 != "|" }.split(separator: ",").map(String.init)
      })
  }()

  private static let modulePreGA = "refused by name: refused/redis-4.0.rc3-modules"

  private func row(_ type: ValueType) -> String {
    let dumps = dumps(of: type).sorted { $0.key < $1.key }.map { version, name in
      "\(version) \(name)" + (Self.unverified.contains(name) ? " (not verified with a server)" : "")
    }
    let tested = type == .modulePreGA ? Self.modulePreGA : dumps.joined(separator: ", ")
    let vendor = type.row.vendor.map { " (\($0 == .redis ? "Redis" : "Valkey"))" } ?? ""
    return "| \(type.code)\(vendor) | \(type.name) | \(tested) |"
  }

  var markdown: String {
    let rows = ValueType.allCases.sorted { ($0.code, $0.row.since) < ($1.code, $1.row.since) }.map(row)
    return (["| number | value type | RDB versions, each with a dump that tests it |", "| --: | --- | --- |"] + rows)
      .joined(separator: "\n") + "\n"
  }
}

@Suite("The table of what is supported")
struct SupportTableTests {
  @Test("in the documentation is what the fixtures test")
  func documented() throws {
    let table = try SupportTable().markdown
    let page = String(decoding: readFile(Fixture.root + "/../Documentation/formats.md"), as: UTF8.self)
    #expect(
      page.contains("\n\n" + table + "\n"),
      "Documentation/formats.md has another table. Put this in its place:\n\(table)")
  }

  @Test("has every version of Redis and Valkey, and every value type")
  func whole() throws {
    let table = try SupportTable()
    #expect(table.versions.sorted() == Array(1...15) + [80, 81])
    for type in ValueType.allCases where type != .modulePreGA {
      #expect(table.dumps(of: type)[type.row.since] != nil, "no dump has \(type.name) in the version that brought it")
    }
    #expect(SupportTable.unverified.contains("crafted/v15-templates"))
    #expect(!SupportTable.unverified.contains("crafted/v10-strings"))
  }
}
