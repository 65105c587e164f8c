import FuzzSupport
import RDB
import RDBEdit
import RDBFormat
import RDBLZF

/// A snapshot that is rewritten, masked and salvaged: what is written must be readable.
///
/// The first byte says how; the rest is the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let input = bytes(start, count)
  let how = Int(input[0])
  let file = Array(input.dropFirst())
  switch how & 3 {
  case 0: salvage(file)
  case 1: mask(file)
  default:
    let targets = ["2.8", "5.0", "7.0", "8.2", "8.10", "valkey-8.0", "valkey-9.1", "valkey-9.2"]
    var options = SnapshotWritingOptions(target: ServerVersion(targets[how >> 3 & 7])!)
    options.sanitizes = how & 4 != 0
    options.compressor = { LZFCompressor() }
    rewrite(file, options)
  }
  return 0
}

private func reader(_ file: [UInt8]) -> RDBReader {
  var options = RDBReader.Options()
  options.windowByteCount = 1 << 12
  options.parser.stringLimit = 1 << 20
  options.ignoresChecksum = true
  return RDBReader(MemorySource(file), options: options)
}

/// Reads a snapshot that was written here, strictly.
///
/// - Returns: The number of its keys.
private func keyCount(_ file: [UInt8]) -> UInt64 {
  var strict = RDBReader(MemorySource(file))
  do { return try strict.fold(threads: 1) { Counter() }.summary.keys } catch { preconditionFailure("\(error)") }
}

private func salvage(_ file: [UInt8]) {
  var options = RDBReader.Options()
  options.stringLimit = 1 << 20
  let destination = MemoryDestination()
  do {
    let report = try Salvage(options: options).run(MemorySource(file), to: destination)
    precondition(report.outputByteCount == UInt64(destination.bytes.count))
    precondition(report.keyCount == keyCount(destination.bytes))
  } catch {
    check(error as! RDBError, file.count)
  }
}

private func mask(_ file: [UInt8]) {
  let destination = MemoryDestination()
  do {
    let masking = try MaskingOptions(keepNames: 2, salt: [1])
    var names = reader(file)
    let plan = try MaskingPlan(masking, try names.fold(threads: 1) { NamePartCounter(masking) }.summary)
    var values = reader(file)
    let options = SnapshotWritingOptions(copying: try values.origin())
    let snapshot = try SnapshotDestination(options, to: destination)
    let result = try values.write(to: snapshot) { MaskingSink(plan, options, to: $0) }
    try snapshot.finish(result.summary)
    let ledger = result.summary.ledger
    precondition(ledger.keysWritten == keyCount(destination.bytes))
  } catch {
    check(error as! RDBError, file.count)
  }
}

private func rewrite(_ file: [UInt8], _ options: SnapshotWritingOptions) {
  guard let once = rewritten(file, options) else { return }
  // The first output may name a database of which no key is left. The second one stays as it is.
  guard let twice = rewritten(once, options), let again = rewritten(twice, options) else {
    preconditionFailure("cannot be rewritten again")
  }
  precondition(keyCount(once) == keyCount(twice) && twice == again)
}

private func rewritten(_ file: [UInt8], _ options: SnapshotWritingOptions) -> [UInt8]? {
  let destination = MemoryDestination()
  do {
    var reader = reader(file)
    let snapshot = try SnapshotDestination(options, to: destination)
    let result = try reader.write(to: snapshot) { SnapshotWritingSink(options, to: $0) }
    try snapshot.finish(result.summary)
    precondition(result.summary.ledger.keysWritten == keyCount(destination.bytes))
    return destination.bytes
  } catch {
    check(error as! RDBError, file.count)
    return nil
  }
}

/// Counts the keys, and has every value validated.
private struct Counter: FoldingSink, SelectiveSink {
  struct Summary: MergeableSummary {
    var keys: UInt64 = 0
    mutating func merge(_ other: Summary) { keys += other.keys }
  }

  static var events: SinkEvents { [.beginKey] }
  private var summary = Summary()

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    summary.keys += 1
    return .validate
  }
  consuming func finish() throws(RDBError) -> Summary { summary }
}
