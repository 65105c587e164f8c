import FuzzSupport
import RDB

/// A whole listpack, walked to its end or to the first thing wrong.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = bytes(start, count)
  let span = input.span
  do { try walk(Listpack(span.bytes, at: 0)) } catch {
    precondition(error.offset == 0 && (error.innerOffset ?? 0) <= count)
  }
  return 0
}
