import FuzzSupport
import RDB

/// A whole intset.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = bytes(start, count)
  let span = input.span
  do {
    let intset = try Intset(span.bytes, at: 0)
    var sum: Int64 = 0
    for index in 0..<intset.count { sum &+= intset.value(at: index) }
    precondition(intset.count * 2 + 8 <= count && (sum == 0 || intset.count > 0))
  } catch { precondition(error.offset == 0) }
  return 0
}
