import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import TestSupport
import Testing

@Suite("Folders of an append-only file")
struct LogFolderTests {
  static let readableRows: [(name: String, roles: [String], commandCount: Int)] = [
    ("mp-select-per-file", ["base", "incremental", "incremental"], 8),
    ("mp-quoted", ["base", "incremental"], 4),
    ("mp-no-base", ["incremental"], 2),
    ("mp-seq-gap", ["base", "incremental", "incremental"], 9),
    ("mp-incr-before-base", ["base", "incremental", "incremental"], 8),
    ("mp-empty-incr", ["base", "incremental"], 4),
    ("mp-all-empty", ["base", "incremental"], 0),
  ]

  @Test("Are read in the order of their manifest, with the base first", arguments: readableRows)
  func readable(_ row: (name: String, roles: [String], commandCount: Int)) throws {
    let folder = try LogFolder(path: "\(Fixture.root)/commands/\(row.name)")
    #expect(folder.parts.map(\.role.rawValue) == row.roles)
    let reading = LogReading(folder: "commands/\(row.name)")
    #expect(reading.error == nil)
    #expect(reading.commands.count == row.commandCount)
    #expect(reading.lines.filter { $0.hasPrefix("part") } == row.roles.indices.map { "part \($0)" })
    // The manifest itself names the same log.
    #expect(try LogFolder(path: folder.manifestPath).manifest == folder.manifest)
  }

  @Test(
    "Are refused with the reason",
    arguments: [
      (
        "mp-missing-incr",
        """
        corruptManifest at offset 0 of appendonly.aof.manifest: expected the file "appendonly.aof.1.incr.aof", which the \
        manifest lists, found no such file
        """
      ),
      (
        "mp-two-bases",
        """
        corruptManifest at offset 44 of appendonly.aof.manifest: expected one base, found a second one, \
        "appendonly.aof.2.base.aof"
        """
      ),
      (
        "mp-manifest-no-newline",
        """
        corruptManifest at offset 0 of appendonly.aof.manifest: expected a line end after the last line, found none
        """
      ),
      (
        "mp-manifest-empty",
        """
        corruptManifest at offset 0 of appendonly.aof.manifest: expected a line per part, found an empty manifest
        """
      ),
      (
        "mp-truncated-middle",
        """
        truncatedCommands at offset 60 of appendonly.aof.1.incr.aof: expected the rest of the command that begins at 50, \
        found the end of the file; all before 50 is whole
        """
      ),
      (
        "mp-multi-across-files",
        """
        truncatedCommands at offset 92 of appendonly.aof.1.incr.aof: expected EXEC, which ends the transaction, found \
        the end of the file; all before 50 is whole
        """
      ),
    ])
  func refused(_ name: String, _ error: String) {
    #expect(LogReading(folder: "commands/\(name)") { $0.allowsTruncated = true }.error == error)
  }

