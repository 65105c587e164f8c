import RDB

struct FilterOptions: Sendable {
  enum Expired: String, CaseIterable, Sendable { case keep, skip, only }
  var limit: UInt64?
}
struct FilterSummary<Base: Sendable>: Sendable {
  var base: Base
  var keysFiltered: UInt64 = 0
  var notes: [String] = []
}
struct KeyFilter<Base: RunSink & ~Copyable>: SelectiveSink, RunSink, ~Copyable {
  var base: Base
  init(_ options: FilterOptions, _ base: consuming Base) { self.base = base }
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { try base.beginKey(key) }
  mutating func endRun() throws(RDBError) { try base.endRun() }
  consuming func finish() throws(RDBError) -> FilterSummary<Base.Summary> { FilterSummary(base: try base.finish()) }
}
struct DecompressedInput { var source: any ByteSource; var format: CompressionFormat?; var progress: CompressedProgress? }
enum CompressionFormat: Sendable { case gzip }
final class CompressedProgress: Sendable { let totalByteCount: UInt64? = nil; var byteCount: Int { 0 } }
func decompressing(_ s: any ByteSource) throws(RDBError) -> DecompressedInput { .init(source: s) }
