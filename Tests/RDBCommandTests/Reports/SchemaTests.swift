import Foundation
import TestSupport
import Testing

/// The JSON of the command, checked against the schemas in `Schemas/`. RDBConvertTests check `rdb json` itself.
@Suite("JSON schemas")
struct SchemaTests {
  struct Report: Sendable, CustomTestStringConvertible {
    var schema: String
    /// A line of `sh` that writes `$1.json`, of the dump `$2`.
    var line: String
    /// Whether damaged dumps are checked as well.
    var takesDamage = false
    /// Every n-th dump is checked: reports of similar dumps differ little.
    var stride = 1
    var testDescription: String { schema }
  }

  static let reports = [
    Report(schema: "info", line: "rdb info --json \"$2\" -o $1.json"),
    Report(schema: "check", line: "rdb check --unique --json \"$2\" -o $1.json", takesDamage: true),
    Report(schema: "prefix", line: "rdb prefix --json --max-nodes 12 \"$2\" -o $1.json", stride: 3),
    Report(schema: "ttl", line: "rdb ttl --json \"$2\" -o $1.json", stride: 3),
    Report(schema: "stats", line: "rdb stats --json \"$2\" -o $1.json", stride: 3),
    Report(schema: "bigkeys", line: "rdb bigkeys --json --by bytes --per-type --top 3 \"$2\" -o $1.json", stride: 3),
    Report(schema: "report", line: "rdb report --json \"$2\" -q -o $1.json", stride: 3),
    Report(
      schema: "ledger",
      line: "rdb resp \"$2\" --target 4.0 --databases 100000 -q --lossy -o $1.resp --ledger $1.json",
      stride: 4),
    Report(
      schema: "resp-check",
      line: """
        rdb resp \"$2\" --target 4.0 --databases 100000 -q --lossy --trailer -o $1.resp
        head -c 500 $1.resp >cut && rdb check --json cut -o $1.cut.json
        rdb check --json $1.resp -o $1.json
        """, stride: 4),
    Report(
      schema: "diff",
      line: "rdb diff --json --max-changes 20 \"$2\" \"${last:-$2}\" -q -o $1.json; last=$2", stride: 4),
    Report(schema: "split", line: "rdb split --json --by type \"$2\" -q -o $1 >$1.json", stride: 3),
    Report(schema: "bench", line: "rdb bench --json --repeat 2 \"$2\" >$1.json", stride: 50),
  ]

  @Test("accept the reports of every fixture", arguments: reports)
  func holds(_ report: Report) throws {
    let folder = Scratch()
    // Without the magic bytes a file is checked as one of commands, with another schema.
    let damaged = Fixture.damaged.filter { $0.bytes.starts(with: "REDIS".utf8) }
    // `rdb bench` converts too, which it refuses for databases that a server does not have by default.
    let candidates = Fixture.valid.filter { report.schema != "bench" || $0.topic != "multidb" }
    let valid = stride(from: 0, to: candidates.count, by: report.stride).map { candidates[$0] }
    let fixtures = valid + (report.takesDamage ? damaged : [])
    let paths = fixtures.map { "one \($0.fileName) '\($0.path)'" }.joined(separator: "\n")
    let outcome = Tool.shell("one() {\n\(report.line)\n}\n\(paths)\n:", in: folder)
    #expect(Self.unexpected(outcome.error) == "" || report.schema == "ledger" || report.schema == "resp-check")
    let files = folder.names.filter { $0.hasSuffix(".json") }
    #expect(files.count >= fixtures.count)
    let (status, text) = try SchemaValidator.validate(
      "\(report.schema).schema.json", files.map { "\(folder.path)/\($0)" })
    #expect(status == 0, "\(text.prefix(2000))")
  }

  /// The messages of a run but those about the commands of append-only files, which no report covers.
  private static func unexpected(_ error: String) -> String {
    error.split(separator: "\n").filter { !$0.hasSuffix("commands after the snapshot are not replayed") }.joined()
  }

  /// Commands that write JSON Lines, with one key per line.
  static let tables = [
    (schema: "memory", line: "rdb memory --json"),
    (schema: "keys", line: "rdb keys --json"),
    (schema: "keys", line: "rdb keys --json --format %d%k%t%e%i%r%f%E%b%m%s"),
  ]

  @Test("accept the rows of every fixture", arguments: tables.indices)
  func rows(_ index: Int) throws {
    let table = Self.tables[index]
    let folder = Scratch()
    let fixtures = stride(from: index, to: Fixture.valid.count, by: 3).map { Fixture.valid[$0] }
    let lines = fixtures.map { "\(table.line) -q '\($0.path)' >\($0.fileName).jsonl" }
    let outcome = Tool.shell(lines.joined(separator: "\n"), in: folder)
    #expect(Self.unexpected(outcome.error) == "" && [0, 3].contains(outcome.status))
    let files = folder.names.map { "\(folder.path)/\($0)" }
    #expect(files.count == fixtures.count)
    let (status, text) = try SchemaValidator.validate("\(table.schema).schema.json", files, lines: true)
    #expect(status == 0, "\(text.prefix(2000))")
  }

  @Test("refuse another format number, and members that they do not describe")
  func refuses() throws {
    let folder = Scratch()
    folder.write(Crafted.fieldExpiry, as: "dump.rdb")
    _ = Tool.shell("rdb resp dump.rdb -o out --ledger good.json", in: folder)
    let good = String(decoding: folder.contents(of: "good.json") ?? Data(), as: UTF8.self)
    folder.write(Array(good.replacing("\"format\" : 1", with: "\"format\" : 2").utf8), as: "format.json")
    folder.write(Array(good.replacing("\"notes\"", with: "\"remarks\"").utf8), as: "name.json")
    for (name, status) in [("good", 0), ("format", 1), ("name", 1)] as [(String, Int32)] {
      let result = try SchemaValidator.validate("ledger.schema.json", ["\(folder.path)/\(name).json"])
      #expect(result.status == status, "\(name): \(result.output)")
    }
  }
}
