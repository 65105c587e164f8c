import RDBConvert
import RDBFormat
import RDBSupport

/// The values of one column in one row group.
///
/// Values are kept as entries: one entry per row or, in a column that repeats, one per sequence of equal values.
package struct ColumnBuffer: Sendable {
  /// The numbers, of a column of numbers, without missing ones.
  private(set) var numbers: [Int64] = []
  /// The values, of a column of bytes, each after its length in four bytes.
  private(set) var bytes: [UInt8] = []
  /// The number of entries.
  private(set) var entryCount = 0
  /// The number of rows per entry, in a column that repeats.
  private(set) var counts: [Int32] = []
  /// The entries whose value is missing, ascending.
  private(set) var missing: [Int32] = []
  /// The entries whose value the derived column cannot express, ascending.
  private(set) var inexpressible: [Int32] = []
  /// The offset of the last value in `bytes`.
  private var lastStart = 0
  private let repeats: Bool
  private let holdsBytes: Bool
  private let checksText: Bool
  private let checksTime: Bool

  /// The largest value, in bytes: a page with its levels has at most 2³¹ − 1.
  private static let valueByteLimit = Int(Int32.max) - 4096

  @inline(never)
  private static func tooLarge(_ byteCount: Int) -> RDBError {
    RDBError(
      .valueTooLarge, at: 0, expected: "a value of fewer than 2 GiB, which a page of Parquet can hold",
      found: "\(byteCount) bytes")
  }

  /// - Parameter isSource: Whether another column is derived from this one.
  package init(_ schema: ColumnSchema, isSource: Bool) {
    repeats = schema.repeats
    holdsBytes = schema.holdsBytes
    checksText = isSource && holdsBytes
    checksTime = isSource && !holdsBytes
  }

  package mutating func removeAll() {
    numbers.removeAll(keepingCapacity: true)
    // One large value must not keep its memory.
    bytes.removeAll(keepingCapacity: bytes.capacity <= 32 << 20)
    counts.removeAll(keepingCapacity: true)
    missing.removeAll(keepingCapacity: true)
    inexpressible.removeAll(keepingCapacity: true)
    (entryCount, lastStart) = (0, 0)
  }

  private var lastIsMissing: Bool { missing.last.map { Int($0) == entryCount &- 1 } ?? false }

  package mutating func append(_ number: Int64, count: Int = 1) {
    if repeats {
      if entryCount > 0, numbers.last == number, !lastIsMissing { return extend(count) }
      counts.append(Int32(truncatingIfNeeded: count))
    }
    if checksTime, !ColumnSchema.times.contains(number) { inexpressible.append(Int32(entryCount)) }
    numbers.append(number)
    entryCount &+= 1
  }

  /// Appends a number that may be missing.
  package mutating func append(_ number: Int64?, count: Int = 1) {
    if let number { append(number, count: count) } else { appendMissing(count: count) }
  }

  /// Appends bytes.
  ///
  /// - Returns: The number of bytes added to the memory.
  /// - Throws: ``RDBError`` (`valueTooLarge`): no page can hold the value.
  @discardableResult
  package mutating func append(_ value: RawSpan, count: Int = 1) throws(RDBError) -> Int {
    if value.byteCount > Self.valueByteLimit { throw Self.tooLarge(value.byteCount) }
    if repeats {
      if entryCount > 0, !lastIsMissing, lastEquals(value) {
        extend(count)
        return 0
      }
      counts.append(Int32(truncatingIfNeeded: count))
    }
    if checksText, !value.isUTF8 { inexpressible.append(Int32(entryCount)) }
    lastStart = bytes.count
    bytes.append(length: UInt32(value.byteCount))
    bytes.append(value)
    entryCount &+= 1
    return value.byteCount &+ 4
  }

  package mutating func appendMissing(count: Int = 1) {
    if repeats {
      if entryCount > 0, lastIsMissing { return extend(count) }
      counts.append(Int32(truncatingIfNeeded: count))
    }
    missing.append(Int32(entryCount))
    entryCount &+= 1
  }

  private mutating func extend(_ count: Int) { counts[counts.count &- 1] &+= Int32(truncatingIfNeeded: count) }

  private func lastEquals(_ value: RawSpan) -> Bool {
    bytes.count &- lastStart &- 4 == value.byteCount
      && bytes.span.bytes.extracting(droppingFirst: lastStart + 4).equals(value)
  }

  /// The values of the derived column, of a column with values that it cannot express.
  package func derived() -> ColumnBuffer {
    var result = self
    result.missing = (missing + inexpressible).sorted()
    result.inexpressible = []
    result.numbers = []
    result.bytes = []
    var (lost, gone, number, start) = (0, 0, 0, 0)
    for entry in 0..<Int32(entryCount) {
      if gone < missing.count, missing[gone] == entry {
        gone += 1
        continue
      }
      let keeps = !(lost < inexpressible.count && inexpressible[lost] == entry)
      if !keeps { lost += 1 }
      if holdsBytes {
        let end = start + 4 + bytes.length(at: start)
        if keeps { result.bytes.append(bytes.span.bytes.extracting(start..<end)) }
        start = end
      } else {
        if keeps { result.numbers.append(numbers[number]) }
        number += 1
      }
    }
    return result
  }
}

extension Array where Element == UInt8 {
  /// Appends a length in four bytes, little-endian.
  mutating func append(length: UInt32) {
    Swift.withUnsafeBytes(of: length.littleEndian) { append(contentsOf: $0) }
  }

  /// The length in the four bytes at an offset, little-endian.
  func length(at offset: Int) -> Int {
    Int(UInt32(littleEndian: span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}

extension RawSpan {
  /// Whether both have the same bytes.
  func equals(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    return compare(other) == 0
  }

  /// Compares bytes as unsigned numbers: negative if these precede `other`.
  func compare(_ other: RawSpan) -> Int {
    withUnsafeBytes { first in
      other.withUnsafeBytes { second in
        let common = Swift.min(first.count, second.count)
        if common > 0, let a = first.baseAddress, let b = second.baseAddress {
          let order = memcmp(a, b, common)
          if order != 0 { return Int(order) }
        }
        return first.count - second.count
      }
    }
  }

  var isUTF8: Bool {
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return true }
      return UTF8Check.isValid(start, bytes.count)
    }
  }
}
