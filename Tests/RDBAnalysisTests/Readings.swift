import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// Returns a reader with a window so small that a small file has many batches.
func smallReader(_ bytes: [UInt8]) -> RDBReader {
  var options = RDBReader.Options()
  options.windowByteCount = 64
  return RDBReader(MemorySource(bytes), options: options)
}

/// Returns the information on a snapshot.
func info(_ bytes: [UInt8], threads: Int = 1, now: Int64 = 0) throws -> SnapshotInfo {
  var reader = smallReader(bytes)
  let origin = try reader.origin()
  return try reader.fold(threads: threads) { InfoSink(origin: origin, now: UnixMilliseconds(now)) }.summary
}
