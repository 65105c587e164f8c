public import RDBFormat

/// A sink that wants nothing: for finding where keys begin, and for checking values without announcing them.
public struct NoSink: SelectiveSink, Sendable {
  @inlinable public static var events: SinkEvents { .beginKey }

  @usableFromInline let interest: Interest

  /// - Parameter interest: What it answers for every key.
  @inlinable public init(interest: Interest = .skip) { self.interest = interest }

  @inlinable public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    interest
  }
}
