import RDB
import RDBFormat

/// The continuation of a damaged snapshot after a fault.
struct Resumption: Sendable {
  /// The offset of the first record.
  var start: UInt64
  var context: RecordContext
  /// Whether the lengths of the damaged record lead to the offset.
  var isCertain: Bool
  /// Whether the database was read from bytes next to the damage.
  var guessesDatabase = false
}

/// Searches a damaged snapshot for the next record.
///
/// Each offset is tried: is there a record, and after it another, until these records together are evidence enough? False
/// beginnings are cheap to tell, because a false length leads to a byte that begins no record. Bytes read for trials are
/// limited, so that a hostile file costs no more than a few passes.
struct RecordSearch: ~Copyable {
  private var scanner: RecordScanner
  let bytes: SourceBytes
  let evidence: Evidence
  private let end: SnapshotEndTest
  private let begins: RecordBeginnings
  /// The number of bytes that trials may still read.
  private var budget: UInt64
  /// The share of keys that expire, in percent, as far as the file was read.
  var expiringPercentage: UInt64 = 0

  init(_ source: any ByteSource, _ bytes: SourceBytes, _ header: SnapshotHeader, options: RDBReader.Options) {
    var options = options
    options.windowByteCount = 8 << 10
    scanner = RecordScanner(source, options: options)
    self.bytes = bytes
    evidence = Evidence(bytes: bytes)
    end = SnapshotEndTest(bytes: bytes, header: header)
    begins = RecordBeginnings(header)
    budget = 4 * bytes.byteCount + 64 << 20
  }

  /// Finds the first offset from `start` on at which the snapshot continues.
  ///
  /// - Parameters:
  ///   - start: The first offset to try.
  ///   - fault: An offset that the records must lie beyond, because reading fails there.
  ///   - context: The knowledge from the records before the fault.
  ///   - lookalikes: How many strings after the damage may be fields of a hash with expiries: a field without expiry is
  ///     stored as a string is.
  /// - Returns: The continuation; `nil`: there is none.
  mutating func search(
    from start: UInt64, past fault: UInt64, _ context: RecordContext, lookalikes: UInt64 = 0
  ) throws(RDBError) -> Resumption? {
    var best: Resumption?
    var offset = start
    var trials = 0
    var lookalikes = lookalikes
    while let first = try bytes.byte(at: offset) {
      if let best, offset >= best.start { break }
      if first == UInt8(ascii: "R") || first == UInt8(ascii: "V"), let after = try skipSnapshot(at: offset) {
        offset = after
        continue
      }
      defer { offset += 1 }
      guard begins.isPossible(first), try isPlausible(first, at: offset) else { continue }
      if trials < 1 << 20 { trials += 1 }
      guard let records = try strongRecords(at: offset, past: fault, context) else { continue }
      let skipped = records.prefix(Int(clamping: lookalikes)).prefix(while: \.isPlainString).count
      if skipped > 0, skipped == records.count {
        // The last one is tried again, with those that follow it.
        lookalikes -= UInt64(skipped - 1)
        if skipped > 1 { offset = records[skipped - 1].start - 1 }
        continue
      }
      let found = try resumption(at: offset, records, skipping: skipped, context, trials: trials, from: start)
      if let found, found.start < best?.start ?? .max { best = found }
    }
    return best
  }

  // MARK: Trials

  /// The first of some records that is certain.
  ///
  /// - Parameters:
  ///   - offset: The offset of the first record.
  ///   - skipped: The number of records that are not keys of the snapshot.
  ///   - trials: The number of offsets that were tried: the more, the likelier is a false beginning.
  ///   - start: The first offset that was tried.
  private func resumption(
    at offset: UInt64, _ records: [ScannedRecord], skipping skipped: Int, _ context: RecordContext, trials: Int,
    from start: UInt64
  ) throws(RDBError) -> Resumption? {
    let penalty = trials.bitWidth - trials.leadingZeroBitCount
    var sum = -penalty
    var previous: [UInt8]?
    var context = context
    for (index, record) in records.enumerated() {
      let bits = try evidence.bits(of: record, near: previous)
      sum += bits
      previous = record.key?.name ?? previous
      if try mayLackExpiry(record, index == 0 ? records.dropFirst() : nil) { continue }
      if sum >= Evidence.believable, index >= skipped {
        // Opcodes between two keys begin after the first.
        let begin = index == 0 ? offset : records[index - 1].end
        if index > 0 { context.database = records[index - 1].database }
        var found = Resumption(start: begin, context: context, isCertain: false)
        if index == 0 { try guessDatabase(&found, from: start) }
        return found
      }
    }
    // Nothing follows but the end.
    if records.isEmpty { return Resumption(start: offset, context: context, isCertain: false) }
    return nil
  }

