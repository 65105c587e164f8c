/// An item of a module's value.
///
/// Source: `RDB_MODULE_OPCODE_*` in Redis `src/rdb.h`.
public struct ModuleItem: ~Escapable {
  /// The kind of an item, and its value where that is a number.
  public enum Kind: Hashable, Sendable {
    /// A signed integer.
    case signed(Int64)
    /// An unsigned integer.
    case unsigned(UInt64)
    /// A number of 32 bits.
    case float(Float)
    /// A number of 64 bits.
    case double(Double)
    /// Bytes: see ``ModuleItem/bytes``.
    case string
  }
  /// The item's kind, and its value where that is a number.
  public let kind: Kind
  /// The bytes of a string; else empty.
  public let bytes: RawSpan

  /// Creates an item that borrows its bytes.
  @inlinable @_lifetime(copy bytes)
  package init(_ kind: Kind, bytes: RawSpan) { (self.kind, self.bytes) = (kind, bytes) }
}
