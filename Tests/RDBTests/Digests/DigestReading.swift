import RDB
import RDBFormat
import RDBLZF
import TestSupport

/// A key with the digest of its value.
struct DigestedKey: Hashable, Sendable {
  var database: UInt64
  var name: [UInt8]
  var digest: ValueDigest
}

/// Collects the digest of each key.
struct DigestCollector: ForwardingSink, FoldingSink {
  var base = ValueDigester()
  private var keys: [DigestedKey] = []
  private var current = (database: UInt64(0), name: [UInt8]())

  init(_ base: ValueDigester = ValueDigester()) { self.base = base }

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    current = (key.database, key.name.withUnsafeBytes { Array($0) })
    return base.beginKey(key)
  }

  mutating func endKey(_ end: KeyEnd) {
    base.endKey(end)
    keys.append(DigestedKey(database: current.database, name: current.name, digest: base.digest))
  }

  consuming func finish() -> Collected<DigestedKey> { Collected(keys) }

  /// The digests of a snapshot's keys, in the order of databases and names.
  static func digests(
    of bytes: [UInt8], threads: Int = 1, _ base: ValueDigester = ValueDigester(), source: MemorySource? = nil
  ) throws -> [DigestedKey] {
    var options = RDBReader.Options()
    if source != nil { options.windowByteCount = 64 }
    var reader = RDBReader(source ?? MemorySource(bytes), options: options)
    return try reader.fold(threads: threads) { DigestCollector(base) }.summary.values.sorted { a, b in
      a.database != b.database ? a.database < b.database : a.name.lexicographicallyPrecedes(b.name)
    }
  }
}

/// Writes a snapshot again, each value from its elements.
func rewritten(_ bytes: [UInt8], compressed: Bool) throws -> [UInt8] {
  var reader = RDBReader(MemorySource(bytes))
  let destination = MemoryDestination()
  let writer = try RDBWriter(
    to: destination, header: try reader.origin().header, compressor: compressed ? LZFCompressor() : nil)
  var sink = RewritingSink(writer)
  try reader.read(into: &sink)
  _ = try sink.finish()
  return destination.bytes
}
