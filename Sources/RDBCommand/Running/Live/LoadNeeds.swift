import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// The needs of all keys of an input on a server.
struct LoadNeeds: MergeableSummary {
  /// The estimated memory of all keys, in bytes.
  var memoryByteCount: UInt64 = 0
  /// The number of sessions of Spring.
  var springSessionCount: UInt64 = 0

  mutating func merge(_ other: LoadNeeds) {
    memoryByteCount += other.memoryByteCount
    springSessionCount += other.springSessionCount
  }
}

/// Adds up the needs of keys.
struct LoadNeedsReceiver: MemoryReceiver {
  private var needs = LoadNeeds()
  private static let sessionStart = Array("spring:session:sessions:".utf8)
  private static let markStart = Array("spring:session:sessions:expires:".utf8)

  mutating func receive(_ key: borrowing MeasuredKey) {
    needs.memoryByteCount += key.memoryByteCount ?? key.serializedByteCount
    guard key.storedType.data == .hash, key.name.starts(with: Self.sessionStart) else { return }
    if !key.name.starts(with: Self.markStart) { needs.springSessionCount += 1 }
  }

  consuming func finish() -> LoadNeeds { needs }
}
