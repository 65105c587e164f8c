import RDB
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

private let identifier = Array(repeating: UInt8(ascii: "a"), count: 40)
private let start = StreamPosition(ReplicationPosition(identifier: identifier, offset: 1000), database: 0)

private func options(
  from source: String = "8.2", to target: String = "7.0", _ change: (inout FollowOptions) -> Void = { _ in }
) -> FollowOptions {
  var options = FollowOptions(from: ServerVersion(source)!, to: ServerVersion(target)!)
  change(&options)
  return options
}

/// Commands of words, separated by `;`.
private func stream(_ text: String) -> [UInt8] {
  text.split(separator: ";").flatMap { command in
    RESPText.command(command.split(separator: " ").map { Array($0.utf8) })
  }
}

/// The commands of a batch as text, in the form of ``stream(_:)``.
private func text(_ bytes: [UInt8]) throws -> String {
  var reader = RESPCommandReader()
  reader.feed(bytes.span.bytes)
  var commands: [String] = []
  while try reader.next() {
    commands.append(reader.copiedArguments().map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
  }
  return commands.joined(separator: ";")
}

/// The reason why a stream is not read on.
private func stop(of reader: inout StreamReader) -> FollowStop? {
  do throws(FollowStop) { try reader.read() } catch { return error }
  return nil
}

/// What a target gets for a stream that arrives at once.
private func translated(_ commands: String, _ options: FollowOptions) throws -> String {
  var reader = StreamReader(from: start, positionKey: Array("position".utf8), options)
  reader.feed(stream(commands).span.bytes)
  try reader.read()
  return try text(reader.takeBatch().bytes)
}

@Suite("The commands of a replication stream")
struct StreamReaderTests {
  @Test("Are read with the offset after each, in chunks of any size")
  func offsets() throws {
    let bytes = stream("SELECT 0;SET a 1;MULTI;INCR b;INCR c;EXEC;PING") + [10] + stream("SELECT 3;DEL a")
    for size in [1, 2, 7, 1000] {
      var reader = StreamReader(from: start, positionKey: [], options())
      var ends: [UInt64] = []
      for first in stride(from: 0, to: bytes.count, by: size) {
        reader.feed(Array(bytes[first..<min(first + size, bytes.count)]).span.bytes)
        try reader.read()
        if ends.last != reader.position.offset { ends.append(reader.position.offset) }
      }
      let position = reader.position
      #expect(position.offset == 1000 + UInt64(bytes.count))
      #expect(position.database == 3)
      let inTransaction =
        1000 + UInt64(stream("SELECT 0;SET a 1;MULTI").count)..<1000
        + UInt64(stream("SELECT 0;SET a 1;MULTI;INCR b;INCR c;EXEC").count)
      #expect(!ends.contains { inTransaction.contains($0) })
      let batch = reader.takeBatch()
      #expect(try text(batch.bytes) == "SELECT 0;SET a 1;SELECT 0;INCR b;INCR c;SELECT 3;DEL a")
      #expect(batch.end == position && batch.sourceCommandCount == 4)
      #expect(batch.databases == [0, 3])
    }
  }

  @Test("Are not read beyond an offset, so that a following ends exactly there")
  func limit() throws {
    let first = stream("SET a 1;SET b 2")
    var reader = StreamReader(from: start, positionKey: [], options())
    reader.feed((first + stream("SET c 3")).span.bytes)
    try reader.read(upTo: 1000 + UInt64(first.count))
    let (offset, bytes) = (reader.position.offset, reader.takeBatch().bytes)
    #expect(offset == 1000 + UInt64(first.count))
    #expect(try text(bytes) == "SELECT 0;SET a 1;SET b 2")
  }

  @Test("Fill a batch up to its limit, and a transaction of the source stays whole")
  func batches() throws {
    var reader = StreamReader(from: start, positionKey: [], options { $0.batchCommandCount = 3 })
    reader.feed(stream("SET a 1;MULTI;SET b 1;SET c 1;SET d 1;EXEC;SET e 1").span.bytes)
    try reader.read()
    let (isFull, first) = (reader.isFull, reader.takeBatch().bytes)
    #expect(isFull)
    #expect(try text(first) == "SELECT 0;SET a 1;SELECT 0;SET b 1;SET c 1;SET d 1")
    try reader.read()
    let second = reader.takeBatch().bytes
    #expect(try text(second) == "SELECT 0;SET e 1")
  }

  @Test("Messages and what servers tell each other are left out, and a question for the offset is noticed")
  func withoutEffect() throws {
    var reader = StreamReader(from: start, positionKey: [], options())
    reader.feed(stream("PING;PUBLISH c m;SPUBLISH c m;REPLCONF GETACK *;publish c m").span.bytes)
    try reader.read()
    let (hasCommands, messageCount) = (reader.hasCommands, reader.messageCount)
    #expect(!hasCommands && messageCount == 3)
    let (first, second) = (reader.takeAcknowledgementRequest(), reader.takeAcknowledgementRequest())
    #expect(first && !second)
  }

  @Test(
    "That name databases follow the map of databases",
    arguments: [
      ("SELECT 1;SET a 1", "SELECT 5;SET a 1"), ("SWAPDB 1 2", "SELECT 0;SWAPDB 5 2"),
      ("SWAPDB 0 1", "SELECT 0;DEL position;SWAPDB 0 5"), ("MOVE a 1", "SELECT 0;MOVE a 5"),
      ("COPY a b DB 1 REPLACE", "SELECT 0;COPY a b DB 5 REPLACE"), ("COPY a b", "SELECT 0;COPY a b"),
    ])
  func mapped(commands: String, expected: String) throws {
    #expect(try translated(commands, options { $0.databaseMap = [1: 5] }) == expected)
  }

  @Test(
    "Of databases that are not followed are skipped, and those that would mix them are refused by name",
    arguments: [
      ("SET a 1;SELECT 1;SET b 1", "SELECT 1;SET b 1", ""), ("SELECT 1;FLUSHALL", "SELECT 1;FLUSHDB", ""),
      ("SELECT 1;MOVE a 0", "SELECT 1;DEL a", ""), ("MOVE a 1", "", "MOVE"), ("SWAPDB 0 1", "", "SWAPDB"),
      ("SWAPDB 2 3", "", ""), ("COPY a b DB 1", "", "COPY"), ("SELECT 1;COPY a b DB 2", "", ""),
    ])
  func filtered(commands: String, expected: String, refused: String) throws {
    let options = options { ($0.databases, $0.onError) = ([1], .skip) }
    var reader = StreamReader(from: start, positionKey: [], options)
    reader.feed(stream(commands).span.bytes)
    try reader.read()
    let (bytes, failures) = (reader.takeBatch().bytes, reader.takeFailures())
    #expect(try text(bytes) == expected)
    #expect(failures.map { String(decoding: $0.command, as: UTF8.self) } == (refused.isEmpty ? [] : [refused]))
  }

  @Test(
    "That the target lacks get a form with the same effect",
    arguments: [
      ("SET k v IFEQ old", "7.0", "SET k v"), ("SET k v PXAT 5", "7.0", "SET k v PXAT 5"),
      ("SET k v PXAT 5", "6.0", "SET k v;PEXPIREAT k 5"),
      ("MSETEX 2 a 1 b 2 NX PXAT 5", "7.0", "SET a 1 PXAT 5;SET b 2 PXAT 5"),
      ("HSETEX h KEEPTTL FIELDS 2 f v g w", "7.0", "HSET h f v g w"), ("HSETEX h FIELDS 1 f v", "7.4", "HSET h f v"),
      ("HSETEX h FNX PXAT 5 FIELDS 1 f v", "7.4", "HSET h f v;HPEXPIREAT h 5 FIELDS 1 f"),
      ("HSETEX h PXAT 5 FIELDS 1 f v", "8.2", "HSETEX h PXAT 5 FIELDS 1 f v"),
      ("HPERSIST h FIELDS 1 f", "7.0", ""), ("HGETDEL h FIELDS 2 f g", "8.2", "HDEL h f g"),
      ("XADD x KEEPREF MAXLEN 1 5-1 f KEEPREF", "7.0", "XADD x MAXLEN 1 5-1 f KEEPREF"),
      ("XADD x MAXLEN 1 5-1 DELREF KEEPREF", "7.0", "XADD x MAXLEN 1 5-1 DELREF KEEPREF"),
      ("XDELEX x KEEPREF IDS 2 1-1 2-2", "7.0", "XDEL x 1-1 2-2"),
      ("XACKDEL x g IDS 1 1-1", "valkey-9.0", "XACK x g 1-1;XDEL x 1-1"),
      ("RESTORE-ASKING k 0 x ABSTTL", "7.0", "RESTORE k 0 x ABSTTL"), ("PEXPIREAT k 5 NX", "6.2", "PEXPIREAT k 5"),
      ("XGROUP SETID x g 1-1 ENTRIESREAD 4", "6.2", "XGROUP SETID x g 1-1"),
      ("XSETID x 1-1 ENTRIESADDED 5 MAXDELETEDID 0-0", "6.2", "XSETID x 1-1"),
    ])
  func forms(command: String, target: String, expected: String) throws {
    let result = try translated(command, options(to: target))
    #expect(result == (expected.isEmpty ? "" : "SELECT 0;" + expected))
  }

  @Test(
    "Whose effect the target cannot have are refused by name, with the key",
    arguments: [
      "HPEXPIREAT key 5 FIELDS 1 f", "HSETEX key PXAT 5 FIELDS 1 f v", "XTRIM key MAXLEN 1 DELREF",
      "XDELEX key ACKED IDS 1 1-1",
    ])
  func unsupported(command: String) throws {
    var reader = StreamReader(from: start, positionKey: [], options())
    reader.feed(stream(command).span.bytes)
    let stop = stop(of: &reader)
    guard case .refused(let failure)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
    #expect(failure.key == Array("key".utf8) && command.hasPrefix(String(decoding: failure.command, as: UTF8.self)))
  }

  @Test(
    "That no server sends to a replica end the following, whatever case they are in",
    arguments: [
      "CONFIG SET dir /", "shutdown", "DISCARD", "MULTI;MULTI", "EXEC", "Replicaof a 1", "SELECT x", "WATCH a",
    ])
  func unexpected(commands: String) {
    var reader = StreamReader(from: start, positionKey: [], options { $0.onError = .skip })
    reader.feed(stream(commands).span.bytes)
    let stop = stop(of: &reader)
    guard case .unexpectedCommand? = stop else { return _ = Issue.record("\(String(describing: stop))") }
  }

  @Test(
    "That are malformed are an error with its offset",
    arguments: [
      "SET a 1\r\n", "*9223372036854775807\r\n", "*1\r\n$9223372036854775807\r\n", "*-1\r\n", "+OK\r\n",
      "*1\r\n$3\r\nabcd\r\n",
    ])
  func malformed(bytes: String) {
    var reader = StreamReader(from: start, positionKey: [], options())
    reader.feed(Array(bytes.utf8).span.bytes)
    let stop = stop(of: &reader)
    guard case .malformedStream(let error)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
    #expect((1000...1030).contains(error.offset))
  }

  @Test("A command or a transaction beyond the limit is refused by its name")
  func tooLarge() {
    for bytes in [
      Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n".utf8) + [UInt8](repeating: 120, count: 3000),
      stream("MULTI") + stream(String(repeating: "SET a 1;", count: 100)),
    ] {
      var reader = StreamReader(from: start, positionKey: [], options { $0.groupByteLimit = 2000 })
      reader.feed(bytes.span.bytes)
      let stop = stop(of: &reader)
      guard case .tooLarge(let name, let offset)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
      #expect((name == Array("SET".utf8) || name == Array("MULTI".utf8)) && offset == 1000)
    }
  }

  @Test("A position is read back from what is stored, and nothing else is")
  func stored() {
    let position = StreamPosition(ReplicationPosition(identifier: identifier, offset: .max), database: 7)
    #expect(StreamPosition(storedText: position.storedText) == position)
    for text in [
      "", "1 a 5 0", "2 \(String(repeating: "a", count: 40)) 5 0", "1 \(String(repeating: "a", count: 40)) -5 0",
    ] {
      #expect(StreamPosition(storedText: Array(text.utf8)) == nil)
    }
  }
}