  @Test("May be cut in the last part only")
  func truncated() {
    let reading = LogReading(folder: "commands/mp-truncated-last") { $0.allowsTruncated = true }
    #expect(reading.error == nil)
    #expect(reading.notes == ["cutTransaction 1:50 42"])
    #expect(
      LogReading(folder: "commands/mp-truncated-last").error?.hasPrefix(
        "truncatedCommands at offset 92 of appendonly.aof.1.incr.aof: ") == true)
    // An empty part after the cut one does not help.
    let parts = [
      LogPart(name: "1.aof", role: .incremental) { MemorySource(Array(arrays("SET a 1").dropLast())) },
      LogPart(name: "2.aof", role: .incremental) { MemorySource([]) },
    ]
    var options = LogOptions()
    options.allowsTruncated = true
    #expect(LogReading(CommandLog(parts, options)).error?.contains("of 1.aof") == true)
  }

  static let folders = names(in: "\(Fixture.root)/aof").filter { LogFolder.isFolder("\(Fixture.root)/aof/\($0)") }

  @Test("Written by servers are read whole", arguments: folders)
  func servers(_ name: String) throws {
    let reading = LogReading(folder: "aof/\(name)") { $0.allowsTruncated = true }
    #expect(reading.error == nil)
    let folder = try LogFolder(path: "\(Fixture.root)/aof/\(name)")
    let hasBase = folder.manifest.parts[0].name.suffix(4).elementsEqual(".rdb".utf8) || name.contains("upgraded")
    #expect(!hasBase || reading.lines[1].hasPrefix("base with "))
    #expect(reading.commands.count > 10)
    #expect(name.contains("truncated") == !reading.notes.isEmpty)
  }

  @Test("Without a manifest are refused with the names of their parts")
  func noManifest() {
    let scratch = Scratch()
    #expect(
      error(scratch.path)
        == "noLog at offset 0: expected the folder of an append-only file, found none of its files")
    scratch.write([], as: "appendonly.aof.1.base.rdb")
    scratch.write([], as: "appendonly.aof.1.incr.aof")
    #expect(
      error(scratch.path) == """
        corruptManifest at offset 0: expected a folder with one manifest, found none, only the parts \
        appendonly.aof.1.base.rdb, appendonly.aof.1.incr.aof, whose order the manifest tells
        """)
    scratch.write([], as: "a.manifest")
    scratch.write([], as: "b.manifest")
    #expect(error(scratch.path)?.hasSuffix("found 2: a.manifest, b.manifest") == true)
  }

  @Test("Use the file beside the folder if an upgrade was interrupted")
  func upgrade() throws {
    let scratch = Scratch()
    mkdir("\(scratch.path)/appendonlydir", 0o700)
    scratch.write(Array("file appendonly.aof seq 1 type b\n".utf8), as: "appendonlydir/appendonly.aof.manifest")
    #expect(error("\(scratch.path)/appendonlydir")?.contains("no such file") == true)
    scratch.write(arrays("SET a 1"), as: "appendonly.aof")
    let folder = try LogFolder(path: "\(scratch.path)/appendonlydir")
    #expect(folder.outsideBase?.hasSuffix("appendonlydir/../appendonly.aof") == true)
    #expect(LogReading(CommandLog(folder.parts)).commands == ["SET a 1"])
  }

  private func error(_ path: String) -> String? {
    do {
      _ = try LogFolder(path: path)
      return nil
    } catch {
      return "\(error)"
    }
  }
}

@Suite("Manifests")
struct ManifestTests {
  @Test("Allow quoted and escaped names, any order of keys, unknown keys, comments and CRLF")
  func lenient() throws {
    let text = """
      # comment\r
      seq 2 type i file "a\\x62c d" startoffset 12 endoffset 40\r
      TYPE base FILE 'it\\'s' SEQ 9\r
      file old type h seq 1\r
      file e seq 7 type i\r\n
      """
    let manifest = try LogManifest(Array(text.utf8))
    #expect(manifest.parts.map { String(decoding: $0.name, as: UTF8.self) } == ["it's", "abc d", "e"])
    #expect(manifest.parts.map(\.number) == [9, 2, 7])
    #expect(manifest.history == [Array("old".utf8)])
  }

  @Test(
    "Are refused with the offset of the line",
    arguments: [
      ("file a seq 1 type b\n\nfile b seq 1 type i\n", 20, "an empty line"),
      ("file a seq 1 type b\nfile b seq 1\n", 20, "\"file b seq 1\""),
      ("file a seq 1 type b extra\n", 0, "\"file a seq 1 type b extra\""),
      ("file a seq 0 type b\n", 0, "\"file a seq 0 type b\""),
      ("file a seq -1 type b\n", 0, "\"file a seq -1 type b\""),
      ("file a seq 1 type x\n", 0, "\"x\""),
      ("file \"a seq 1 type b\n", 0, "quotation marks that are not balanced"),
      ("file ../a seq 1 type b\n", 0, "\"../a\""),
      ("file .. seq 1 type b\n", 0, "\"..\""),
      ("file /etc/passwd seq 1 type i\n", 0, "\"/etc/passwd\""),
      ("file \"a\\x00b\" seq 1 type i\n", 0, "\"a\\x00b\""),
      ("file a seq 2 type i\nfile b seq 1 type i\n", 20, "1"),
      ("file a seq 2 type i\nfile b seq 2 type i\n", 20, "2"),
      ("# only a comment\n", 0, "a manifest without parts to load"),
      ("file a seq 1 type h\n", 0, "a manifest without parts to load"),
      ("file a seq 1 type b", 0, "none"),
    ])
  func refused(_ text: String, _ offset: Int, _ found: String) {
    let error = #expect(throws: RDBError.self) { try LogManifest(Array(text.utf8)) }
    #expect(error?.code == .corruptManifest)
    #expect(error?.offset == offset)
    #expect(error?.found == found)
  }

