// The set-up of SwiftNIO: standard input, which must be a pipe, as a channel, and what happens after an error.
import NIOCore
import NIOPosix

extension SnapshotHandler {
  /// Performs one step of reading. An error goes through the pipeline and closes the channel.
  func attempt(_ context: ChannelHandlerContext, _ step: () throws -> Void) {
    do { try step() } catch { context.fireErrorCaught(error) }
  }
}

/// The last handler of the pipeline.
final class ErrorHandler: ChannelInboundHandler {
  typealias InboundIn = Never

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    print(error)
    context.close(promise: nil)
  }
}

let channel = try NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
  .channelInitializer { channel in
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandlers(SnapshotHandler(), ErrorHandler())
    }
  }
  .takingOwnershipOfDescriptor(input: dup(0)).wait()
try channel.closeFuture.wait()
