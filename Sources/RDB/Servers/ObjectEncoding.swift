import RDBFormat
import RDBSupport

/// The encoding of a value in a server's memory: the answer of `OBJECT ENCODING`.
///
/// The cases are named after the answers.
@usableFromInline package enum ObjectEncoding: String, Hashable, Sendable, CaseIterable {
  /// A string in an allocation of its own, or the value of a module.
  case raw
  /// A string that is an integer of 64 bits.
  case int
  /// A short string in one allocation with its object.
  case embstr
  /// A list of linked nodes, one per element (before Redis 3.2).
  case linkedlist
  /// A small list, hash or sorted set in one ziplist (before Redis 7.0).
  case ziplist
  /// A list of packed nodes (since Redis 3.2).
  case quicklist
  /// A small collection in one listpack (since Redis 7.0).
  case listpack
  /// A small hash in one zipmap.
  case zipmap
  /// A set or hash in a hash table.
  case hashtable
  /// A small hash in one listpack, with expiries of fields.
  case listpackex
  /// A hash whose field names are in a template, with its values in a listpack.
  case templateListpack = "template-listpack"
  /// A hash whose field names are in a template, with its values in an array.
  case templateArray = "template-array"
  /// A set of integers, sorted in one array.
  case intset
  /// A sorted set in a skip list and a hash table.
  case skiplist
  /// A stream.
  case stream
  /// An array.
  case array
  /// A path hash.
  case radix
  /// The answer of Redis 5.0 for a stream.
  case unknown

  /// The server's answer.
  @inlinable package var name: StaticString {
    switch self {
    case .raw: "raw"
    case .int: "int"
    case .embstr: "embstr"
    case .linkedlist: "linkedlist"
    case .ziplist: "ziplist"
    case .quicklist: "quicklist"
    case .listpack: "listpack"
    case .zipmap: "zipmap"
    case .hashtable: "hashtable"
    case .listpackex: "listpackex"
    case .templateListpack: "template-listpack"
    case .templateArray: "template-array"
    case .intset: "intset"
    case .skiplist: "skiplist"
    case .stream: "stream"
    case .array: "array"
    case .radix: "radix"
    case .unknown: "unknown"
    }
  }
}

