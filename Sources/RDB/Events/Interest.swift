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
  /// As `stored(atMost:)`, but only if the whole structure of the value is valid.
  ///
  /// The reader checks the value before its first byte, as for `validate`. A value that does not pass comes as elements, so
  /// the reader throws the error at the damage; a value that only a strict reader refuses comes whole.
  case validatedStored(atMost: UInt64)
  /// As `validatedStored(atMost:)`, but in the other case as `elementsAfterOutline`.
  case validatedStoredOrOutlined(atMost: UInt64)

  /// The value as stored, of any size: ``stored(atMost:)`` without a limit.
  public static var stored: Interest { .stored(atMost: .max) }

  /// The answer for a value whose stored bytes are of no use.
  @usableFromInline package var withoutStored: Interest {
    if storedLimit == nil { return self }
    return includesOutline ? .elementsAfterOutline : .elements
  }

  /// The largest value that comes as stored, in bytes; `nil` if none does.
  @usableFromInline package var storedLimit: UInt64? {
    switch self {
    case .stored(let limit), .storedOrOutlined(let limit), .validatedStored(let limit),
      .validatedStoredOrOutlined(let limit):
      limit
    case .skip, .measure, .validate, .elements, .elementsAfterOutline: nil
    }
  }

  /// Whether the elements of a stream come after its outline.
  @usableFromInline var includesOutline: Bool {
    switch self {
    case .elementsAfterOutline, .storedOrOutlined, .validatedStoredOrOutlined: true
    case .skip, .measure, .validate, .stored, .elements, .validatedStored: false
    }
  }

  /// Whether a value comes as stored only if it is valid.
  @usableFromInline var validatesStored: Bool {
    switch self {
    case .validatedStored, .validatedStoredOrOutlined: true
    case .skip, .measure, .validate, .stored, .elements, .elementsAfterOutline, .storedOrOutlined: false
    }
  }
}
