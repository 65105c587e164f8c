import NIOCore
import NIOTLS
import RDBSupport

/// The bytes that arrived on a connection and were not taken yet, and the end of the connection.
///
/// The event loop adds, and one other thread takes. Several inboxes can share a lock, so that the thread can wait for
/// any of them.
final class Inbox: @unchecked Sendable {
  /// The most bytes that wait. The event loop stops reading from the socket until half of them are taken, so that a
  /// server cannot fill the memory.
  static let limit = 4 << 20

  /// The reason for the end of a connection.
  enum End: Sendable {
    /// The server closed it.
    case closed
    case failed(any Error)
  }

  let lock: Lock
  private var buffers: [NIOCore.ByteBuffer] = []
  private var head = 0
  private var byteCount = 0
  private var unsent = 0
  private var isPaused = false
  private var ending: End?
  /// Whether the TLS handshake has succeeded.
  private(set) var isEncrypted = false

  init(sharing lock: Lock) { self.lock = lock }

  // MARK: The event loop's side

  /// Adds bytes that arrived.
  ///
  /// - Returns: Whether reading must pause until ``take()`` says otherwise.
  func add(_ buffer: NIOCore.ByteBuffer) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    buffers.append(buffer)
    byteCount += buffer.readableBytes
    if byteCount > Self.limit { isPaused = true }
    lock.wakeAll()
    return isPaused
  }

  /// Notes that the system took `count` bytes that were sent.
  func sent(_ count: Int) {
    lock.lock()
    unsent -= count
    lock.wakeAll()
    lock.unlock()
  }

  /// Notes the end of the TLS handshake.
  func encrypt() {
    lock.lock()
    isEncrypted = true
    lock.wakeAll()
    lock.unlock()
  }

  /// Notes the end of the connection. The first reason stays.
  func end(_ reason: End) {
    lock.lock()
    if ending == nil { ending = reason }
    lock.wakeAll()
    lock.unlock()
  }

  // MARK: The other thread's side. The lock is held.

  /// Takes the oldest bytes. `nil`: none has arrived.
  ///
  /// - Returns: The bytes, and whether reading must be resumed.
  func take() -> (bytes: NIOCore.ByteBuffer, resumes: Bool)? {
    guard head < buffers.count else { return nil }
    let buffer = buffers[head]
    head += 1
    if head == buffers.count {
      buffers.removeAll(keepingCapacity: true)
      head = 0
    }
    byteCount -= buffer.readableBytes
    guard isPaused, byteCount <= Self.limit / 2 else { return (buffer, false) }
    isPaused = false
    return (buffer, true)
  }

  /// Whether ``take()`` would give something, or the connection has ended.
  var isReady: Bool { head < buffers.count || ending != nil }

  /// The reason for the end of the connection; `nil` while it is open.
  var reason: End? { ending }

  /// The number of bytes that were sent, but that the system has not taken yet.
  var unsentByteCount: Int { unsent }

  func addUnsent(_ count: Int) { unsent += count }
}

/// Hands what arrives on a channel to an inbox.
final class InboxHandler: ChannelInboundHandler {
  typealias InboundIn = NIOCore.ByteBuffer

  private let inbox: Inbox

  init(_ inbox: Inbox) { self.inbox = inbox }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if inbox.add(unwrapInboundIn(data)) {
      context.channel.setOption(.autoRead, value: false).whenFailure { [inbox] in inbox.end(.failed($0)) }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { inbox.encrypt() }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    inbox.end(.failed(error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    inbox.end(.closed)
    context.fireChannelInactive()
  }
}
