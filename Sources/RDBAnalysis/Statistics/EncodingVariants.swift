import RDB
import RDBFormat

/// Which of the encodings that one value type can stand for a key has: a small number to count by,
/// and OBJECT ENCODING's word for it.
struct EncodingVariants: Sendable {
  /// `nil`: a server without the notion.
  private let encodings: ObjectEncodings?

  /// - Parameter writer: The release whose encodings are meant.
  init(of writer: ServerVersion) { encodings = ObjectEncodings(writer: writer) }

  /// The first variant is whatever a type has beside these.
  private enum Variant { static let other = 0, integer = 1, embedded = 2, compact = 3 }

  /// Whether some encodings depend on the elements.
  var needElements: Bool { encodings?.needsElements ?? false }

  /// Whether this type's does.
  func needElements(_ type: ValueType) -> Bool {
    encodings?.value(type, ElementsHeader(count: nil)) == nil
  }

  /// Of a value that was measured.
  ///
  /// - Returns: Below ``KeyTally/variantCount``.
  @inline(__always)
  func variant(of type: ValueType, _ measure: ValueMeasure, keyByteCount: Int, expires: Bool) -> Int {
    if measure.isInteger && type == .string { return Variant.integer }
    guard let encodings else { return Variant.other }
    if type == .string {
      let encoding = encodings.string(
        byteCount: measure.blobByteCount, keyByteCount: keyByteCount, expires: expires)
      return encoding == .embstr ? Variant.embedded : Variant.other
    }
    return encodings.value(type, ElementsHeader(measure)) == .listpack
      ? Variant.compact : Variant.other
  }

  /// Of a value whose elements were counted.
  func variant(of type: ValueType, _ elements: ElementCounts) -> Int {
    switch encodings?.elements(type, elements) {
    case .ziplist, .zipmap, .intset: Variant.compact
    default: Variant.other
    }
  }

  /// The name of a variant.
  func name(_ type: ValueType, _ variant: Int) -> String? {
    guard let encodings, type.data != .module else { return nil }
    let encoding: ObjectEncoding =
      switch (type, variant) {
      case (.string, Variant.integer): .int
      case (.string, Variant.embedded): .embstr
      case (.string, _): .raw
      case (.listQuicklist2, Variant.compact): .listpack
      case (.listQuicklist2, _): .quicklist
      default:
        encodings.value(type, ElementsHeader(count: nil))
          ?? encodings.elements(type, variant == Variant.compact ? .small : .large)
      }
    return "\(encoding.name)"
  }
}

extension ElementsHeader {
  /// What would be announced of a value that was only measured.
  init(_ measure: ValueMeasure) {
    self.init(
      count: measure.elementCount, nodeCount: measure.nodeCount,
      firstNodeIsPlain: measure.isPlainNode, firstBlobByteCount: Int(clamping: measure.blobByteCount))
  }
}

extension ElementCounts {
  /// An example of elements that fit the compact form.
  fileprivate static var small: ElementCounts { ElementCounts() }
  /// An example of elements that do not.
  fileprivate static var large: ElementCounts {
    var tally = ElementCounts()
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 65)
    tally.add(long.span.bytes)
    return tally
  }
}
