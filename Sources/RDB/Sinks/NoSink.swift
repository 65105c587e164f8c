public import RDBFormat

/// A sink that ignores all events: for finding the offsets of keys, and for checking values.
public struct NoSink: SelectiveSink, Sendable {
  @inlinable public static var events: SinkEvents { [.beginKey] }

  @usableFromInline let interest: Interest

  /// - Parameter interest: The answer for every key.
  @inlinable public init(interest: Interest = .skip) { self.interest = interest }

  @inlinable public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    interest
  }
}
