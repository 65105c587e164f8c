import FuzzSupport
import RDB

/// Lengths and string headers, one behind the other, with the bytes they claim.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = bytes(start, count)
  let span = input.span
  var cursor = ByteCursor(span.bytes, base: 7)
  do {
    while cursor.remaining > 0 {
      let before = cursor.position
      switch try cursor.stringHeader() {
      case .raw(let byteCount): _ = try cursor.take(byteCount)
      case .integer(let value): precondition(value >= Int64(Int32.min) && value <= Int64(Int32.max))
      case .lzf(let compressed, _): _ = try cursor.take(compressed)
      }
      precondition(cursor.position > before && cursor.position <= count)
    }
  } catch { precondition(error.offset >= 7 && error.offset <= count + 7) }
  return 0
}
