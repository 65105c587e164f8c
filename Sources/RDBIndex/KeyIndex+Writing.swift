public import RDB
import RDBFormat
import RDBSupport

extension KeyIndex {
  /// Reads a dump and writes its index.
  ///
  /// Uses at most 96 MiB of memory in addition to the reader's. Larger indexes are sorted in temporary files.
  ///
  /// - Parameters:
  ///   - dump: The dump, a regular file.
  ///   - destination: The destination of the index.
  ///   - threads: The number of threads that read the dump.
  ///   - folder: The folder of the temporary files, which take 16 bytes per key.
  /// - Returns: The number of keys in the index.
  /// - Throws: `RDBError`: `io`, the reader's errors, or `refused` if the dump was modified during the call.
  @discardableResult
  public static func write(
    of dump: FileSource, to destination: any ByteDestination, threads: Int = 1, folder: String = "."
  ) throws -> UInt64 {
    let before = try DumpIdentity(
      of: dump, end: SnapshotEnd(checksum: .absent, byteCount: 0, tailParts: []))
    let options = IndexSink.Options(workers: threads, folder: folder)
    var reader = RDBReader(AheadSource(dump, from: 0))
    let result = try reader.fold(threads: threads) { IndexSink(options) }
    let end = result.end ?? SnapshotEnd(checksum: .absent, byteCount: 0, tailParts: [])
    let after = try DumpIdentity(of: dump, end: end)
    guard after.isUnmodified(since: before) else { throw Self.wasModified }
    return try write(result.summary, of: after, to: destination)
  }

  /// The error for a dump that was modified while its index was made.
  package static var wasModified: RDBError {
    RDBError(.refused, at: 0, expected: "a dump that does not change during the call", found: "a modified one")
  }

  /// Merges the workers' parts into an index.
  ///
  /// - Parameters:
  ///   - identity: The fingerprint of the dump.
  ///   - destination: The destination of the index.
  /// - Returns: The number of keys in the index.
  /// - Throws: ``RDBError`` (`io`).
  @discardableResult
  package static func write(
    _ parts: IndexSink.Parts, of identity: DumpIdentity, to destination: any ByteDestination
  ) throws(RDBError) -> UInt64 {
    let parts = parts.parts
    var output = ByteOutput(to: destination)
    let count = parts.reduce(0) { $0 + $1.count }
    try output.append(IndexHeader(count: count, identity).bytes.span.bytes)
    let runs = parts.map(\.runs)
    var merge = try convertingSystemErrors { () throws(SystemError) in try RunMerge(runs, byteCount: mergeByteCount) }
    var left = count
    var number: UInt64 = 0
    while left > 0 {
      let entryCount = Int(min(left, UInt64(IndexBlock.entryLimit)))
      var block = [UInt8](repeating: 0, count: IndexBlock.byteCount(of: entryCount))
      try fill(&block, entryCount, from: &merge)
      IndexBlock.setHeader(of: &block, number: number, count: entryCount)
      try output.append(block.span.bytes)
      left -= UInt64(entryCount)
      number += 1
    }
    try output.flush()
    return count
  }

  private static func fill(
    _ block: inout [UInt8], _ count: Int, from merge: inout RunMerge<IndexEntry>
  ) throws(RDBError) {
    var span = block.mutableSpan
    var bytes = span.mutableBytes
    do throws(SystemError) {
      for index in 0..<count {
        guard let entry = try merge.next() else { return }
        entry.encode(into: &bytes, at: IndexBlock.headerByteCount + index * IndexEntry.byteCount)
      }
    } catch {
      throw RDBError(error)
    }
  }

  private static var mergeByteCount: Int { 32 << 20 }
}
