import NIOCore
import RDB

/// Counts the keys of a snapshot that arrives in chunks of any size.
final class SnapshotHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private var reader = RDBPushReader()
  private var counter = KeyCounter()
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    attempt(context) { try unwrapInboundIn(data).withUnsafeReadableBytes { try reader.feed($0.bytes, into: &counter) } }
  }
  func channelInactive(context: ChannelHandlerContext) {
    attempt(context) { try reader.finish(into: &counter) }
    print(counter.keys, "keys")
  }
}

struct KeyCounter: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var keys = 0
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    keys += 1
    return .skip
  }
}
