import NIOCore
import NIOPosix
import RDBSupport

/// A server that answers each request with a text, for programs that collect metrics (Prometheus).
package final class MetricsServer: Sendable {
  /// The address could not be understood, or not be bound.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let channel: any Channel
  /// The port that is listened to.
  package var port: Int { channel.localAddress?.port ?? 0 }

  /// Begins to listen.
  ///
  /// - Parameters:
  ///   - address: The host, or its address, and the port: `127.0.0.1:9121`.
  ///   - text: Returns the present text. Called on threads of the network.
  /// - Throws: ``Failure``.
  package init(at address: String, _ text: @escaping @Sendable () -> String) throws(Failure) {
    guard let parts = try? Endpoint.parts(of: ArraySlice(address.utf8)), let port = parts.port else {
      throw Failure(description: "it takes HOST:PORT")
    }
    do {
      channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in channel.pipeline.addHandler(MetricsHandler(text)) }
        .bind(host: parts.host, port: Int(port)).wait()
    } catch {
      throw Failure(description: "cannot listen there: \(error)")
    }
  }

  deinit { channel.close(promise: nil) }
}

/// Answers the first request of a connection, whatever it asks for, and closes it.
private final class MetricsHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = NIOCore.ByteBuffer

  private let text: @Sendable () -> String

  init(_ text: @escaping @Sendable () -> String) { self.text = text }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let body = text()
    let answer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: \(body.utf8.count)\r\n"
      + "Connection: close\r\n\r\n\(body)"
    context.writeAndFlush(NIOAny(context.channel.allocator.buffer(string: answer)), promise: nil)
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
