import RDB
import RDBFormat

/// Which of the encodings that one value type can stand for a key has: a small number to count by,
/// and the name that OBJECT ENCODING has for it.
struct EncodingVariants: Sendable {
  private let writer: ServerVersion
  /// The longest string that is embedded in its key's object; −1: none is.
  private let embeddedLimit: Int64
  private let hasListpackLists: Bool

  /// - Parameter writer: The release whose encodings are meant.
  init(of writer: ServerVersion) {
    self.writer = writer
    embeddedLimit = writer.isAtLeast(3, 2) ? 44 : writer.isAtLeast(3, 0) ? 39 : -1
    hasListpackLists = writer.isAtLeast(7, 2)
  }

  /// The encodings of a string, then of a list.
  private enum Variant { static let integer = 1, embedded = 2, listpack = 1 }

  /// - Returns: Below ``KeyTally/variantCount``.
  @inline(__always)
  func variant(of type: ValueType, _ measure: ValueMeasure?) -> Int {
    guard let measure else { return 0 }
    if type == .string {
      if measure.isInteger { return Variant.integer }
      return Int64(clamping: measure.blobByteCount) <= embeddedLimit ? Variant.embedded : 0
    }
    if type == .listQuicklist2 {
      let isSmall = measure.nodeCount == 1 && !measure.isPlainNode && measure.blobByteCount <= 8192
      return hasListpackLists && isSmall ? Variant.listpack : 0
    }
    return 0
  }

  /// The name of a variant.
  @Sendable func name(_ type: ValueType, _ variant: Int) -> String {
    switch (type, variant) {
    case (.string, Variant.integer): "int"
    case (.string, Variant.embedded): "embstr"
    case (.string, _): "raw"
    case (.listQuicklist2, Variant.listpack): "listpack"
    default: type.name
    }
  }
}
