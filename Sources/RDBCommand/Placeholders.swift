import RDB

struct RESPOptions: Sendable {
  enum Existing: Sendable { case merge, replace, keep }
  enum Restore: String, CaseIterable, Sendable { case never, auto, always }
  enum Functions: String, CaseIterable, Sendable { case append, replace, skip }
  init(target: ServerVersion, source: SnapshotHeader) {}
  var databaseMap: [UInt64: UInt64] = [:]
  var singleDatabase = false
  var databaseCount: UInt64 = 16
  var existing = Existing.merge
  var restore = Restore.never
  var restoreLimit: UInt64 = 0
  var bulkLimit: UInt64 = 0
  var batchElementCount = 500
  var batchByteCount = 1 << 20
  var functions = Functions.append
}
struct RESPSummary: Sendable {
  var ledger = Ledger()
  var commandCount: UInt64 = 0
  mutating func merge(_ other: Self) {}
}
struct RESPSink: SelectiveSink, RunSink {
  init(_ options: RESPOptions, to destination: any ByteDestination) {}
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .elements }
  mutating func endRun() throws(RDBError) {}
  consuming func finish() throws(RDBError) -> RESPSummary { RESPSummary() }
}
final class TrailingDestination: ByteDestination {
  init(to base: any ByteDestination) {}
  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(RDBError) {}
  func writeTrailer(_ s: RESPSummary) throws(RDBError) {}
}
struct JSONOptions: Sendable {
  enum Layout: Sendable { case array, lines }
  enum Strings: String, CaseIterable, Sendable { case utf8, base64, latin1, escape }
  enum Shape: String, CaseIterable, Sendable { case native, rdbtools }
  var layout = Layout.array
  var strings = Strings.utf8
  var shape = Shape.native
  var meta = false
  var writer: ServerVersion
  var header: SnapshotHeader
  init(writer: ServerVersion, header: SnapshotHeader) { (self.writer, self.header) = (writer, header) }
}
struct JSONSink: SelectiveSink, RunSink {
  init(_ options: JSONOptions, to destination: any ByteDestination) {}
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .elements }
  mutating func endRun() throws(RDBError) {}
  consuming func finish() throws(RDBError) -> Ledger { Ledger() }
}
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
