import RDBSupport

extension RawSpan {
  /// Whether the bytes begin with `prefix`.
  ///
  ///     if key.name.starts(with: "session:".utf8) { … }
  ///
  /// - Parameter prefix: Bytes: an array, or the `utf8` view of a string.
  /// - Complexity: O(length of `prefix`).
  public func starts(with prefix: some Sequence<UInt8>) -> Bool {
    var index = 0
    for byte in prefix {
      guard index < byteCount, unsafeLoad(fromByteOffset: index, as: UInt8.self) == byte else { return false }
      index += 1
    }
    return true
  }
}

extension RawSpan {
  /// The bytes as quoted text in printable ASCII, safe for a terminal.
  ///
  ///     print(key.name.printable)
  ///
  /// Control characters, bytes from 0x7F on, quotes and backslashes are escaped as `redis-cli` escapes them. An ellipsis
  /// replaces the bytes after the first 128.
  ///
  /// Source: `sdscatrepr` in Redis `src/sds.c`.
  ///
  /// - Complexity: O(number of bytes shown).
  public var printable: String {
    RDBSupport.printable([UInt8](extracting(first: 129)))
  }
}

extension Array where Element == UInt8 {
  /// Creates an array that holds a copy of borrowed bytes.
  ///
  ///     names.append([UInt8](key.name))
  ///
  /// - Complexity: O(number of bytes).
  @inlinable public init(_ bytes: RawSpan) {
    self = bytes.withUnsafeBytes { [UInt8]($0) }
  }
}
