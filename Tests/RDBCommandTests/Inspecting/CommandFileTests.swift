import Foundation
import TestSupport
import Testing

/// Append-only files, RESP dumps and files for `redis-cli --pipe` as inputs of the commands.
@Suite("Command files")
struct CommandFileTests {
  private static let log = [
    ["SET", "user:1", "ann"], ["SET", "user:2", "bob"], ["PEXPIREAT", "user:2", "4102444800000"],
    ["HSET", "h", "f", "1"], ["SELECT", "3"], ["RPUSH", "l", "a", "b"],
  ]

  private static func bytes(_ commands: [[String]]) -> [UInt8] {
    Array(
      commands.map { words in "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined() }.joined()
        .utf8)
  }

  private static func folder(_ more: [[String]] = []) -> Scratch {
    let folder = Scratch()
    folder.write(bytes(log + more), as: "appendonly.aof")
    return folder
  }

  static let readers = [
    "keys", "json", "resp", "memory", "memory --top 3", "prefix", "ttl --now 2026-01-01T00:00Z", "stats", "bigkeys",
    "memkeys", "keys -j2",
    "json -j2",
  ]

  @Test("are read by every command as the snapshot that they build", arguments: readers)
  func commands(_ command: String) throws {
    let folder = Self.folder()
    let outcome = Tool.shell("rdb \(command) -q appendonly.aof", in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.error == "")
    let snapshot = Tool.shell(
      "rdb resp -q appendonly.aof >again.resp && rdb \(command) -q again.resp", in: folder)
    #expect(snapshot.output == outcome.output)
    #expect(Tool.shell("cat appendonly.aof | rdb \(command) -q -", in: folder).output == outcome.output)
    #expect(Tool.shell("gzip -c appendonly.aof | rdb \(command) -q -", in: folder).output == outcome.output)
  }

  @Test("have the databases, values and expiries of their commands")
  func contents() {
    let folder = Self.folder()
    #expect(
      Tool.shell("rdb keys --csv --format %d%k%t%e -q appendonly.aof | tail -n +2", in: folder).text
        .split(whereSeparator: \.isNewline).map(String.init).sorted() == [
          "0,h,hash,", "0,user:1,string,", "0,user:2,string,4102444800000", "3,l,list,",
        ])
    #expect(Tool.shell("rdb get appendonly.aof user:1 --raw -q", in: folder).text == "ann")
    #expect(Tool.shell("rdb get appendonly.aof l -n 3 --raw -q", in: folder).text == "a\nb\n")
    #expect(Tool.shell("rdb get appendonly.aof nobody -q", in: folder).status == 1)
    #expect(Tool.shell("rdb keys -q --pattern 'user:*' appendonly.aof", in: folder).text == "user:1\nuser:2\n")
  }

  @Test("with relative expiries count them from --now until the file tells a time")
  func relativeExpiries() {
    let folder = Scratch()
    folder.write(Self.bytes([["SET", "a", "1"], ["EXPIRE", "a", "10"]]), as: "relative.aof")
    folder.write(
      Array("#TS:1700000000\r\n".utf8) + Self.bytes([["SET", "a", "1"], ["EXPIRE", "a", "10"]]), as: "timed.aof")
    let line = "rdb keys -q --format '%k %e' --now 2026-01-01T00:00Z"
    #expect(Tool.shell("\(line) relative.aof", in: folder).text == "a 1767225610000\n")
    #expect(Tool.shell("\(line) timed.aof", in: folder).text == "a 1700000010000\n")
  }

  @Test("larger than --max-memory give the same keys")
  func memory() {
    let folder = Scratch()
    let values = (0..<3000).map { ["SET", "key:\($0)", String(repeating: "v\($0)", count: 200)] }
    let changes = (0..<3000).map { ["APPEND", "key:\($0)", "more"] }
    folder.write(Self.bytes(values + changes), as: "large.aof")
    let all = Tool.shell("rdb json --lines -q large.aof | sort | cksum", in: folder)
    let bounded = Tool.shell("rdb json --lines -q --max-memory 1mb large.aof | sort | cksum", in: folder)
    #expect(all.status == 0 && bounded.status == 0)
    #expect(all.text == bounded.text)
    #expect(Tool.shell("rdb keys -q --max-memory 1mb large.aof | wc -l", in: folder).text.contains("3000"))
  }