/// The encodings that one release chooses, with its default limits, for the values that it loads.
///
/// Since 2.4 a server stores values in the encoding that they have in memory, so that the stored type mostly decides.
/// Redis 2.2 stored single elements: there the elements decide. A string that a command changed in place (APPEND,
/// SETRANGE, SETBIT, PFADD) is `raw` on the server until the server loads it again.
@usableFromInline package struct ObjectEncodings: Hashable, Sendable {
  private enum Lists: Hashable { case byElements, linked, quick, quickOrPacked }

  /// The size, in bytes, of a string's object without the string, then the largest size with the string.
  @usableFromInline let embeddedOverhead: Int
  @usableFromInline let embeddedLimit: Int
  /// Whether the key's name is part of the same object (Redis 8.2, Valkey 8.1), and so leaves less room for the value.
  @usableFromInline let embedsKey: Bool
  /// Whether the elements decide: Redis 2.2.
  package let needsElements: Bool
  private let lists: Lists
  private let packedZset: ObjectEncoding
  private let packedHash: ObjectEncoding
  private let zipmap: ObjectEncoding
  private let streams: ObjectEncoding

  /// The encodings of one release; `nil` before 2.2, which had no `OBJECT ENCODING`.
  package init?(writer: ServerVersion) {
    guard writer.isAtLeast(2, 2) else { return nil }
    needsElements = !writer.isAtLeast(2, 4)
    embedsKey = writer.isAtLeast(8, 2, valkey: (8, 1))
    if embedsKey {
      // Object header, the key's header offset, the value's header and its final zero. Valkey 9.1 has
      // no pointer in it, and two cache lines instead of one.
      let isWide = writer.isAtLeast(.max, 0, valkey: (9, 1))
      (embeddedOverhead, embeddedLimit) = isWide ? (13, 128) : (21, 64)
    } else if writer.isAtLeast(3, 0) {
      (embeddedOverhead, embeddedLimit) = (20, writer.isAtLeast(3, 2) ? 64 : 59)
    } else {
      (embeddedOverhead, embeddedLimit) = (0, -1)
    }
    let hasListpacks = writer.isAtLeast(7, 0)
    packedZset = hasListpacks ? .listpack : .ziplist
    packedHash = packedZset
    zipmap = writer.isAtLeast(3, 2) ? packedHash : .zipmap
    streams = writer.isAtLeast(6, 0) ? .stream : .unknown
    lists =
      writer.isAtLeast(7, 2)
      ? .quickOrPacked : writer.isAtLeast(3, 2) ? .quick : needsElements ? .byElements : .linked
  }

  /// The encoding of a string.
  ///
  /// - Parameters:
  ///   - value: The string.
  ///   - keyByteCount: The size of the key's name, in bytes.
  ///   - expires: Whether the key has an expiry.
  @inlinable
  package func string(_ value: RawSpan, keyByteCount: Int, expires: Bool) -> ObjectEncoding {
    if value.byteCount <= DecimalText.maximumByteCount, DecimalText.mayBeInteger(value),
      DecimalText.parseCanonical(value) != nil
    {
      return .int
    }
    return string(byteCount: UInt64(value.byteCount), keyByteCount: keyByteCount, expires: expires)
  }

  /// The encoding of a string that is not an integer, by its length.
  @inlinable
  package func string(byteCount: UInt64, keyByteCount: Int, expires: Bool) -> ObjectEncoding {
    guard byteCount <= UInt64(max(embeddedLimit, 0)) else { return .raw }
    var size = Int(byteCount) + embeddedOverhead
    if embedsKey {
      // The key's own header grows with it.
      size += keyByteCount + 1 + (keyByteCount < 32 ? 1 : keyByteCount < 256 ? 3 : 5)
      if expires { size += 8 }
    }
    return size <= embeddedLimit ? .embstr : .raw
  }

  /// The encoding of any value but a string.
  ///
  /// - Parameters:
  ///   - type: The type of the stored value.
  ///   - header: The header of a list, set, sorted set, hash or array.
  /// - Returns: `nil` if the elements decide: see ``elements(_:_:)``.
  package func value(_ type: ValueType, _ header: ElementsHeader?) -> ObjectEncoding? {
    switch type {
    case .string, .module2, .modulePreGA: .raw
    case .list, .listZiplist, .listQuicklist, .listQuicklist2: list(type, header)
    case .set: needsElements ? nil : .hashtable
    case .setIntset: .intset
    case .setListpack: .listpack
    case .zset, .zset2: .skiplist
    case .zsetZiplist, .zsetListpack: packedZset
    case .hash: needsElements ? nil : .hashtable
    case .hashZipmap: zipmap
    case .hashZiplist, .hashListpack: packedHash
    case .hashMetadata, .hashMetadataPreGA, .hash2: .hashtable
    case .hashListpackEx, .hashListpackExPreGA: .listpackex
    case .hashTemplateListpack, .hashTemplateListpackInline: .templateListpack
    case .hashTemplateArray, .hashTemplateArrayInline: .templateArray
    case .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4,
      .streamListpacks5:
      streams
    case .array: .array
    case .pathHash: .radix
    }
  }

  /// Since 7.2 a list that fits into one node of the default size is a listpack.
  private func list(_ type: ValueType, _ header: ElementsHeader?) -> ObjectEncoding? {
    switch lists {
    case .byElements: return nil
    case .linked: return type == .list ? .linkedlist : .ziplist
    case .quick: return .quicklist
    case .quickOrPacked:
      guard let header, type != .list, header.nodeCount == 1, !header.firstNodeIsPlain else {
        return .quicklist
      }
      return header.firstBlobByteCount <= 8192 ? .listpack : .quicklist
    }
  }

  /// The encoding of a list, set or hash of 2.2, by its elements.
  package func elements(_ type: ValueType, _ counts: ElementCounts) -> ObjectEncoding {
    switch type.data {
    case .list: counts.count <= 512 && counts.longest <= 64 ? .ziplist : .linkedlist
    case .hash: counts.count <= 512 && counts.longest <= 64 ? .zipmap : .hashtable
    case .set, .string, .zset, .stream, .array, .pathHash, .module:
      counts.count <= 512 && counts.areIntegers ? .intset : .hashtable
    }
  }
}

/// The number and sizes of a collection's elements, for ``ObjectEncodings/elements(_:_:)``.
package struct ElementCounts: Hashable, Sendable {
  /// The number of elements, members or fields.
  package private(set) var count: UInt64 = 0
  /// The bytes of the longest element; of a hash, of the longest field or value.
  package private(set) var longest = 0
  /// Whether all elements are integers in canonical decimal.
  package private(set) var areIntegers = true

  /// Creates counts of no elements.
  package init() {}

  /// Counts an element.
  package mutating func add(_ element: RawSpan) {
    count += 1
    longest = max(longest, element.byteCount)
    if areIntegers { areIntegers = DecimalText.parseCanonical(element) != nil }
  }

  /// Counts a field of a hash.
  package mutating func add(_ field: RawSpan, value: RawSpan) {
    count += 1
    longest = max(longest, field.byteCount, value.byteCount)
  }
}
