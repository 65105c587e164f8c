import NIOCore
import RDBSupport

/// An open connection as a stream of bytes in each direction. Reading and writing block, each within a timeout.
///
/// One thread at a time uses a link. Several links that share a lock can be waited for together: see ``wait(for:)``.
package final class Link {
  /// The most bytes that are handed to the system and not taken by it. A writer waits beyond it.
  private static let unsentLimit = 4 << 20

  /// The server, as messages show it.
  package let server: String
  private let channel: any Channel
  private let inbox: Inbox
  private let timeout: Duration

  init(_ channel: any Channel, _ inbox: Inbox, to server: String, timeout: Duration) {
    (self.channel, self.inbox, self.server, self.timeout) = (channel, inbox, server, timeout)
  }

  deinit { channel.close(promise: nil) }

  /// Waits for the end of the TLS handshake.
  ///
  /// - Throws: ``TransferError``. The link is then closed.
  func waitUntilEncrypted(atMost time: Duration) throws(TransferError) {
    do throws(TransferError) {
      try waitUntil(atMost: time) { $0.isEncrypted || $0.reason != nil }
      inbox.lock.lock()
      let reason = inbox.reason
      inbox.lock.unlock()
      if let reason { throw error(reason) }
    } catch {
      close()
      switch error.condition {
      case .timedOut(let time):
        throw TransferError(.encryption("no answer to the handshake in \(time.shown)"), at: server)
      case .closed: throw TransferError(.encryption("the server ended the handshake"), at: server)
      default: throw error
      }
    }
  }

  /// Sends bytes, after waiting until few enough are on their way.
  package func write(_ bytes: [UInt8]) throws(TransferError) {
    try waitUntil { $0.unsentByteCount < Self.unsentLimit || $0.reason != nil }
    inbox.lock.lock()
    let reason = inbox.reason
    if reason == nil { inbox.addUnsent(bytes.count) }
    inbox.lock.unlock()
    if let reason { throw error(reason) }
    let sent = channel.writeAndFlush(channel.allocator.buffer(bytes: bytes))
    let count = bytes.count
    sent.whenComplete { [inbox] result in
      if case .failure(let error) = result { inbox.end(.failed(error)) }
      inbox.sent(count)
    }
  }

  /// Waits until everything that was sent has left this process.
  package func flush() throws(TransferError) {
    try waitUntil { $0.unsentByteCount == 0 || $0.reason != nil }
  }

  /// Hands bytes that arrived to `body`, without waiting.
  ///
  /// - Parameter body: Called with the bytes, which it must copy if it keeps them.
  /// - Returns: Whether there were any.
  /// - Throws: ``TransferError`` if the connection has ended and all that arrived before has been taken.
  package func take(_ body: (RawSpan) -> Void) throws(TransferError) -> Bool {
    inbox.lock.lock()
    let taken = inbox.take()
    let reason = inbox.reason
    inbox.lock.unlock()
    guard let taken else {
      if let reason { throw error(reason) }
      return false
    }
    if taken.resumes { channel.setOption(.autoRead, value: true).whenFailure { [inbox] in inbox.end(.failed($0)) } }
    taken.bytes.withUnsafeReadableBytes { body(RawSpan(_unsafeBytes: $0)) }
    return true
  }

  /// Waits for bytes, and hands them to `body`.
  ///
  /// - Throws: ``TransferError``: `timedOut` if nothing arrives in time, or the end of the connection.
  package func read(_ body: (RawSpan) -> Void) throws(TransferError) {
    while try !take(body) { try waitUntil { $0.isReady } }
  }

  /// Closes the connection. What was not sent yet is dropped.
  package func close() { channel.close(promise: nil) }

  /// Waits until bytes have arrived on one of `links`, or one of them has ended, or another condition is true.
  ///
  /// - Parameters:
  ///   - links: Links that share a lock.
  ///   - condition: Called with the lock, again after each change that wakes its waiters.
  /// - Returns: Whether that happened within `time`.
  package static func wait(
    for links: [Link], or condition: () -> Bool = { false }, atMost time: Duration
  ) -> Bool {
    guard let first = links.first else { return true }
    let lock = first.inbox.lock
    let deadline = MonotonicTime.now + time.nanoseconds
    lock.lock()
    defer { lock.unlock() }
    while !links.contains(where: { $0.inbox.isReady }), !condition() {
      let now = MonotonicTime.now
      guard now < deadline else { return false }
      lock.wait(atMost: deadline - now)
    }
    return true
  }

  private func waitUntil(_ condition: (Inbox) -> Bool) throws(TransferError) {
    try waitUntil(atMost: timeout, condition)
  }

  private func waitUntil(atMost time: Duration, _ condition: (Inbox) -> Bool) throws(TransferError) {
    inbox.lock.lock()
    defer { inbox.lock.unlock() }
    var unsent = inbox.unsentByteCount
    var deadline = MonotonicTime.now + time.nanoseconds
    while !condition(inbox) {
      let now = MonotonicTime.now
      guard now < deadline else { throw TransferError(.timedOut(time), at: server) }
      inbox.lock.wait(atMost: deadline - now)
      // A slow server that takes some bytes is not silent.
      if inbox.unsentByteCount < unsent { deadline = MonotonicTime.now + time.nanoseconds }
      unsent = inbox.unsentByteCount
    }
  }

  private func error(_ reason: Inbox.End) -> TransferError {
    switch reason {
    case .closed: TransferError(.closed(""), at: server)
    case .failed(let error): TransferError(LinkOpener.condition(of: error), at: server)
    }
  }
}
