import RDB
import RDBFormat

/// A hash of the replayed keyspace.
///
/// Its encoding is that of a live server: once a hash table, it stays one.
package final class ReplayedHash: ReplayedCollection {
  /// A field's value and expiry.
  package struct Field {
    package var value: [UInt8]
    private var time: Int64

    init(_ value: [UInt8], expiry: UnixMilliseconds? = nil) {
      self.value = value
      time = expiry?.value ?? .min
    }

    /// The time at which the field expires; `nil`: never.
    package var expiry: UnixMilliseconds? {
      get { time == .min ? nil : UnixMilliseconds(time) }
      set { time = newValue?.value ?? .min }
    }
  }

  /// The fields in the order of insertion.
  package private(set) var fields = ByteTable<Field>()
  /// The encoding of a live server.
  package internal(set) var encoding: ObjectEncoding
  private var valueByteCount = 0

  /// Creates an empty hash, which a command will fill.
  package init(_ limits: EncodingLimits) { encoding = limits.packedEncoding }

  /// Creates a hash as a server loads it.
  ///
  /// - Parameters:
  ///   - fields: The fields; of equal fields the last one remains.
  ///   - type: The type of the stored value. The default: elements that no stored type describes.
  package init(
    loading fields: [(field: [UInt8], value: [UInt8], expiry: UnixMilliseconds?)], as type: ValueType = .hash,
    _ limits: EncodingLimits
  ) {
    encoding = limits.packedEncoding
    for (field, value, expiry) in fields { set(field, Field(value, expiry: expiry)) }
    encoding = loadedEncoding(type, limits)
  }

  private init(copying hash: ReplayedHash) {
    (fields, encoding, valueByteCount) = (hash.fields, hash.encoding, hash.valueByteCount)
  }

  package var isEmpty: Bool { fields.isEmpty }
  package var byteCount: Int { fields.byteCount + valueByteCount + 64 }
  package func copied() -> Self { Self(copying: self) }

  /// Whether the hash is neither a hash table nor has expiries in a listpack.
  var isPacked: Bool { encoding == .listpack || encoding == .ziplist }

  /// Whether a field has an expiry.
  ///
  /// - Complexity: O(*n*).
  var hasExpiries: Bool { fields.indices.contains { fields[valueAt: $0].expiry != nil } }

  // MARK: Changes without a change of the encoding

  /// Sets a field.
  func set(_ name: [UInt8], _ field: Field) {
    var field = field
    // In a listpack, 0 means a field without expiry.
    if encoding == .listpackex, field.expiry?.value == 0 { field.expiry = nil }
    valueByteCount += field.value.count + byteStringOverhead
    if let former = fields.set(name, field) { valueByteCount -= former.value.count + byteStringOverhead }
  }

  /// Sets the expiry of a field that exists.
  func setExpiry(at index: Int, _ expiry: UnixMilliseconds?) {
    // In a listpack, 0 means a field without expiry.
    fields[valueAt: index].expiry = encoding == .listpackex && expiry?.value == 0 ? nil : expiry
  }

  /// Removes a field.
  ///
  /// - Returns: Whether the field existed.
  @discardableResult
  func remove(_ name: [UInt8]) -> Bool {
    guard let former = fields.remove(name) else { return false }
    valueByteCount -= former.value.count + byteStringOverhead
    return true
  }

  // MARK: Encodings

  private func loadedEncoding(_ type: ValueType, _ limits: EncodingLimits) -> ObjectEncoding {
    if fields.count > limits.hashEntries { return .hashtable }
    switch type.layout.content {
    case .packed(.hashWithExpiries): return .listpackex
    case .packed(.hash): return limits.packedEncoding
    case .collection(.hashWithExpiries): return .hashtable
    case .packed, .collection, .string, .quicklist, .stream, .module, .array, .templateListpack, .templateValues,
      .pathHash:
      break
    }
    let longest = fields.indices.reduce(0) { max($0, fields[entryAt: $1].key.count, fields[valueAt: $1].value.count) }
    return limits.encoding(
      of: .hash, count: fields.count, longest: longest,
      expires: type == .hashMetadata || type == .hashMetadataPreGA || hasExpiries)
  }
}