  @Test("Are refused if a line is longer than a server reads")
  func longLine() {
    let text = "file \(String(repeating: "a", count: 1010)) seq 1 type b\n"
    #expect(throws: RDBError.self) { try LogManifest(Array(text.utf8)) }
  }
}

@Suite("Recognition of command files")
struct CommandFileKindTests {
  static let rows: [(start: String, kind: CommandFileKind?)] = [
    ("REDIS0011", .snapshot), ("VALKEY080", .snapshot), ("$EOF:", .snapshot), ("+FULLRESYNC", .snapshot),
    ("*3\r\n", .appendOnlyFile), ("*", .appendOnlyFile), ("#TS:1700000000\r\n*1\r\n", .appendOnlyFile),
    ("#TS:17", .appendOnlyFile), ("# comment\n*1\r\n", .appendOnlyFile), ("# comment\nset a 1\n", .commandFile),
    ("SET a 1\n", .commandFile), ("\r\n  get \"x\"", .commandFile), ("\u{FEFF}SET a 1", .commandFile),
    ("S\0E\0T\0", .commandFile), ("file a seq 1 type b\n", .manifest), ("# x\nseq 1 file a type i\n", .manifest),
    ("", nil), ("hello world\n", nil), ("{\"db\":0}\n", nil), ("* a list\n", nil), ("# a heading\n", nil),
  ]

  @Test("Depends on the first bytes of the file only", arguments: rows)
  func recognised(_ row: (start: String, kind: CommandFileKind?)) {
    #expect(CommandFileKind(Array(row.start.utf8)) { ["set", "get"].contains($0) } == row.kind)
  }
}

@Suite("Snapshots at the beginning of a log")
struct PreambleTests {
  static let files = ["redis-4.0.14-preamble", "redis-5.0.14-preamble", "redis-6.2.16-preamble"]

  @Test("Are read from files and pipes, and the commands that follow have their offsets", arguments: files)
  func preambles(_ name: String) {
    let bytes = readFile("\(Fixture.root)/aof/\(name).aof")
    let reading = LogReading(bytes)
    #expect(reading.error == nil)
    #expect(reading.lines[1].hasPrefix("base with "))
    #expect(reading.commands.count > 5)
    let offset = Int(reading.lines[2].prefix { $0.isNumber })!
    #expect(bytes[offset] == UInt8(ascii: "*"))
    for pieces in [1, 7, 4096] {
      #expect(LogReading(bytes, pieces: pieces) == reading)
      #expect(LogReading(bytes, pieces: pieces, canSeek: true) == reading)
    }
  }

  @Test("Are skipped if they are not read")
  func skipped() throws {
    let bytes = readFile("\(Fixture.root)/aof/redis-6.2.16-preamble.aof")
    let log = CommandLog(MemorySource(bytes))
    var count = 0
    while let item = try log.next() {
      if case .command = item { count += 1 }
    }
    #expect(count == LogReading(bytes).commands.count)
  }

  @Test("Precede every stop point: an offset inside a snapshot is refused")
  func stop() {
    let bytes = readFile("\(Fixture.root)/aof/redis-6.2.16-preamble.aof")
    let first = UInt64(LogReading(bytes).lines[2].prefix { $0.isNumber })!
    #expect(LogReading(bytes) { $0.stop = .offset(first, file: nil) }.commands == [])
    #expect(
      LogReading(bytes) { $0.stop = .offset(first - 1, file: nil) }.error
        == "refused at offset 0: expected an offset from \(first) on, after the snapshot, found \(first - 1)")
  }

  @Test("Of a replication link end with a mark, and can be followed by empty lines between commands")
  func replication() {
    let mark = String(repeating: "a1b2", count: 10)
    let snapshot = readFile("\(Fixture.root)/redis-6.2.16/all.rdb")
    let bytes =
      Array("$EOF:\(mark)\r\n".utf8) + snapshot + Array(mark.utf8) + [10] + arrays("PING") + [10, 10]
      + arrays("SET a 1")
    for pieces in [7, .max] {
      let reading = LogReading(bytes, pieces: pieces)
      #expect(reading.error == nil)
      #expect(reading.commands == ["PING", "SET a 1"])
    }
  }
}
