/// A column of one row group as stored: its pages, one after another.
package struct EncodedChunk: Sendable {
  /// The pages with their headers: a page with the dictionary, if there is one, and pages of data.
  package var bytes: [UInt8] = []
  /// The size of the dictionary's page with its header, in bytes; 0: there is none.
  package var dictionaryByteCount = 0
  /// The size of the pages without compression, headers included, in bytes.
  package var plainByteCount = 0
  package var rowCount = 0
  package var missingCount = 0
  /// The smallest and the largest value, where they are known.
  package var smallest: ColumnBounds.Bound?
  package var largest: ColumnBounds.Bound?
}

/// Numbers of the Parquet format. Source: `parquet.thrift` of Apache Parquet.
enum Parquet {
  /// The first and the last four bytes of a file.
  static let magic = Array("PAR1".utf8)

  enum PhysicalType { static let int32: Int32 = 1, int64: Int32 = 2, double: Int32 = 5, byteArray: Int32 = 6 }
  enum ConvertedType { static let utf8: Int32 = 0, timestampMilliseconds: Int32 = 9 }
  enum Encoding { static let plain: Int32 = 0, hybrid: Int32 = 3, dictionary: Int32 = 8 }
  enum Page { static let data: Int32 = 0, dictionary: Int32 = 2 }
  enum Codec { static let none: Int32 = 0, zstd: Int32 = 6 }
}
