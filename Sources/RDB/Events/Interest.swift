import RDBFormat

/// How much of one key's value to read: a sink's answer to ``RDBSink/beginKey(_:)``.
public enum Interest: Hashable, Sendable {
  /// Step over the value without decoding it.
  case skip
  /// Step over the value; ``KeyEnd/elementCount`` then has the number of elements, if the value begins with it.
  case measure
  /// Check each nested structure, announce nothing; ``KeyEnd/elementCount`` then has the number of elements.
  case validate
  /// The value as stored, ready for RESTORE, if it has at most this many bytes without type byte and footer; else its
  /// elements.
  ///
  /// A value that refers to another part of the snapshot (hash templates, value types 30 and 32) is of no use outside
  /// that snapshot: it comes as elements.
  case stored(atMost: UInt64)
  /// Element by element.
  case elements
  /// Element by element; a stream begins with ``RDBSink/streamOutline(_:pendingIDs:)``.
  case elementsAfterOutline
  /// As `stored(atMost:)`, but in the other case as `elementsAfterOutline`.
  case storedOrOutlined(atMost: UInt64)

  /// The value as stored, of any size: ``stored(atMost:)`` without a limit.
  public static var stored: Interest { .stored(atMost: .max) }
}