  /// Reads records from `offset` on.
  ///
  /// - Returns: The records; `nil` if they are not strong evidence.
  mutating func strongRecords(at offset: UInt64, past fault: UInt64, _ context: RecordContext) throws(RDBError)
    -> [ScannedRecord]?
  {
    let evidence = evidence
    let sum = Sum()
    var log = RecordLog(
      from: offset, context, keeping: Self.trialLength, inputByteCount: bytes.byteCount
    ) { record throws(RDBError) in
      let bits = try evidence.bits(of: record, near: sum.previous)
      sum.previous = record.key?.name ?? sum.previous
      if record.end > fault || record.key == nil { sum.bits += bits }
      sum.count += 1
      return sum.bits >= Evidence.strong && record.end > fault && record.key != nil || sum.count >= Self.trialLength
    }
    let before = scanner.readByteCount
    scanner.move(to: offset, context, limit: offset + max(64 << 10, budget))
    defer { budget -= min(budget, scanner.readByteCount - before) }
    do throws(RDBError) {
      try scanner.read(into: &log)
    } catch {
      if error.code == .io || error.code == .outputClosed { throw error }
      return sum.bits >= Evidence.strong && log.end > fault ? log.records : nil
    }
    // The EOF opcode.
    guard scanner.offset > fault, try end.isEnd(eof: scanner.offset - 1) else { return nil }
    return log.records
  }

  /// The number of records within which a trial must be strong evidence. Collections of short strings, read from a wrong
  /// byte on, can look like any number of weak records.
  private static let trialLength = 10

  /// The sum of a trial's evidence.
  private final class Sum {
    var bits = 0
    var count = 0
    var previous: [UInt8]?
  }

  // MARK: Damaged records

  /// Finds the end of a key whose value is damaged by the lengths in the value, if records follow there.
  mutating func end(of record: ScannedRecord, _ context: RecordContext) throws(RDBError) -> Resumption? {
    guard let key = record.key, Evidence.bits(ofHeadOf: key) >= Evidence.certainHead else { return nil }
    var sink = OneKeySkipper()
    let before = scanner.readByteCount
    scanner.move(to: record.start, context, limit: record.start + max(64 << 10, budget))
    defer { budget -= min(budget, scanner.readByteCount - before) }
    do throws(RDBError) {
      try scanner.read(into: &sink)
      return nil
    } catch {
      if error.code == .io { throw error }
      guard error.code == .stop, let end = sink.end, end > record.start + 3 else { return nil }
      let context = scanner.context
      guard let records = try strongRecords(at: end, past: end - 1, context) else { return nil }
      // Most packed values end with a mark. Where it is damaged, the next record may be as well.
      if let next = records.first, try bytes.byte(at: end - 1) != 0xFF, try mayLackExpiry(next, records.dropFirst()) {
        return nil
      }
      return Resumption(start: end, context: context, isCertain: true)
    }
  }

  /// Steps over a whole snapshot that is stored inside a value: its records are not keys of this one.
  ///
  /// - Returns: The offset after it; `nil` if none begins here.
  private mutating func skipSnapshot(at offset: UInt64) throws(RDBError) -> UInt64? {
    guard let header = SnapshotHeader(try bytes.bytes(at: offset, count: 9)) else { return nil }
    let context = RecordContext(header: header)
    var log = RecordLog(from: offset + 9, context, keeping: 1, inputByteCount: bytes.byteCount)
    let before = scanner.readByteCount
    scanner.move(to: offset + 9, context, limit: offset + 9 + max(64 << 10, budget))
    defer { budget -= min(budget, scanner.readByteCount - before) }
    do throws(RDBError) {
      try scanner.read(into: &log)
      return scanner.offset + (header.version >= 5 ? 8 : 0)
    } catch {
      if error.code == .io { throw error }
      // Its end is cut, or damaged. Its last record may reach into those of this snapshot.
      let last = log.records.last?.start ?? offset
      return last > offset ? last + 1 : nil
    }
  }

  // MARK: Lost attributes