  @Test("can be the folder of an append-only file in several parts, or its manifest")
  func parts() {
    let root = "\(Fixture.root)/aof/redis-7.2.6-multipart"
    let folder = Tool.shell("rdb keys -q '\(root)'")
    #expect(folder.status == 0)
    #expect(folder.text.split(separator: "\n").count > 50)
    #expect(Tool.shell("rdb keys -q '\(root)/appendonly.aof.manifest'").output == folder.output)
    let scratch = Scratch()
    let outcome = Tool.shell("mkdir d && cp '\(root)'/*.rdb d/ && rdb keys d", in: scratch)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("appendonly.aof.2.base.rdb"))
  }

  @Test("are refused by index and bench with exit code 64")
  func noIndex() {
    let folder = Self.folder()
    #expect(Tool.shell("rdb index appendonly.aof", in: folder).status == 64)
    #expect(Tool.shell("rdb bench appendonly.aof", in: folder).status == 64)
  }

  @Test("are refused with the name and offset of a command that is not replayed, unless --skip-unknown is given")
  func unknown() {
    let folder = Self.folder([["EVAL", "return 1", "0"]])
    let refused = Tool.shell("rdb keys -q appendonly.aof", in: folder)
    #expect(refused.status == 65)
    #expect(refused.error.contains("EVAL") && refused.error.contains("offset 21") && refused.error.contains("--engine"))
    let lossy = Tool.shell("rdb keys -q --skip-unknown appendonly.aof", in: folder)
    #expect(lossy.status == 3)
    #expect(lossy.text.split(separator: "\n").count == 4)
    #expect(lossy.error.contains("lost: 1 command"))
    let get = Tool.shell("rdb get -q --skip-unknown appendonly.aof user:1", in: folder)
    #expect(get.status == 3)
    #expect(get.error.contains("lost: 1 command"))
  }

  @Test("are read with a note about each command that fails on a server too")
  func failures() {
    let folder = Self.folder([["SELECT", "0"], ["INCR", "user:1"], ["LPUSH", "h", "x"]])
    let outcome = Tool.shell("rdb keys appendonly.aof", in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.error.contains("1 × commands that fail, as on a server"))
  }

  @Test("are read up to the last command that ends at or before --until-offset")
  func untilOffset() {
    let folder = Self.folder([["FLUSHALL"]])
    #expect(Tool.shell("rdb keys -q appendonly.aof", in: folder).text == "")
    let size = Self.bytes(Self.log).count
    for offset in [size, size + 3] {
      let outcome = Tool.shell("rdb keys -q --until-offset \(offset) appendonly.aof", in: folder)
      #expect(outcome.text.split(separator: "\n").count == 4)
    }
    #expect(Tool.shell("rdb keys -q --until-offset x appendonly.aof", in: folder).status == 64)
    #expect(Tool.shell("rdb keys -q --until-time 2026-01-01T00:00Z appendonly.aof", in: folder).status == 64)
  }

  @Test("that are cut give exit code 65, or with --allow-truncated are read up to the last whole command")
  func cut() {
    let folder = Scratch()
    folder.write(Array(Self.bytes(Self.log).dropLast(4)), as: "cut.aof")
    #expect(Tool.shell("rdb keys -q cut.aof", in: folder).status == 65)
    let allowed = Tool.shell("rdb keys --allow-truncated cut.aof", in: folder)
    #expect(allowed.status == 0)
    #expect(allowed.text.split(separator: "\n").count == 3)
    #expect(allowed.error.contains("ends inside a command"))
  }

  @Test("with renamed commands are read with --rename-command")
  func renamed() {
    let folder = Self.folder([["HIDDEN", "user:1"], ["SELECT", "0"], ["HIDDEN", "user:1"]])
    #expect(Tool.shell("rdb keys -q appendonly.aof", in: folder).status == 65)
    let outcome = Tool.shell("rdb keys -q --rename-command hidden=del appendonly.aof", in: folder)
    #expect(outcome.text.split(separator: "\n").count == 3)
    #expect(Tool.shell("rdb keys --rename-command hidden=nosuch appendonly.aof", in: folder).status == 64)
  }

  @Test("can be replayed by a private server, whose temporary folder is removed")
  func engine() {
    guard Tool.shell("command -v redis-server").status == 0 else { return }
    let folder = Self.folder()
    let own = Tool.shell("rdb keys -q --format '%d %k %t %e' appendonly.aof | sort", in: folder)
    let server = Tool.shell(
      "mkdir t && TMPDIR=$PWD/t rdb keys -q --format '%d %k %t %e' --engine redis-server appendonly.aof | sort && ls t",
      in: folder)
    #expect(server.status == 0)
    #expect(server.text == own.text)
    #expect(Tool.shell("rdb keys --engine nosuch-server appendonly.aof", in: folder).status == 64)
    let damaged = Self.folder([["NOSUCH"]])
    #expect(Tool.shell("rdb keys --engine redis-server appendonly.aof", in: damaged).status == 65)
  }

  @Test("A payload of DUMP is an input of get, json, memory and check, raw or as redis-cli prints it")
  func payload() {
    // The string "v" of Redis 7.0.
    let raw = RDBBytes.payload([0, 1, 0x76], version: 10)
    let folder = Scratch()
    folder.write(raw, as: "raw")
    folder.write(raw + [10], as: "line")
    let escaped = raw.map { $0 == 0x76 ? "v" : "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    folder.write(Array("\"\(escaped)\"\n".utf8), as: "printed")
    for name in ["raw", "line", "printed"] {
      #expect(Tool.shell("rdb get --payload --raw -q \(name)", in: folder).text == "v")
      #expect(Tool.shell("rdb json --lines --payload -q \(name)", in: folder).text.contains(#""payload""#))
      #expect(Tool.shell("rdb memory --payload -q \(name)", in: folder).status == 0)
      #expect(Tool.shell("cat \(name) | rdb check --payload -", in: folder).status == 0)
    }
    var damaged = raw
    damaged[2] ^= 1
    folder.write(damaged, as: "damaged")
    #expect(Tool.shell("rdb get --payload damaged", in: folder).status == 65)
    #expect(Tool.shell("rdb get --payload raw key", in: folder).status == 64)
    #expect(Tool.shell("rdb get raw", in: folder).status == 64)
  }
}
