import RDBFormat
import RDBSupport

/// The distinct values of a column in one row group, with the index of each entry's value among them.
package struct ColumnDictionary {
  /// The distinct values in the form PLAIN, in the order in which they first occur.
  package private(set) var bytes: [UInt8] = []
  package private(set) var count = 0
  /// Per entry that is not missing, the index of its value.
  package private(set) var indexes: [UInt32] = []

  /// The largest size, in bytes.
  private static let byteLimit = 1 << 20
  /// The number of entries after which a dictionary must have saved something.
  private static let trialCount = 1024

  /// The number of bytes of all rows in the form PLAIN, so far.
  private var plainByteCount = 0
  private let repeats: Bool
  private var table: [Int32]
  /// Where each distinct value begins in `bytes`, or the value itself if it is a number.
  private var starts: [Int] = []

  /// Returns `nil` if the dictionary would be too large, or save nothing.
  package init?(_ column: ColumnBuffer, _ schema: ColumnSchema) {
    repeats = schema.repeats
    table = [Int32](repeating: -1, count: 4096)
    indexes.reserveCapacity(column.entryCount - column.missing.count)
    let isComplete: Bool
    if case .names(let names) = schema.kind {
      isComplete = add(names: names, column)
    } else if schema.holdsBytes {
      isComplete = add(bytesOf: column)
    } else {
      isComplete = add(numbersOf: column, byteCount: schema.fixedByteCount)
    }
    guard isComplete, count > 0 else { return nil }
    let rowCount = column.counts.isEmpty ? indexes.count : column.counts.reduce(0) { $0 + Int($1) }
    let bitWidth = HybridEncoder.bitWidth(forCount: count)
    // In a column that repeats, an entry takes at most as much as a short sequence.
    let indexByteCount =
      column.counts.isEmpty ? rowCount * bitWidth / 8 : min(rowCount * bitWidth / 8, indexes.count * 4)
    if case .names = schema.kind { return }
    guard bytes.count + indexByteCount < plainByteCount else { return nil }
  }

  /// Whether it is worth going on after so many entries.
  ///
  /// In a column that repeats it always is: in the form PLAIN, a long value would be stored once per row.
  private var saves: Bool {
    if repeats { return true }
    guard bytes.count <= Self.byteLimit else { return false }
    return indexes.count != Self.trialCount || bytes.count * 4 <= plainByteCount * 3
  }

  private mutating func add(names: [String], _ column: ColumnBuffer) -> Bool {
    var known = [Int32](repeating: -1, count: names.count)
    for number in column.numbers {
      if known[Int(number)] < 0 {
        known[Int(number)] = Int32(count)
        let text = Array(names[Int(number)].utf8)
        bytes.append(length: UInt32(text.count))
        bytes += text
        count += 1
      }
      indexes.append(UInt32(known[Int(number)]))
    }
    return true
  }

  private mutating func add(numbersOf column: ColumnBuffer, byteCount: Int) -> Bool {
    var counts = PresentCounts(column)
    for number in column.numbers {
      plainByteCount &+= byteCount &* counts.next()
      var slot = Int(truncatingIfNeeded: Self.mix(UInt64(bitPattern: number))) & (table.count - 1)
      while true {
        let index = table[slot]
        if index < 0 {
          table[slot] = Int32(count)
          starts.append(Int(number))
          bytes.append(littleEndian: number, byteCount: byteCount)
          indexes.append(UInt32(count))
          count += 1
          if count * 2 > table.count { growNumbers() }
          break
        }
        if starts[Int(index)] == Int(number) {
          indexes.append(UInt32(index))
          break
        }
        slot = (slot &+ 1) & (table.count - 1)
      }
      if !saves { return false }
    }
    return true
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low >> 20
  }

  private mutating func growNumbers() {
    table = [Int32](repeating: -1, count: table.count * 2)
    for (index, number) in starts.enumerated() { place(index, Self.mix(UInt64(bitPattern: Int64(number)))) }
  }

  private mutating func place(_ index: Int, _ hash: UInt64) {
    var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
    while table[slot] >= 0 { slot = (slot &+ 1) & (table.count - 1) }
    table[slot] = Int32(index)
  }

  private mutating func add(bytesOf column: ColumnBuffer) -> Bool {
    var counts = PresentCounts(column)
    var start = 0
    while start < column.bytes.count {
      let end = start + 4 + column.bytes.length(at: start)
      let value = column.bytes.span.bytes.extracting(start..<end)
      plainByteCount &+= value.byteCount &* counts.next()
      let hash = StableHash.hash(value, seed: 0)
      var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
      while true {
        let index = table[slot]
        if index < 0 {
          table[slot] = Int32(count)
          starts.append(bytes.count)
          bytes.append(value)
          indexes.append(UInt32(count))
          count += 1
          if count * 2 > table.count { growBytes() }
          break
        }
        let known = starts[Int(index)]
        if known + value.byteCount <= bytes.count,
          bytes.span.bytes.extracting(known..<known + value.byteCount).equals(value)
        {
          indexes.append(UInt32(index))
          break
        }
        slot = (slot &+ 1) & (table.count - 1)
      }
      if !saves { return false }
      start = end
    }
    return true
  }

  private mutating func growBytes() {
    table = [Int32](repeating: -1, count: table.count * 2)
    for (index, start) in starts.enumerated() {
      let end = start + 4 + bytes.length(at: start)
      place(index, StableHash.hash(bytes.span.bytes.extracting(start..<end), seed: 0))
    }
  }
}

/// The number of rows of each entry that is not missing, one after another.
struct PresentCounts {
  private let counts: [Int32]
  private let missing: [Int32]
  private var entry = 0
  private var nextMissing = 0

  init(_ column: ColumnBuffer) { (counts, missing) = (column.counts, column.missing) }

  @inline(__always)
  mutating func next() -> Int {
    if counts.isEmpty { return 1 }
    while nextMissing < missing.count, Int(missing[nextMissing]) == entry {
      nextMissing &+= 1
      entry &+= 1
    }
    defer { entry &+= 1 }
    return Int(counts[entry])
  }
}

extension Array where Element == UInt8 {
  /// Appends the lowest bytes of a number, little-endian.
  mutating func append(littleEndian number: Int64, byteCount: Int) {
    if byteCount == 8 {
      Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    } else {
      Swift.withUnsafeBytes(of: Int32(truncatingIfNeeded: number).littleEndian) { append(contentsOf: $0) }
    }
  }
}
