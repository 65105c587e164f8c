import FuzzSupport
import RDB

/// One stream's value; the first byte says of which type and how it is read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let input = bytes(start, count)
  let how = Int(input[0])
  let types: [UInt8] = [15, 19, 21, 26, 27]
  let interests: [Interest] = [.elements, .validate, .elementsAfterOutline, .storedOrOutlined(atMost: 50)]
  let file =
    Array("REDIS0015".utf8) + [types[how % 5], 1, 107] + input.dropFirst() + [255]
    + [UInt8](repeating: 0, count: 8)
  var options = RDBReader.Options()
  options.windowByteCount = 1 << 12
  var reader = RDBReader(MemorySource(file), options: options)
  var sink = DigestSink(interest: interests[how / 5 % 4])
  do { try reader.read(into: &sink) } catch { check(error as! RDBError, file.count) }
  return 0
}
