import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// The needs of all keys of an input on a server.
struct LoadNeeds: MergeableSummary {
  /// The estimated memory of all keys, in bytes; 0 if it was not estimated.
  var memoryByteCount: UInt64 = 0
  /// The number of sessions of Spring.
  var springSessionCount: UInt64 = 0
  /// The number of values of modules.
  var moduleValueCount: UInt64 = 0

  mutating func merge(_ other: LoadNeeds) {
    memoryByteCount += other.memoryByteCount
    springSessionCount += other.springSessionCount
    moduleValueCount += other.moduleValueCount
  }

  private static let sessionStart = Array("spring:session:sessions:".utf8)
  private static let markStart = Array("spring:session:sessions:expires:".utf8)

  /// Adds the needs that the header of a key tells.
  mutating func add(_ key: borrowing KeyHeader) {
    switch key.type {
    case .module: moduleValueCount += 1
    case .hash:
      if key.name.starts(with: Self.sessionStart), !key.name.starts(with: Self.markStart) { springSessionCount += 1 }
    case .string, .list, .set, .zset, .stream, .array, .pathHash: break
    }
  }
}

/// Notes the needs of keys on their way to another sink.
struct LoadNeedsSink<Base: OutputSink & ~Copyable>: ForwardingSink, OutputSink, ~Copyable {
  /// The summary of the other sink, and the needs.
  struct Summary: MergeableSummary {
    var base: Base.Summary
    var needs: LoadNeeds

    mutating func merge(_ other: Summary) {
      base.merge(other.base)
      needs.merge(other.needs)
    }
  }

  var base: Base
  private var needs = LoadNeeds()

  init(_ base: consuming Base) { self.base = base }

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    needs.add(key)
    return try base.beginKey(key)
  }

  mutating func endBatch() throws { try base.endBatch() }

  consuming func finish() throws -> Summary {
    let needs = needs
    return Summary(base: try base.finish(), needs: needs)
  }
}

/// A sum.
struct MemorySum: MergeableSummary {
  var value: UInt64 = 0

  mutating func merge(_ other: MemorySum) { value += other.value }
}

/// Adds up the memory of keys.
struct MemorySumReceiver: MemoryReceiver {
  private var sum = MemorySum()

  mutating func receive(_ key: borrowing MeasuredKey) { sum.value += key.memoryByteCount ?? key.serializedByteCount }

  consuming func finish() -> MemorySum { sum }
}

extension RawSpan {
  /// Whether the bytes begin with others.
  fileprivate func starts(with start: [UInt8]) -> Bool {
    guard byteCount >= start.count else { return false }
    for offset in start.indices where byte(at: offset) != start[offset] { return false }
    return true
  }
}
