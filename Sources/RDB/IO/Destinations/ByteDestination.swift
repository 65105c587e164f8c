import RDBSupport

/// A destination of output bytes: a file, a pipe, memory.
///
/// A ``ByteOutput`` collects small pieces of output and calls its destination once per full buffer, and
/// once per long string. One thread at a time calls a destination.
public protocol ByteDestination: AnyObject {
  /// Writes all of `bytes`, then all of `more`.
  ///
  /// The two spans are one piece of output that lies in two areas of memory: a full buffer and the
  /// long string that follows it. Writing both in one call saves copying the string. Either may be empty.
  ///
  /// - Throws: Any error. A reader that a sink's output ends this way throws an ``RDBError`` of code `io` whose
  ///   `underlying` is the error, or the error itself if it is an `RDBError`.
  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws

  /// Whether a write would have to wait for other output.
  ///
  /// If so, a ``ByteOutput`` collects more bytes before it writes. The default is `false`.
  var isBusy: Bool { get }
}

extension ByteDestination {
  public var isBusy: Bool { false }

  /// Writes all of `bytes`.
  package func write(_ bytes: RawSpan) throws { try write(bytes, followedBy: RawSpan()) }

  /// Writes all of `bytes`.
  package func write(_ bytes: [UInt8]) throws { try write(bytes.span.bytes, followedBy: RawSpan()) }
}

/// A destination that drops its bytes.
public final class DiscardingDestination: ByteDestination, Sendable {
  /// Creates a destination.
  public init() {}
  /// Does nothing.
  public func write(_ bytes: RawSpan, followedBy more: RawSpan) {}
}

/// A destination in memory, for tests and small outputs.
public final class MemoryDestination: ByteDestination {
  /// The bytes written so far.
  public private(set) var bytes: [UInt8] = []

  /// Creates an empty destination.
  public init() {}

  /// Appends `bytes` and `more` to ``MemoryDestination/bytes``.
  public func write(_ bytes: RawSpan, followedBy more: RawSpan) {
    self.bytes.append(bytes)
    self.bytes.append(more)
  }
}
