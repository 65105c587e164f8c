import RDB

enum TimeText {
  static let byteCount = 24
  static func write(milliseconds: Int64, to: UnsafeMutableRawPointer) -> Bool { false }
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
