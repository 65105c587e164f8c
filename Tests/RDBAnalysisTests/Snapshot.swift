import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// A reader with a window so small that many runs come of a small file.
func smallReader(_ bytes: [UInt8]) -> RDBReader {
  var options = RDBReader.Options()
  options.windowByteCount = 64
  return RDBReader(MemorySource(bytes), options: options)
}

/// The report of `bytes`.
func info(_ bytes: [UInt8], threads: Int = 1, now: Int64 = 0) throws -> SnapshotInfo {
  var reader = smallReader(bytes)
  let origin = try reader.origin()
  return try reader.fold(threads: threads) { InfoSink(origin: origin, now: UnixMilliseconds(now)) }.summary
}
