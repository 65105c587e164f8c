public import RDBFormat

/// The first nine bytes of a snapshot: `REDIS` and four digits, or `VALKEY` and three.
public struct SnapshotHeader: Hashable, Sendable {
  /// The vendor whose type and opcode numbers the snapshot uses.
  public var vendor: Vendor
  /// The RDB version: 1–15 of Redis, 80–81 of Valkey.
  public var version: Int

  /// Creates a header.
  public init(vendor: Vendor, version: Int) { (self.vendor, self.version) = (vendor, version) }
}

/// The end of a snapshot, with its size and the state of its checksum.
public struct SnapshotEnd: Hashable, Sendable {
  /// The state of a snapshot's checksum.
  public enum Checksum: Hashable, Sendable {
    /// The stored checksum is right.
    case verified(UInt64)
    /// The file stores zero: its server computes none.
    case disabled
    /// Versions before 5 store none.
    case absent
    /// The reader ignored it (``RDBReader/Options/ignoresChecksum``).
    case ignored
  }

  /// What follows the snapshot in the same input.
  public enum Tail: Hashable, Sendable {
    /// Nothing.
    case nothing
    /// RESP commands, this many bytes: the snapshot is the preamble of an append-only file.
    case appendOnlyCommands(byteCount: UInt64)
    /// The 40-byte mark of a diskless replication transfer.
    case replicationMark
  }

  /// The state of the checksum.
  public var checksum: Checksum
  /// The bytes of the snapshot itself, checksum included.
  public var byteCount: UInt64
  /// What follows the snapshot.
  public var tail: Tail

  /// Creates an end.
  package init(checksum: Checksum, byteCount: UInt64, tail: Tail) {
    (self.checksum, self.byteCount, self.tail) = (checksum, byteCount, tail)
  }
}

/// The end of a key.
public struct KeyEnd: Hashable, Sendable {
  /// The bytes of the value as stored, without the type byte and the name.
  public var storedByteCount: UInt64
  /// What the value's lengths tell, if the answer was `measure` or `validate`.
  @usableFromInline package var measure: ValueMeasure?

  /// The number of elements, members, fields or stream entries, if the answer was ``Interest/measure`` and the value
  /// begins with the number, or if it was ``Interest/validate``; else `nil`.
  public var elementCount: UInt64? { measure?.elementCount }

  /// Creates an end.
  @inlinable package init(storedByteCount: UInt64, measure: ValueMeasure? = nil) {
    (self.storedByteCount, self.measure) = (storedByteCount, measure)
  }
}
