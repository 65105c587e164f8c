import FuzzSupport
import RDB

/// A whole zipmap.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = bytes(start, count)
  let span = input.span
  do {
    var zipmap = try Zipmap(span.bytes, at: 0)
    var pairs = 0
    while !zipmap.isAtEnd {
      let field = try zipmap.field()
      let value = try zipmap.value()
      precondition(field.byteCount + value.byteCount <= count)
      pairs += 1
    }
    try zipmap.finish(count: pairs)
  } catch { precondition(error.offset == 0 && (error.innerOffset ?? 0) <= count) }
  return 0
}
