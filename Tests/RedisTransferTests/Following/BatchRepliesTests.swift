import RDB
import RDBFormat
import RDBSupport
import RESP
import RedisTransfer
import Testing

private func position(_ offset: UInt64) -> StreamPosition {
  StreamPosition(ReplicationPosition(identifier: Array(repeating: 97, count: 40), offset: offset), database: 0)
}

/// Returns a sealed batch with one command.
private func batch(endingAt offset: UInt64) -> StreamBatch {
  var options = FollowOptions(from: ServerVersion(.redis, 7, 0), to: ServerVersion(.redis, 7, 0))
  options.batchCommandCount = 1
  let command = RESPText.command("INCR", "key:\(offset)")
  var reader = StreamReader(from: position(offset - UInt64(command.count)), positionKey: [], options)
  reader.feed(command.span.bytes)
  try! reader.read()
  return reader.takeBatch()
}

@Suite("The replies to a batch")
struct BatchRepliesTests {
  private func result(_ text: String, commands: Int?, size: Int = .max) throws -> BatchReplies.Result? {
    var replies = BatchReplies(commandCount: commands)
    var decoder = RESPDecoder()
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: min(size, bytes.count)) {
      decoder.feed(bytes[start..<min(start + min(size, bytes.count), bytes.count)])
      if let result = try replies.receive(from: &decoder) { return result }
    }
    return nil
  }

  @Test("Name each command of the transaction that failed", arguments: [1, 3, Int.max])
  func applied(size: Int) throws {
    let result = try result(
      "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n:1\r\n-WRONGTYPE no\r\n+OK\r\n+OK\r\n$3\r\n1 a\r\n", commands: 3,
      size: size)
    guard case .applied(let errors)? = result?.effect else { return _ = Issue.record("\(String(describing: result))") }
    #expect(errors.map(\.command) == [1] && errors.first?.error.kind == .wrongType)
    #expect(result?.storedText == Array("1 a".utf8))
  }

  @Test("Name each command that was refused before the transaction was discarded")
  func discarded() throws {
    let result = try result(
      "+OK\r\n+QUEUED\r\n-ERR unknown command 'X'\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of previous errors.\r\n+OK\r\n_\r\n",
      commands: 3)
    guard case .discarded(let errors, let reason)? = result?.effect else {
      return _ = Issue.record("\(String(describing: result))")
    }
    #expect(errors.map(\.command) == [1] && reason.kind == .transactionDiscarded && result?.storedText == nil)
  }

  @Test("Tell the reason of a server that discards a transaction as a whole")
  func reason() throws {
    let result = try result(
      "+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: READONLY You can't write\r\n+OK\r\n_\r\n",
      commands: 1)
    guard case .discarded(_, let reason)? = result?.effect else {
      return _ = Issue.record("\(String(describing: result))")
    }
    #expect(reason.kind == .readOnly)
  }

  @Test("Tell that something else changed the position")
  func overtaken() throws {
    let result = try result("+OK\r\n+QUEUED\r\n*-1\r\n+OK\r\n$-1\r\n", commands: 1)
    #expect(result?.effect == .overtaken)
  }

  @Test(
    "That no server sends are an error",
    arguments: [
      "+OK\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n", "+OK\r\n+QUEUED\r\n:1\r\n", "-ERR no\r\n",
      "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n-ERR\r\n", "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n+OK\r\n*0\r\n",
    ])
  func unexpected(text: String) { #expect(throws: Handshake.Failure.self) { try result(text, commands: 1) } }
}

@Suite("Batches that are not confirmed")
struct UnconfirmedBatchesTests {
  @Test("Are sent again from the position that the target stores")
  func resumes() {
    var batches = UnconfirmedBatches(after: position(100))
    for offset in [200, 300, 400] as [UInt64] { batches.append(batch(endingAt: offset)) }
    batches.answered()
    batches.answered()
    #expect(batches.position == position(300) && batches.next?.end == position(400))
    // A replica that has less became master.
    #expect(batches.resume(at: position(200)) == 0)
    #expect(batches.next?.end == position(300))
    #expect(batches.resume(at: position(100)) == 0)
    #expect(batches.next?.end == position(200))
    // The replies to the third one were lost.
    #expect(batches.resume(at: position(400)) == 1)
    #expect(batches.isAnswered && !batches.isEmpty)
    #expect(batches.resume(at: position(250)) == nil)
  }

  @Test("Are forgotten when replicas have them, and only then")
  func confirms() {
    var batches = UnconfirmedBatches(after: position(100))
    for offset in [200, 300] as [UInt64] { batches.append(batch(endingAt: offset)) }
    batches.answered()
    batches.confirmed(2)
    #expect(batches.next?.end == position(300) && batches.position == position(200))
    #expect(batches.resume(at: position(100)) == nil)
    #expect(batches.resume(at: position(200)) == 0)
    batches.answered()
    batches.confirmed(1)
    #expect(batches.isEmpty && batches.byteCount == 0)
  }
}
