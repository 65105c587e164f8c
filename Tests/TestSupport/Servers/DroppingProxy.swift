import Foundation
import RDBSupport

/// A proxy before a server on the loopback interface, which closes each connection after some bytes or some time, as an
/// unsteady network does.
public final class DroppingProxy: Sendable {
  /// The moment at which a connection is closed.
  public enum Drop: Hashable, Sendable {
    /// The client has sent this many bytes; these still reach the server, and so do its replies of the next 20 ms.
    case afterBytes(Int)
    /// The connection is this old.
    case afterMilliseconds(Int)
  }

  private final class Count: Sendable {
    private let lock = NSLock()
    nonisolated(unsafe) private var count = 0
    var value: Int { lock.withLock { count } }
    func increase() { lock.withLock { count += 1 } }
  }

  private let server: ScriptedServer
  private let count: Count

  /// The port of the proxy.
  public var port: UInt16 { server.port }
  /// The number of connections that the proxy closed on its own.
  public var dropCount: Int { count.value }

  /// - Parameter port: The port of the server.
  public init(to port: UInt16, _ drop: Drop) throws {
    let count = Count()
    self.count = count
    server = try ScriptedServer { client in
      guard let behind = try? ScriptedServer.Peer(connectedTo: port) else { return }
      // The descriptors are closed only when no thread uses them.
      let threads = DispatchGroup()
      let isOver = DispatchSemaphore(value: 0)
      threads.enter()
      WorkerThread.detach {
        Self.forward(from: behind, to: client, atMost: .max)
        client.end()
        threads.leave()
      }
      var limit = Int.max
      switch drop {
      case .afterBytes(let bytes): limit = bytes
      case .afterMilliseconds(let time):
        threads.enter()
        WorkerThread.detach {
          if isOver.wait(timeout: .now() + .milliseconds(time)) == .timedOut {
            count.increase()
            client.end()
            behind.end()
          }
          threads.leave()
        }
      }
      if Self.forward(from: client, to: behind, atMost: limit) {
        count.increase()
        usleep(20_000)
      }
      isOver.signal()
      client.end()
      behind.end()
      threads.wait()
      behind.close()
    }
  }

  /// - Returns: Whether the limit ended the forwarding.
  @discardableResult
  private static func forward(
    from source: ScriptedServer.Peer, to destination: ScriptedServer.Peer, atMost limit: Int
  ) -> Bool {
    var rest = limit
    while rest > 0 {
      let bytes = source.read()
      guard !bytes.isEmpty else { return false }
      guard destination.write(bytes.prefix(rest)) else { return false }
      rest -= min(rest, bytes.count)
    }
    return true
  }
}

extension ScriptedServer.Peer {
  /// Connects to a port of the loopback interface.
  init(connectedTo port: UInt16) throws {
    descriptor = socket(AF_INET, streamSocket, 0)
    var address = loopback(port: port)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close()
      throw LiveServer.Failure(description: "cannot connect to port \(port)")
    }
  }

  /// Ends both directions; the descriptor stays open.
  func end() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  func close() { _ = Foundation.close(descriptor) }
}
