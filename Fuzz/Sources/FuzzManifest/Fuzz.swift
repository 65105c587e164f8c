import FuzzSupport
import RDB
import RDBReplay

/// The manifest of an append-only file: no name leads out of its folder, and the numbers of parts rise.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = bytes(start, count)
  do throws(RDBError) {
    let manifest = try LogManifest(input)
    precondition(!manifest.parts.isEmpty)
    let names = manifest.parts.map(\.name)
    precondition(names.allSatisfy { !$0.isEmpty && !$0.contains(UInt8(ascii: "/")) && !$0.contains(0) })
    precondition(manifest.parts.filter { $0.role == .base }.count <= 1)
    let numbers = manifest.parts.filter { $0.role == .incremental }.map(\.number)
    precondition(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
  } catch {
    precondition(error.code == .corruptManifest && error.offset >= 0 && error.offset <= count)
  }
  return 0
}
