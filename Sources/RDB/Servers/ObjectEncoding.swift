public import RDBFormat
public import RDBSupport

/// How a server holds a value in memory: what `OBJECT ENCODING` says.
public enum ObjectEncoding: String, Hashable, Sendable, CaseIterable {
  case raw, int, embstr
  case linkedlist, ziplist, quicklist, listpack
  case zipmap, hashtable, listpackex
  case templateListpack = "template-listpack", templateArray = "template-array"
  case intset, skiplist, stream, array
  /// What Redis 5.0 says of a stream.
  case unknown

  /// The server's word for it.
  @inlinable public var name: StaticString {
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
    case .unknown: "unknown"
    }
  }
}

/// What `OBJECT ENCODING` says in one release, with its default limits, of a value it has just loaded.
///
/// From 2.4 on a server writes what it holds, so that the value's type says most; 2.2 wrote plain
/// elements whatever it held, and the elements decide. A string that a command changed in place
/// (APPEND, SETRANGE, SETBIT, PFADD) is `raw` on the server until it is loaded again.
public struct ObjectEncodings: Hashable, Sendable {
  private enum Lists: Hashable { case byElements, linked, quick, quickOrPacked }

  /// Bytes of a string's object, without the string, and at most with it.
  @usableFromInline let embeddedOverhead: Int
  @usableFromInline let embeddedLimit: Int
  /// The key lies in the same object (Redis 8.2, Valkey 8.1) and takes room from the value.
  @usableFromInline let embedsKey: Bool
  /// Values of 2.2: elements decide.
  public let needsElements: Bool
  private let lists: Lists
  private let packedZset: ObjectEncoding
  private let packedHash: ObjectEncoding
  private let zipmap: ObjectEncoding
  private let streams: ObjectEncoding

  /// - Returns: `nil` before 2.2, which had no such command.
  public init?(writer: ServerVersion) {
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

  /// Of a string.
  ///
  /// - Parameters:
  ///   - keyByteCount: Bytes of the key's name.
  ///   - expires: Whether the key has an expiry.
  @inlinable
  public func string(_ value: RawSpan, keyByteCount: Int, expires: Bool) -> ObjectEncoding {
    if value.byteCount <= DecimalText.maximumByteCount, DecimalText.parseCanonical(value) != nil {
      return .int
    }
    return string(byteCount: UInt64(value.byteCount), keyByteCount: keyByteCount, expires: expires)
  }

  /// Of a string that is no integer, by its length.
  @inlinable
  public func string(byteCount: UInt64, keyByteCount: Int, expires: Bool) -> ObjectEncoding {
    guard byteCount <= UInt64(max(embeddedLimit, 0)) else { return .raw }
    var size = Int(byteCount) + embeddedOverhead
    if embedsKey {
      // The key's own header grows with it.
      size += keyByteCount + 1 + (keyByteCount < 32 ? 1 : keyByteCount < 256 ? 3 : 5)
      if expires { size += 8 }
    }
    return size <= embeddedLimit ? .embstr : .raw
  }

  /// Of all but strings.
  ///
  /// - Parameter header: What was announced of a list, set, sorted set, hash or array.
  /// - Returns: `nil`: the elements decide; see ``elements(_:_:)``.
  public func value(_ type: ValueType, _ header: ElementsHeader?) -> ObjectEncoding? {
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
    }
  }

  /// From 7.2 on a list that fits into one node of the default size is a listpack.
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

  /// Of a list, set or hash of 2.2, when its elements have been seen.
  public func elements(_ type: ValueType, _ tally: ElementTally) -> ObjectEncoding {
    switch type.data {
    case .list: tally.count <= 512 && tally.longest <= 64 ? .ziplist : .linkedlist
    case .hash: tally.count <= 512 && tally.longest <= 64 ? .zipmap : .hashtable
    default: tally.count <= 512 && tally.areIntegers ? .intset : .hashtable
    }
  }
}

/// What ``ObjectEncodings/elements(_:_:)`` must know of the elements.
public struct ElementTally: Hashable, Sendable {
  /// Elements, members or fields.
  public private(set) var count: UInt64 = 0
  /// Bytes of the longest of them (of a hash: of its fields and values).
  public private(set) var longest = 0
  /// Whether all are integers in canonical decimal.
  public private(set) var areIntegers = true
  public init() {}

  /// Counts an element.
  public mutating func add(_ element: RawSpan) {
    count += 1
    longest = max(longest, element.byteCount)
    if areIntegers { areIntegers = DecimalText.parseCanonical(element) != nil }
  }

  /// Counts a field of a hash.
  public mutating func add(_ field: RawSpan, value: RawSpan) {
    count += 1
    longest = max(longest, field.byteCount, value.byteCount)
  }
}
