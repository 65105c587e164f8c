import RDBFormat

/// The numbers, groups and idempotent producers of a stream.
extension StoredMask {
  /// Masks the next part after the entries. Names of groups, consumers and producers change; IDs, times and counts stay.
  @_lifetime(cursor: copy cursor)
  mutating func streamTail(_ cursor: inout ByteCursor) throws(RDBError) {
    let start = cursor.position
    switch stage {
    case .streamInfo:
      for _ in 0..<3 { _ = try cursor.length() }
      if layout.streamVersion >= 2 { for _ in 0..<5 { _ = try cursor.length() } }
      outer = try cursor.length()
      stage = .groups
    case .groups:
      if outer == 0 {
        stage = layout.streamVersion >= 4 ? .idempotency : .done
        return
      }
      try string(&cursor, .name)
      outer -= 1
      stage = .group
      return
    case .group:
      _ = try cursor.length()
      _ = try cursor.length()
      if layout.streamVersion >= 2 { _ = try cursor.length() }
      remaining = try cursor.length()
      stage = .pending
    case .pending:
      if remaining > 0 {
        _ = try cursor.streamID()
        _ = try cursor.littleEndian(UInt64.self)
        _ = try cursor.length()
        remaining -= 1
      } else {
        inner = try cursor.length()
        stage = .consumers
      }
    case .consumers:
      if inner > 0 {
        try string(&cursor, .name)
        inner -= 1
        stage = .consumer
        return
      }
      stage = .groups
      if layout.streamVersion >= 5 {
        remaining = try cursor.length()
        stage = .released
      }
    case .consumer:
      _ = try cursor.littleEndian(UInt64.self)
      if layout.streamVersion >= 3 { _ = try cursor.littleEndian(UInt64.self) }
      remaining = try cursor.length()
      stage = .consumerPending
    case .consumerPending, .released:
      if remaining == 0 {
        stage = stage == .released ? .groups : .consumers
      } else {
        _ = try cursor.streamID()
        remaining -= 1
      }
    default: return try producers(&cursor)
    }
    copy(cursor, from: start)
  }

  @_lifetime(cursor: copy cursor)
  private mutating func producers(_ cursor: inout ByteCursor) throws(RDBError) {
    let start = cursor.position
    switch stage {
    case .idempotency:
      _ = try cursor.length()
      _ = try cursor.length()
      outer = try cursor.length()
      stage = .producers
    case .producers:
      if outer == 0 {
        stage = .idempotencyEnd
        return
      }
      if part == 0 {
        try string(&cursor, .name)
        part = 1
        return
      }
      remaining = try cursor.length()
      part = 0
      outer -= 1
      stage = .producer
    case .producer:
      if remaining == 0 {
        stage = .producers
        return
      }
      if part == 0 {
        try string(&cursor, .name)
        part = 1
        return
      }
      _ = try cursor.length()
      _ = try cursor.length()
      part = 0
      remaining -= 1
    case .idempotencyEnd:
      _ = try cursor.length()
      _ = try cursor.length()
      stage = .done
    default: return
    }
    copy(cursor, from: start)
  }
}
