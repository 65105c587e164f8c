import FuzzSupport
import RDB

/// The whole reader, with every interest: whole, in a small window from a slow pipe, and by two workers.
///
/// The first byte says how; the rest is the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let input = bytes(start, count)
  let how = Int(input[0])
  let interests: [Interest] = [
    .elements, .validate, .skip, .stored, .stored(atMost: 20), .elementsAfterOutline,
    .storedOrOutlined(atMost: 30), .elements,
  ]
  let interest = interests[how & 7]
  let file = Array(input.dropFirst())
  var options = RDBReader.Options()
  options.windowByteCount = 1 << 12
  options.parser.stringLimit = 1 << 22
  options.ignoresChecksum = how & 8 != 0
  options.parser.forceVersion = how & 16 != 0
  let whole = read(MemorySource(file), file.count, interest, options)
  options.windowByteCount = 64
  let piped = read(MemorySource(file, readLimit: 7 + 100 * (how >> 5), canSeek: false), file.count, interest, options)
  // Knowing the file's size, a reader says earlier that a length cannot be.
  precondition((whole.code == nil) == (piped.code == nil))
  precondition(whole.code != nil || whole.digest == piped.digest)
  if how & 7 == 7 {
    do {
      var parallel = RDBReader(MemorySource(file), options: options)
      _ = try parallel.fold(threads: 2) { Worker() }
      precondition(whole.code == nil)
    } catch {
      check(error as! RDBError, file.count)
      precondition(whole.code != nil)
    }
  }
  return 0
}

func read(_ source: MemorySource, _ count: Int, _ interest: Interest, _ options: RDBReader.Options)
  -> Outcome
{
  var reader = RDBReader(source, options: options)
  var sink = DigestSink(interest: interest)
  do { try reader.read(into: &sink) } catch {
    let error = error as! RDBError
    check(error, count)
    return Outcome(digest: sink.digest, code: error.code)
  }
  return Outcome(digest: sink.digest, code: nil)
}

struct Worker: FoldingSink, SelectiveSink {
  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .elements }
  consuming func finish() throws(RDBError) -> NoSummary { NoSummary() }
}
