import FuzzSupport
import RDB

/// The push reader, fed with chunks of changing sizes, against the reader of the whole file.
///
/// The first byte is the interest, the second seeds the sizes; the rest is the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = bytes(start, count)
  let interests: [Interest] = [
    .elements, .validate, .skip, .stored, .stored(atMost: 20), .elementsAfterOutline,
    .storedOrOutlined(atMost: 30), .elements,
  ]
  let interest = interests[Int(input[0]) & 7]
  let file = Array(input.dropFirst(2))
  var options = RDBReader.Options()
  options.windowByteCount = 256
  options.parser.stringLimit = 1 << 22
  var whole = DigestSink(interest: interest)
  var wholeError: (any Error)?
  var reader = RDBReader(MemorySource(file), options: options)
  do { try reader.read(into: &whole) } catch { wholeError = error }

  var pushed = DigestSink(interest: interest)
  var pushedError: (any Error)?
  var push = RDBPushReader(options: options)
  var state = UInt32(input[1])
  do {
    var at = 0
    while at < file.count {
      state = state &* 1_664_525 &+ 1_013_904_223
      let size = min(1 + Int(state >> 28) * Int(state >> 20 & 15), file.count - at)
      let chunk = Array(file[at..<at + size])
      try push.feed(chunk.span.bytes, into: &pushed)
      at += size
    }
    _ = try push.finish(into: &pushed)
  } catch {
    check(error as! RDBError, file.count)
    pushedError = error
  }
  precondition((wholeError == nil) == (pushedError == nil))
  precondition(wholeError != nil || whole.digest == pushed.digest)
  return 0
}
