import Foundation
import RDB
import RDBFormat
import RESP
import TestSupport
import Testing

@Suite("rdb split")
struct SplitTests {
  static func folder(_ bytes: [UInt8] = Fixture.named("redis-7.2.6/all").bytes) -> Scratch {
    let folder = Scratch()
    folder.write(bytes, as: "dump.rdb")
    return folder
  }

  static func files(_ name: String, in folder: Scratch) throws -> [String: Data] {
    let path = "\(folder.path)/\(name)"
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: "\(path)/\($0)") ?? Data()) })
  }

  @Test(
    "makes parts that are whole snapshots, with all keys, and the same bytes for any number of threads",
    arguments: [
      "--shards 4", "--by db", "--by type", "--by size --size 2kb", "--by prefix --parts 3",
      "--by prefix --sep e --depth 2 -t string",
    ])
  func parts(_ options: String) throws {
    let folder = Self.folder()
    let one = Tool.shell("rdb split dump.rdb -o one -j 1 \(options)", in: folder)
    let two = Tool.shell("rdb split - <dump.rdb -o two -j 2 \(options)", in: folder)
    let piped = Tool.shell("cat dump.rdb | rdb split - -o piped --trust \(options)", in: folder)
    #expect(one.status == 0 && two == one)
    #expect(piped == one)
    let files = try Self.files("one", in: folder)
    #expect(try Self.files("two", in: folder) == files)
    #expect(try Self.files("piped", in: folder) == files)
    var union = KeyedEvents()
    for (name, bytes) in files {
      try union.add([UInt8](bytes))
      let check = Tool.shell("rdb check one/\(name) -q", in: folder)
      #expect(check.status == 0)
      #expect(one.text.contains("\(name) "))
    }
    if !options.contains("-t ") {
      #expect(try union.keys == KeyedEvents(Fixture.named("redis-7.2.6/all").bytes).keys)
    }
  }

  @Test("shows the parts as a table, as CSV and as JSON")
  func table() {
    let folder = Self.folder()
    #expect(
      Tool.shell("rdb split dump.rdb -o a --shards 3 -q", in: folder).text == """
        part         slots        keys  bytes
        shard-0.rdb  0-5460         30   3206
        shard-1.rdb  5461-10922     23   2771
        shard-2.rdb  10923-16383    19   2144

        """)
    #expect(
      Tool.shell("rdb split dump.rdb -o b --by db --csv -q", in: folder).text
        == "file,slots,keys,bytes\r\ndb-0.rdb,,70,6962\r\ndb-1.rdb,,1,558\r\ndb-9.rdb,,1,559\r\n")
    #expect(Tool.shell("rdb split dump.rdb -o c --by db --json -q", in: folder).text.contains(#""file" : "db-9.rdb","#))
  }

  @Test(
    "says what is wrong, and leaves no folder",
    arguments: [
      ("", "How to split? Give --shards, --nodes or --by.", 64),
      ("--shards 3 --by db", "--shards, --nodes and --by contradict each other: give one.", 64),
      ("--shards 0", "--shards takes 1 to 16384, not 0.", 64),
      ("--shards 16385", "--shards takes 1 to 16384, not 16385.", 64),
      ("--by size", "--by size needs --size, such as --size 1gb.", 64),
      ("--by db --size 5", "--size needs --by size.", 64), ("--by size --size 0", "--size takes at least 1 byte", 64),
      ("--by prefix --depth 17", "--depth takes 1 to 16, not 17.", 64),
      ("--by prefix --parts 0", "--parts takes 1 to 16383, not 0.", 64),
      ("--by prefix --sep ''", "--sep takes at least one character.", 64),
      ("--nodes none", "none: cannot open: No such file or directory", 74),
      ("--nodes dump.rdb", "dump.rdb: corruptNodes at offset 0", 65),
      ("--nodes dump.rdb", "Give the nodes.conf of a cluster node, or the reply of CLUSTER NODES.", 65),
    ] as [(String, String, Int32)])
  func wrong(_ options: String, _ message: String, _ status: Int32) {
    let folder = Self.folder()
    let outcome = Tool.shell("rdb split dump.rdb -o out \(options)", in: folder)
    #expect(outcome.status == status)
    #expect(outcome.error.contains(message), "\(outcome.error)")
    #expect(folder.names == ["dump.rdb"])
  }

  @Test("refuses a folder that is not empty, and a file, and fills an empty folder")
  func occupied() {
    let folder = Self.folder()
    #expect(
      Tool.shell("mkdir a b; touch a/x; rdb split dump.rdb -o a --by db", in: folder).error.contains("is not empty"))
    #expect(Tool.shell("rdb split dump.rdb -o dump.rdb --by db", in: folder).error.contains("is no folder"))
    #expect(Tool.shell("rdb split dump.rdb -o b/ --by db -q", in: folder).status == 0)
    #expect(Tool.shell("ls b", in: folder).text == "db-0.rdb\ndb-1.rdb\ndb-9.rdb\n")
    #expect(Tool.shell("rdb split dump.rdb -o none/b --by db", in: folder).status == 74)
  }

  @Test("leaves no folder if the input is damaged or the disk is full")
  func failure() {
    let folder = Self.folder(Fixture.named("redis-7.2.6/all").bytes.dropLast(20) + [])
    let damaged = Tool.shell("rdb split dump.rdb -o out --shards 3", in: folder)
    #expect(damaged.status == 65)
    #expect(folder.names == ["dump.rdb"])
    let large = Self.folder(Crafted.large(count: 20_000))
    let full = Tool.shell("ulimit -f 10; rdb split dump.rdb -o out --shards 3", in: large)
    #expect(full.status == 74)
    #expect(full.error.hasPrefix("rdb: out: "), "\(full.error)")
    #expect(large.names == ["dump.rdb"])
  }

  @Test(
    "is removed on SIGINT, SIGTERM and SIGHUP, and never has its name after SIGKILL",
    arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
  func interrupted(_ signal: Int32) throws {
    let folder = Scratch()
    let (process, _) = try Tool.interrupt(["split", "-", "-o", "out", "--shards", "3"], by: signal, in: folder) {
      ["out.partial.\($0)"]
    }
    let partial = "out.partial.\(process.processIdentifier)"
    #expect(folder.names == (signal == SIGKILL ? [partial] : []))
  }

  @Test("makes a part per master of a live cluster, with exactly the keys of its slots")
  func cluster() throws {
    let busPorts = try (0..<3).map { _ in try LiveServer.freePort() }
    let servers = try busPorts.map { port in
      try LiveServer(.redis7, arguments: ["--cluster-enabled", "yes", "--cluster-port", "\(port)"])
    }
    defer { servers.forEach { $0.stop() } }
    let connections = try servers.map { try LiveConnection(port: $0.port) }
    let ranges = [[0...5000, 16000...16383], [5001...10000], [10001...15999]]
    for (connection, range) in zip(connections, ranges) {
      let words = ["CLUSTER", "ADDSLOTSRANGE"] + range.flatMap { ["\($0.lowerBound)", "\($0.upperBound)"] }
      #expect(try connection.commands([words.map { Array($0.utf8) }]) == [.simple(Array("OK".utf8))])
    }
    for (server, busPort) in zip(servers, busPorts).dropFirst() {
      try connections[0].command("CLUSTER", "MEET", "127.0.0.1", "\(server.port)", "\(busPort)")
    }
    var snapshot = SnapshotBuilder(version: 10)
    snapshot.select(0)
    for index in 0..<3000 {
      snapshot.string(index % 3 == 0 ? "{tag\(index % 40)}:\(index)" : "key:\(index)", "\(index)")
    }
    let folder = Self.folder(snapshot.whole)
    for _ in 0..<200 {
      if case .bulk(let nodes) = try connections[0].command("CLUSTER", "NODES") {
        folder.write(nodes, as: "nodes.conf")
        let text = String(decoding: nodes, as: UTF8.self)
        if text.split(separator: "\n").filter({ $0.contains("master") && $0.contains("connected ") }).count == 3 {
          break
        }
      }
      usleep(100_000)
    }
    let outcome = Tool.shell("rdb split dump.rdb -o out --nodes nodes.conf --json -q", in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    let files = try Self.files("out", in: folder)
    #expect(Set(files.keys) == Set(servers.map { "127.0.0.1-\($0.port).rdb" }))
    var keyCount = 0
    for (server, range) in zip(servers, ranges) {
      let bytes = try #require(files["127.0.0.1-\(server.port).rdb"])
      var reader = RDBReader(MemorySource([UInt8](bytes)))
      let names = try reader.fold(NameList()).summary.values
      keyCount += names.count
      let replies = try connections[0].commands(names.map { [Array("CLUSTER".utf8), Array("KEYSLOT".utf8), $0] })
      for reply in replies {
        guard case .integer(let slot) = reply else { throw LiveServer.Failure(description: "no slot: \(reply)") }
        #expect(range.contains { $0.contains(Int(slot)) })
      }
    }
    #expect(keyCount == 3000)
  }

  /// The names of all keys.
  private struct NameList: SelectiveSink, FoldingSink {
    var names: [[UInt8]] = []
    static var events: SinkEvents { [] }
    mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
      names.append([UInt8](key.name))
      return .skip
    }
    consuming func finish() throws -> Collected<[UInt8]> { Collected(names) }
  }
}
