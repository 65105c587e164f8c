import CLZF
import FuzzSupport
import RDB

/// LZF against liblzf: the same output, the same refusals. The first two bytes are the size to make.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = bytes(start, count)
  let packed = Array(input.dropFirst(2))
  var size = Int(input[0]) << 8 | Int(input[1])
  var theirs = [UInt8](repeating: 0, count: 1 << 17)
  // Mostly the size that liblzf makes of it, so that what it makes is compared.
  let made = Int(lzf_decompress(packed, UInt32(packed.count), &theirs, UInt32(theirs.count)))
  if size & 7 != 0, made > 0 { size = made }
  guard size > 0 else { return 0 }
  let refused = Int(lzf_decompress(packed, UInt32(packed.count), &theirs, UInt32(size))) != size
  let ours = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
  defer { ours.deallocate() }
  do {
    try LZF.decompress(packed.span.bytes, into: ours)
    precondition(!refused)
    precondition(ours.elementsEqual(theirs[..<size]))
  } catch { precondition(refused) }
  return 0
}
