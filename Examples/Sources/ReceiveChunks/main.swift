import NIOCore
import NIOPosix
import RDB

/// Counts the keys of a snapshot that arrives in chunks of any size.
final class SnapshotHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private var reader = RDBPushReader()
  private var counter = KeyCounter()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      let chunk = unwrapInboundIn(data)
      try chunk.withUnsafeReadableBytes { try reader.feed($0.bytes, into: &counter) }
    } catch {
      context.fireErrorCaught(error)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    do {
      try reader.finish(into: &counter)
      print(counter.keys, "keys")
    } catch {
      context.fireErrorCaught(error)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    print(error)
    context.close(promise: nil)
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

// The set-up: standard input, which must be a pipe, as a channel.
let channel = try NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
  .channelInitializer { channel in
    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(SnapshotHandler()) }
  }
  .takingOwnershipOfDescriptor(input: dup(0)).wait()
try channel.closeFuture.wait()
