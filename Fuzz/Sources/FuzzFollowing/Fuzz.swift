import FuzzSupport
import RDB
import RESP
import RedisTransfer

/// The commands that a master sends to its replicas. The stream is read whole and in pieces, which must give the same
/// batches, and what a batch holds must be commands.
///
/// The first byte chooses the releases and the databases, the second seeds the sizes of the pieces; the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = bytes(start, count)
  let text = Array(input.dropFirst(2))
  var options = FollowOptions(
    from: ServerVersion(.valkey, 9, 1), to: ServerVersion(.redis, input[0] & 1 == 0 ? 6 : 8, input[0] & 4 == 0 ? 0 : 2))
  if input[0] & 2 != 0 { (options.databases, options.databaseMap) = ([0, 1], [1: 5]) }
  if input[0] & 8 != 0 { options.onError = .skip }
  options.batchCommandCount = 3
  let whole = batches(text, options) { $0 }
  var state = UInt64(input[1]) &+ 1
  let cut = batches(text, options) { rest in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return min(rest, 1 + Int(state >> 40) % [1, 2, 5, 50, 5000][Int(state >> 33) % 5])
  }
  precondition(whole == cut)
  return 0
}

private func batches(_ text: [UInt8], _ options: FollowOptions, _ next: (Int) -> Int) -> [[UInt8]] {
  let start = StreamPosition(
    ReplicationPosition(identifier: [UInt8](repeating: 97, count: 40), offset: 100), database: 0)
  var reader = StreamReader(from: start, positionKey: Array("position".utf8), options)
  var batches: [[UInt8]] = []
  var index = 0
  do throws(FollowStop) {
    while index < text.count {
      let end = index + next(text.count - index)
      reader.feed(text.span.bytes.extracting(index..<end))
      index = end
      repeat {
        try reader.read()
        if reader.isFull { batches.append(checked(reader.takeBatch())) }
      } while reader.isFull
    }
  } catch {
    return batches + [Array("\(error)".utf8)]
  }
  let position = reader.position
  precondition(position.offset >= 100 && position.offset <= 100 + UInt64(text.count))
  return batches + [checked(reader.takeBatch()), Array("\(position.offset) \(position.database)".utf8)]
}

/// Returns the bytes of a batch, which must be as many commands as it counts.
private func checked(_ batch: StreamBatch) -> [UInt8] {
  var reader = RESPCommandReader()
  reader.feed(batch.bytes.span.bytes)
  var count = 0
  while (try? reader.next()) == true { count += 1 }
  precondition(count == batch.commandCount)
  for index in 0..<count { _ = batch.failure(ofCommand: index, .unsupported("")) }
  return batch.bytes
}
