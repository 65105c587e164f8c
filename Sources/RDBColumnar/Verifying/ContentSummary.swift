import RDB
import RDBFormat
import RDBSupport

/// What a snapshot, or its export, holds of each type: counts and sums of digests that do not depend on the order.
package struct ContentSummary: MergeableSummary, Hashable {
  /// The content of one type.
  package struct Part: Hashable, Sendable {
    package var keys: UInt64 = 0
    package var elements: UInt64 = 0
    /// The properties of each key.
    var keySum = DigestSum()
    /// The value of each key.
    var valueSum = DigestSum()

    package init() {}

    /// The sums as text, for messages.
    package var keyDigest: String { ValueDigest(keySum).description }
    package var valueDigest: String { ValueDigest(valueSum).description }
  }

  /// By type, in the order of their names.
  package var parts: [String: Part] = [:]

  package init() {}

  package mutating func merge(_ other: Self) {
    parts.merge(other.parts) { first, second in
      var part = first
      part.keys += second.keys
      part.elements += second.elements
      part.keySum.add(second.keySum)
      part.valueSum.add(second.valueSum)
      return part
    }
  }

  /// Removes what only an export of values has.
  package mutating func dropValues() {
    for type in parts.keys { parts[type]?.valueSum = DigestSum() }
  }
}

extension ValueDigest {
  fileprivate init(_ sum: DigestSum) {
    self.init(low: UInt64(truncatingIfNeeded: sum.sum), high: UInt64(truncatingIfNeeded: sum.sum >> 64))
  }
}

/// The properties of a key that the columns of ``TableSchema/keys`` have as the snapshot stores them.
struct KeyProperties {
  var database: Int64 = 0
  var storedAs = ""
  var elements: Int64 = 0
  var serializedByteCount: Int64 = 0
  var expiry: Int64?
  var idleSeconds: Int64?
  var frequency: Int64?
  var module = ""
  var moduleVersion: Int64 = 0
  var metadata: [UInt8] = []

  func digest(name: RawSpan) -> ValueDigest {
    var state = DigestKey.standard.state("key")
    state.add(name)
    state.add(UInt64(bitPattern: database))
    state.add(Array(storedAs.utf8).span.bytes)
    state.add(UInt64(bitPattern: elements))
    state.add(UInt64(bitPattern: serializedByteCount))
    for value in [expiry, idleSeconds, frequency] {
      state.add(value == nil ? 0 : 1)
      state.add(UInt64(bitPattern: value ?? 0))
    }
    state.add(Array(module.utf8).span.bytes)
    state.add(UInt64(bitPattern: moduleVersion))
    state.add(metadata.span.bytes)
    return ValueDigest(state)
  }
}

extension ValueDigest {
  /// The digest of a key's name, database and value.
  init(of value: ValueDigest, name: RawSpan, database: Int64) {
    var state = DigestKey.standard.state("value")
    state.add(name)
    state.add(UInt64(bitPattern: database))
    state.add(value.low)
    state.add(value.high)
    self.init(state)
  }
}
