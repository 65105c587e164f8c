import Foundation
import RDBSupport

/// A server on a free loopback port that behaves as a test says, for example as no honest server does.
public final class ScriptedServer: Sendable {
  /// One accepted connection.
  public struct Peer: Sendable {
    let descriptor: Int32

    /// Waits for bytes. Empty: the client closed the connection.
    public func read() -> [UInt8] {
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      let count = chunk.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress!, $0.count) }
      return Array(chunk.prefix(max(count, 0)))
    }

    /// Sends bytes.
    ///
    /// - Returns: Whether the client took them.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>) -> Bool {
      #if canImport(Glibc)
        let flags = Int32(MSG_NOSIGNAL)
      #else
        let flags: Int32 = 0
      #endif
      var rest = Array(bytes)[...]
      while !rest.isEmpty {
        let sent = rest.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress!, $0.count, flags) }
        guard sent > 0 else { return false }
        rest = rest.dropFirst(sent)
      }
      return true
    }

    /// Sends text.
    @discardableResult
    public func write(_ text: String) -> Bool { write(Array(text.utf8)) }
  }

  public let port: UInt16
  private let listener: Int32

  /// - Parameter script: Runs for each connection, on a thread of its own. Its end closes the connection.
  public init(_ script: @escaping @Sendable (Peer) -> Void) throws {
    let listener = socket(AF_INET, streamSocket, 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound, listen(listener, 64) == 0 else { throw LiveServer.Failure(description: "cannot listen") }
    port = UInt16(bigEndian: address.sin_port)
    self.listener = listener
    WorkerThread.detach {
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        WorkerThread.detach {
          script(Peer(descriptor: descriptor))
          close(descriptor)
        }
      }
    }
  }

  /// A master that begins a synchronisation at an offset, sends `payload` in it, does what `script` says, and closes the
  /// connection.
  public static func synchronising(
    _ payload: [UInt8], at offset: Int = 0, then script: @escaping @Sendable (Peer) -> Void = { _ in }
  ) throws -> ScriptedServer {
    try ScriptedServer { peer in
      while true {
        let command = String(decoding: peer.read(), as: UTF8.self)
        if command.isEmpty { return }
        if command.contains("HELLO") {
          peer.write("-ERR unknown command 'HELLO'\r\n")
        } else if command.contains("PSYNC") {
          peer.write("+FULLRESYNC \(String(repeating: "a", count: 40)) \(offset)\r\n")
          peer.write(payload)
          script(peer)
          return
        } else if command.contains("ROLE") {
          peer.write("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n")
        } else if command.contains("LIST") || command.contains("INFO") {
          peer.write("$0\r\n\r\n")
        } else {
          peer.write(command.contains("PING") ? "+PONG\r\n" : "+OK\r\n")
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