  /// Whether a key without expiry may have had one, whose bytes are a part of the damage before it.
  ///
  /// - Parameter others: The records after the key, if it is the first one after the damage.
  private func mayLackExpiry(_ record: ScannedRecord, _ others: ArraySlice<ScannedRecord>?) throws(RDBError) -> Bool {
    guard let key = record.key, key.expiry == nil else { return false }
    let count = min(8, record.start)
    let before = try bytes.bytes(at: record.start - count, count: Int(count))
    if before.suffix(3) == [1, 0, 0] || before.count >= 6 && before.suffix(6).allSatisfy({ $0 == 0 }) { return true }
    let time = before.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    if before.count == 8, time >= UInt64(Evidence.plausibleTimes.lowerBound), time < 1 << 48 { return true }
    guard let others else { return false }
    let expiring = others.count { $0.key?.expiry != nil }
    if expiringPercentage >= 50 || expiring > others.count / 2 { return true }
    if expiringPercentage == 0, expiring == 0 { return false }
    // Most values end with text, or with the mark of a packed value.
    return before.last != 0xFF && !before.suffix(3).allSatisfy { (0x20...0x7E).contains($0) }
  }

  /// Reads the number of the database before RESIZEDB, which always follows SELECTDB.
  private func guessDatabase(_ found: inout Resumption, from start: UInt64) throws(RDBError) {
    guard try bytes.byte(at: found.start) == Opcode.resizeDB.rawValue, found.start > start,
      let number = try bytes.byte(at: found.start - 1), number < 0x40, number > found.context.database
    else { return }
    found.context.database = UInt64(number)
    found.guessesDatabase = true
  }

  // MARK: Quick tests

  /// Tells most garbage from records without a trial.
  private func isPlausible(_ first: UInt8, at offset: UInt64) throws(RDBError) -> Bool {
    guard begins.isType(first) else {
      switch Opcode(rawValue: first) {
      case .eof: return try end.isEnd(eof: offset)
      case .expireTimeMS:
        let time = try bytes.bytes(at: offset + 1, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        return time < 1 << 48
      case .selectDB: return try bytes.byte(at: offset + 1).map { $0 < 0x80 } ?? false
      case nil: return false
      default: return true
      }
    }
    guard let value = try afterString(at: offset + 1) else { return false }
    guard begins.isOneString(first) else { return true }
    guard let after = try afterString(at: value) else { return false }
    // Zeros.
    if after == offset + 3, first == 0 { return false }
    guard let next = try bytes.byte(at: after) else { return false }
    return begins.isPossible(next)
  }

  /// The offset after a string; `nil` if none begins at `offset`, or if it ends after the input.
  private func afterString(at offset: UInt64) throws(RDBError) -> UInt64? {
    guard let first = try bytes.byte(at: offset) else { return nil }
    let end: UInt64
    switch first {
    case 0xC0: end = offset + 2
    case 0xC1: end = offset + 3
    case 0xC2: end = offset + 5
    case 0xC3:
      guard let (compressed, next) = try length(at: offset + 1), let (_, data) = try length(at: next) else {
        return nil
      }
      guard compressed <= bytes.byteCount else { return nil }
      end = data + compressed
    default:
      guard let (count, next) = try length(at: offset), count <= bytes.byteCount else { return nil }
      end = next + count
    }
    return end <= bytes.byteCount ? end : nil
  }

  private func length(at offset: UInt64) throws(RDBError) -> (value: UInt64, end: UInt64)? {
    guard let first = try bytes.byte(at: offset) else { return nil }
    let count: Int
    switch first {
    case 0..<0x40: return (UInt64(first), offset + 1)
    case 0x40..<0x80:
      guard let second = try bytes.byte(at: offset + 1) else { return nil }
      return (UInt64(first & 0x3F) << 8 | UInt64(second), offset + 2)
    case 0x80: count = 4
    case 0x81: count = 8
    default: return nil
    }
    let rest = try bytes.bytes(at: offset + 1, count: count)
    guard rest.count == count else { return nil }
    return (rest.reduce(0) { $0 << 8 | UInt64($1) }, offset + 1 + UInt64(count))
  }
}

/// Steps over one key by its lengths.
private struct OneKeySkipper: SelectiveSink {
  static var events: SinkEvents { [.beginKey, .endKey] }
  private var valueStart: UInt64 = 0
  private(set) var end: UInt64?

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    valueStart = UInt64(key.valueOffset)
    return .skip
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    self.end = valueStart + end.storedByteCount
    throw .stop
  }
}
