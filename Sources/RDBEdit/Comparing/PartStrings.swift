import RDB
import RDBFormat
import RDBSupport

/// Reads the strings of parts from the logs of all workers.
struct PartStrings {
  private let logs: [CompleteNameLog]

  init(_ logs: [CompleteNameLog]) { self.logs = logs }

  /// Reads the record of a key.
  func key(_ part: LocatedPart) throws(SystemError) -> (database: UInt64, name: [UInt8], side: KeyDifference.Side) {
    let log = logs[part.log]
    let name = try log.entry(at: part.record.logOffset)
    let value = try log.entry(at: CompleteNameLog.offset(after: name.bytes.count, at: part.record.logOffset)).bytes
    let properties = KeyProperties(value)
    let side = KeyDifference.Side(
      type: properties.type, expiry: properties.expiry, byteCount: properties.byteCount,
      metadata: Array(value.dropFirst(KeyProperties.encodedByteCount)))
    return (name.number, name.bytes, side)
  }

  /// Reads the strings of a changed part. At least one side is not `nil`.
  func change(_ before: LocatedPart?, _ after: LocatedPart?) throws(SystemError) -> PartChange {
    let (a, b) = (try before.map(read), try after.map(read))
    let strings = a ?? b
    let kind = (before ?? after)?.record.kind ?? .value
    var change = PartChange(
      part: kind, kind: before == nil ? .added : after == nil ? .removed : .changed, container: strings?.container,
      name: strings?.name ?? [], nameByteCount: strings?.nameByteCount ?? 0, before: a?.side, after: b?.side)
    if kind == .value, let before, let after, let a, let b {
      change.commonByteCount = try commonByteCount(before.log, a, after.log, b)
    }
    return change
  }

  private struct Strings {
    var container: [UInt8]?
    var name: [UInt8]
    var nameByteCount: UInt64
    var side: PartChange.Side
    /// The offset in the log of the value's first byte.
    var valueOffset: UInt64
  }

  private func read(_ part: LocatedPart) throws(SystemError) -> Strings {
    let log = logs[part.log]
    let limit = PartChange.shownByteCount
    var offset = part.record.logOffset
    var container: [UInt8]?
    var (number, name, nameByteCount) = try log.beginning(at: offset, limit: limit)
    offset = CompleteNameLog.offset(after: Int(nameByteCount), at: offset)
    if part.record.kind.hasContainer {
      container = name
      (_, name, nameByteCount) = try log.beginning(at: offset, limit: limit)
      offset = CompleteNameLog.offset(after: Int(nameByteCount), at: offset)
    }
    let (flag, value, byteCount) = try log.beginning(at: offset, limit: limit)
    if part.record.kind.hasContainer { number = 0 }
    let side = PartChange.Side(
      value: value, byteCount: byteCount, number: flag == 0 ? nil : number, index: part.record.ordinal)
    return Strings(
      container: container, name: name, nameByteCount: nameByteCount, side: side,
      valueOffset: CompleteNameLog.offset(after: 0, at: offset))
  }

  /// The number of equal bytes at the beginning of two values.
  private func commonByteCount(
    _ firstLog: Int, _ first: Strings, _ secondLog: Int, _ second: Strings
  ) throws(SystemError) -> UInt64 {
    let count = min(first.side.byteCount, second.side.byteCount)
    var done: UInt64 = 0
    while done < count {
      let size = Int(min(count - done, 256 << 10))
      let a = try logs[firstLog].bytes(at: first.valueOffset + done, count: size)
      let b = try logs[secondLog].bytes(at: second.valueOffset + done, count: size)
      if a != b { return done + UInt64(zip(a, b).prefix { $0 == $1 }.count) }
      done += UInt64(size)
    }
    return count
  }
}
