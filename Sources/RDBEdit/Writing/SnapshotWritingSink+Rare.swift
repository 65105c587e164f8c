public import RDB
import RDBFormat

/// Arrays, path hashes and values of modules that arrive as elements.
extension SnapshotWritingSink {
  mutating func beginArray(_ header: ElementsHeader) throws {
    let name = name
    try writer.beginArray(name.span.bytes, count: header.count, insertIndex: header.insertIndex, key.attributes)
    key.form = .streamed
  }

  /// Adds an element of an array.
  public mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    if key.form == .streamed { try writer.arrayElement(index: index, value) }
  }

  mutating func beginPathHash(_ header: ElementsHeader) throws {
    let name = name
    try writer.beginPathHash(name.span.bytes, count: header.count ?? 0, key.attributes)
    key.form = .streamed
  }

  /// Adds a path of a path hash.
  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    if key.form == .streamed { try writer.path(path, fieldCount: fieldCount) }
  }

  /// Adds a field of the path.
  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    if key.form == .streamed { try writer.pathField(field, value: value) }
  }

  /// Adds an item of a module's value.
  public mutating func moduleItem(_ item: borrowing ModuleItem) throws {
    if key.form == .none { try beginModule() }
    if key.form == .streamed { try writer.moduleItem(item) }
  }

  mutating func beginModule() throws {
    guard let module = key.module else { return }
    let name = name
    try writer.beginModule(name.span.bytes, module, key.attributes)
    key.form = .streamed
  }
}
