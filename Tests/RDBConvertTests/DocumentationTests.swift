import Foundation
import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// A file of this package, by its path from the package's folder.
private func text(_ path: String) -> String {
  String(decoding: readFile(Fixture.root + "/../" + path), as: UTF8.self)
}

/// The lines that say something, without indentation; imports stand where a file needs them.
private func lines(_ text: some StringProtocol) -> [String] {
  text.split(separator: "\n").map { line in
    String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }.filter { !$0.isEmpty && !$0.hasPrefix("import ") }
}

/// The blocks of Swift in a page of Markdown.
private func swiftBlocks(_ page: String) -> [[String]] {
  page.split(separator: "```swift\n", omittingEmptySubsequences: false).dropFirst().map { rest in
    lines(rest.split(separator: "```", omittingEmptySubsequences: false)[0])
  }
}

/// Runs an example with its output going to a file, and returns what that then holds.
private func output(_ body: (Int32) throws -> Void) throws -> [UInt8] {
  let path = "/tmp/rdb-example-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
  #expect(descriptor >= 0)
  defer {
    close(descriptor)
    unlink(path)
  }
  try body(descriptor)
  return readFile(path)
}

/// Collects what an example prints.
private func printed(_ body: (Printer) throws -> Void) rethrows -> [String] {
  var lines: [String] = []
  try withoutActuallyEscaping({ (items: Any...) in
    lines.append(items.map { "\($0)" }.joined(separator: " "))
  }) { try body($0) }
  return lines
}

@Suite("The documentation")
struct DocumentationTests {
  static let pages = ["README.md", "Sources/RDB/RDB.docc/RDB.md", "Sources/RDB/RDB.docc/Examples.md"]

  /// The programs of Examples/, which are built and run by `make examples`, and the examples that these tests run.
  private static let source: [String] = {
    let folder = Fixture.root + "/../Examples/Sources"
    let files = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).sorted()
    return lines(text("Tests/RDBConvertTests/Examples.swift"))
      + files.filter { $0.hasSuffix(".swift") }.flatMap { lines(text("Examples/Sources/\($0)")) }
  }()

  @Test("Shows only examples that are compiled", arguments: pages)
  func compiled(_ page: String) {
    let source = Self.source
    for block in swiftBlocks(text(page)) {
      let found = source.indices.contains { start in
        source[start...].starts(with: block)
      }
      // A page may leave out what stands around the lines that matter, in one place.
      #expect(!block.isEmpty)
      #expect(found || Self.isCutOnce(block, source), "\(page): no compiled lines are \(block)")
    }
  }

  /// Whether the block is one run of lines of the source and then another.
  private static func isCutOnce(_ block: [String], _ source: [String]) -> Bool {
    block.indices.dropFirst().contains { cut in
      source.indices.contains { source[$0...].starts(with: block[..<cut]) }
        && source.indices.contains { source[$0...].starts(with: block[cut...]) }
    }
  }

  @Test("Shows examples on every page of the list")
  func present() {
    #expect(swiftBlocks(text("README.md")).count >= 1)
    #expect(swiftBlocks(text("Sources/RDB/RDB.docc/Examples.md")).count >= 6)
  }

  static let dumps = ["redis-7.2.6/rich", "redis-6.2.16/sessions", "valkey-9.1.2/all", "redis-2.4.18/all"].map {
    Fixture.named($0)
  }

  @Test("Has examples that give the same result for each kind of input", arguments: dumps)
  func waysIn(_ dump: Fixture) throws {
    let rows = try Golden.rows(at: dump.goldenPath).filter { $0.key != nil }
    var bytes = 0
    for row in rows {
      switch row.value {
      case .string(.all(let value)): bytes += value.count
      case .string(.digest(let count, _)): bytes += count
      default: break
      }
    }
    let expected = ["\(rows.count) \(bytes)"]
    #expect(try printed { try countExample(dump.path, $0) } == expected)
    #expect(
      try printed { print in
        let descriptor = open(dump.path, O_RDONLY)
        defer { close(descriptor) }
        try descriptorExample(descriptor, print)
      } == expected)
    let whole = dump.bytes
    for size in [1, 100, 1 << 20] {
      let chunks = stride(from: 0, to: whole.count, by: size).map { start in
        Array(whole[start..<min(start + size, whole.count)])
      }
      let lines = try printed { try pushExample(chunks, $0) }
      #expect(lines.count == 1 && lines[0].hasPrefix(expected[0] + " "), "\(lines)")
    }
    let hashes = rows.filter { row in if case .hash = row.value { true } else { false } }
    let keys = try printed { try keysExample(dump.path, $0) }
    #expect(keys.count == hashes.count)
    #expect(
      Set(keys)
        == Set(
          hashes.map { row in
            guard case .hash(let fields) = row.value else { return "" }
            return "\(row.database ?? 0) \(printable(row.key ?? [])) \(fields.count)"
          }))
  }

  @Test("Has an example that stops early without an error", arguments: dumps)
  func stopping(_ dump: Fixture) throws {
    let lists = Set(
      try Golden.rows(at: dump.goldenPath).filter { $0.type == "list" }.map { printable($0.key ?? []) })
    let lines = try printed { try stopExample(dump.path, $0) }
    #expect(lines.count == 1)
    #expect(lists.isSuperset(of: lines))
    // Reading has stopped, so damage after the list is not noticed.
    var damaged = dump.bytes
    damaged.removeLast(9)
    var first = FirstList()
    var reader = RDBReader(MemorySource(damaged))
    try reader.read(into: &first)
    #expect(first.name.map { printable($0) } == lines.first)
  }

  @Test("Has examples of sinks that write the same bytes as the command", arguments: dumps)
  func converting(_ dump: Fixture) throws {
    let rows = try Golden.rows(at: dump.goldenPath).filter { $0.key != nil }
    var lines: [String] = []
    let commands = try output { descriptor in
      lines = try printed { try commandsExample(dump.path, descriptor, $0) }
    }
    let converted = convert(dump.bytes, target: "7.2") { options in
      options.databaseCount = 16
      options.existing = .replace
    }
    #expect(commands == converted.bytes && !commands.isEmpty)
    #expect(lines == ["\(rows.count) \(converted.summary.ledger.hasLosses)"])
    let json = try output { descriptor in
      lines = try printed { try jsonExample(dump.path, descriptor, $0) }
    }
    #expect(lines == ["\(rows.count)"])
    #expect(json.count { $0 == 10 } == rows.count)
  }
}
