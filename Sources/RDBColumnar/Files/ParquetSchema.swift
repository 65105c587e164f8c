/// The description of a table's columns in the footer of a Parquet file.
enum ParquetSchema {
  /// Writes the list of SchemaElements: the root, and a leaf per column.
  static func write(_ columns: [ColumnSchema], named name: String, in footer: inout ThriftWriter) {
    footer.list(2, of: .structure, count: columns.count + 1)
    footer.structure {
      $0.binary(4, name)
      $0.i32(5, Int32(columns.count))
    }
    for column in columns {
      footer.structure { leaf in
        leaf.i32(1, column.physicalType)
        leaf.i32(3, column.isOptional ? 1 : 0)
        leaf.binary(4, column.name)
        switch column.kind {
        case .text, .names:
          leaf.i32(6, Parquet.ConvertedType.utf8)
          leaf.structure(10) { $0.structure(1) { _ in } }
        case .timestamp:
          leaf.i32(6, Parquet.ConvertedType.timestampMilliseconds)
          leaf.structure(10) { logical in
            logical.structure(8) { timestamp in
              timestamp.bool(1, true)
              timestamp.structure(2) { unit in unit.structure(1) { _ in } }
            }
          }
        case .int32, .int64, .double, .bytes: break
        }
      }
    }
  }
}

extension ColumnSchema {
  /// The number of the physical type.
  var physicalType: Int32 {
    switch kind {
    case .int32: Parquet.PhysicalType.int32
    case .int64, .timestamp: Parquet.PhysicalType.int64
    case .double: Parquet.PhysicalType.double
    case .bytes, .text, .names: Parquet.PhysicalType.byteArray
    }
  }
}
