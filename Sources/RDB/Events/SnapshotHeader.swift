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

  /// A part of what follows the snapshot in the same input.
  package struct Tail: Hashable, Sendable {
    /// The kind of the bytes.
    package enum Kind: String, Hashable, Sendable {
      /// Zeros, which fill a block of storage.
      case zeros
      /// Line ends.
      case newlines
      /// The 40-byte mark of a diskless replication transfer.
      case replicationMark = "replication_mark"
      /// Commands: of an append-only file whose preamble the snapshot is, or of a replication link.
      case commands = "append_only_commands"
      /// Another snapshot.
      case snapshot
      /// None of these.
      case other
    }
    /// The kind of the bytes.
    package var kind: Kind
    /// The number of bytes.
    package var byteCount: UInt64
    /// The number of commands, or of another snapshot's keys; else 0.
    package var count: UInt64
    /// Of commands, the number of those that may change data.
    package var changeCount: UInt64 = 0

    /// Creates a part.
    package init(_ kind: Kind, byteCount: UInt64, count: UInt64 = 0) {
      (self.kind, self.byteCount, self.count) = (kind, byteCount, count)
    }
  }

  /// The state of the checksum.
  public var checksum: Checksum
  /// The bytes of the snapshot itself, checksum included.
  public var byteCount: UInt64
  /// What follows the snapshot, in file order; empty: nothing.
  ///
  /// The name of a part is `zeros`, `newlines`, `replication_mark`, `append_only_commands`, `snapshot` or `other`. `count` is
  /// the number of commands, or of another snapshot's keys; else 0.
  public var tail: [(name: String, byteCount: UInt64, count: UInt64)] {
    tailParts.map { ($0.kind.rawValue, $0.byteCount, $0.count) }
  }
  /// What follows the snapshot, in file order; empty: nothing.
  package var tailParts: [Tail]
  /// What precedes the snapshot.
  package var head = SnapshotHead()
  /// The server that wrote the snapshot, if it extends the files of Redis and the file tells so.
  package var dialect: Dialect?
  /// The records that were stepped over because their code is unknown.
  package var skipped = Ledger()

  /// Creates an end.
  package init(checksum: Checksum, byteCount: UInt64, tailParts: [Tail]) {
    (self.checksum, self.byteCount, self.tailParts) = (checksum, byteCount, tailParts)
  }

  /// The file offset after the snapshot's last byte.
  @usableFromInline package var endOffset: UInt64 { head.byteCount + byteCount }
}

/// The end of a key.
public struct KeyEnd: Hashable, Sendable {
  /// The bytes of the value as stored, without the type byte and the name.
  public var storedByteCount: UInt64
  /// The counts and sizes of the value, if the answer was `measure` or `validate`.
  @usableFromInline package var measure: ValueMeasure?

  /// The number of elements, members, fields or stream entries, if the answer was ``Interest/measure`` and the value
  /// begins with the number, or if it was ``Interest/validate``; else `nil`.
  public var elementCount: UInt64? { measure?.elementCount }

  /// Creates an end.
  @inlinable package init(storedByteCount: UInt64, measure: ValueMeasure? = nil) {
    (self.storedByteCount, self.measure) = (storedByteCount, measure)
  }
}
