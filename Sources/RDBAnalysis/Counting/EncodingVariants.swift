import RDB
import RDBFormat

/// The encodings that one value type can have in memory: a small number per variant, and its name in OBJECT ENCODING.
struct EncodingVariants: Sendable {
  /// The rules of the server; `nil` if it is too old for OBJECT ENCODING.
  private let encodings: ObjectEncodings?

  /// - Parameter writer: The release that wrote the file.
  init(of writer: ServerVersion) { encodings = ObjectEncodings(writer: writer) }

  /// The variants. `other` is any encoding that has no variant of its own.
  private enum Variant { static let other = 0, integer = 1, embedded = 2, compact = 3 }

  /// Whether the encoding of some types depends on the elements.
  var needElements: Bool { encodings?.needsElements ?? false }

  /// Whether the encoding of a type depends on the elements.
  func needElements(_ type: ValueType) -> Bool {
    encodings?.value(type, ElementsHeader(count: nil)) == nil
  }

  /// Returns the variant of a measured value: a number below ``KeyCounter/variantCount``.
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

  /// Returns the variant of a value from its elements.
  func variant(of type: ValueType, _ elements: ElementCounts) -> Int {
    switch encodings?.elements(type, elements) {
    case .ziplist, .zipmap, .intset: Variant.compact
    default: Variant.other
    }
  }

  /// Returns the name of a variant in OBJECT ENCODING.
  func name(_ type: ValueType, _ variant: Int) -> String? {
    guard let encodings, type.data != .module else { return nil }
    let encoding: ObjectEncoding =
      switch type {
      case .string: variant == Variant.integer ? .int : variant == Variant.embedded ? .embstr : .raw
      case .listQuicklist2: variant == Variant.compact ? .listpack : .quicklist
      case .list, .listZiplist, .listQuicklist, .set, .setIntset, .setListpack, .zset, .zset2, .zsetZiplist,
        .zsetListpack, .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashMetadataPreGA,
        .hashListpackExPreGA, .hash2, .hashMetadata, .hashListpackEx, .hashTemplateListpackInline,
        .hashTemplateListpack, .hashTemplateArrayInline, .hashTemplateArray, .streamListpacks,
        .streamListpacks2, .streamListpacks3, .streamListpacks4, .streamListpacks5, .array, .pathHash, .modulePreGA,
        .module2:
        encodings.value(type, ElementsHeader(count: nil))
          ?? encodings.elements(type, variant == Variant.compact ? .small : .large)
      }
    return "\(encoding.name)"
  }
}

extension ElementsHeader {
  /// Creates the header of a value that was only measured.
  init(_ measure: ValueMeasure) {
    self.init(
      count: measure.elementCount, nodeCount: measure.nodeCount,
      firstNodeIsPlain: measure.isPlainNode, firstBlobByteCount: Int(clamping: measure.blobByteCount))
  }
}

extension ElementCounts {
  /// An example of elements that fit into the compact form.
  fileprivate static var small: ElementCounts { ElementCounts() }
  /// An example of elements that do not fit into the compact form.
  fileprivate static var large: ElementCounts {
    var elements = ElementCounts()
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 65)
    elements.add(long.span.bytes)
    return elements
  }
}
