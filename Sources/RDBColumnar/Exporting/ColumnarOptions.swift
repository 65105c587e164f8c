import RDBAnalysis
import RDBFormat

/// The settings of an export to Parquet.
package struct ColumnarOptions: Sendable {
  /// The server that memory is estimated for.
  package var model: ServerModel
  /// Whether to write tables of elements.
  package var wantsValues = false
  /// Whether to compress with zstd.
  package var compresses = true
  /// The rules for the columns of prefixes; their depth is ``TableSchema/prefixDepth``.
  package var prefixes = PrefixOptions(depth: TableSchema.prefixDepth)
  /// The number of threads that encode, besides the one that reads.
  package var threads = 0
  /// The number in the names of the files, of an export of one part of a snapshot.
  package var partNumber = 0
  /// The program that writes, with its version: `swift-rdb version 1.0`.
  package var creator = "swift-rdb"

  package init(_ model: ServerModel) { self.model = model }
}
