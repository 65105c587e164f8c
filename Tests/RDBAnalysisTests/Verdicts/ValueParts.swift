import RDB
import RDBFormat
import TestSupport

/// The strings of a value, and the bytes between them.
///
/// Mutations change the bytes of a string and correct its length, so that the changed bytes are reached.
struct ValueParts {
  enum Part {
    /// Bytes that are no string.
    case plain([UInt8])
    /// The bytes of a string, decompressed.
    case string([UInt8])
  }
  var parts: [Part] = []

  /// Takes a value apart, as far as its bytes are as its layout says; what follows is one plain part.
  init(_ value: StoredValue) {
    let bytes = value.bytes
    var start = 0
    if let layout = value.valueType?.layout {
      var cursor = ByteCursor(bytes.span.bytes)
      start = (try? take(layout, &cursor)) ?? consumed
    }
    parts.append(.plain(Array(bytes[min(start, bytes.count)...])))
  }

  private var consumed: Int { count }
  private var count = 0

  private mutating func plain(_ cursor: borrowing ByteCursor) {
    guard cursor.position > count else { return }
    let bytes = cursor.bytes.extracting(count..<cursor.position).withUnsafeBytes { Array($0) }
    parts.append(.plain(bytes))
    count = cursor.position
  }

  private mutating func string(_ cursor: inout ByteCursor) throws(RDBError) {
    plain(cursor)
    let start = cursor.position
    switch try cursor.stringHeader() {
    case .raw(let byteCount): parts.append(.string(try cursor.take(byteCount).withUnsafeBytes { Array($0) }))
    case .integer:
      parts.append(.plain(cursor.bytes.extracting(start..<cursor.position).withUnsafeBytes { Array($0) }))
    case .lzf(let compressed, let original):
      let input = try cursor.take(compressed)
      var output = [UInt8](repeating: 0, count: Int(min(original, LZF.maximumOutputByteCount(of: compressed))))
      var failure: RDBError?
      output.withUnsafeMutableBytes { buffer in
        do throws(RDBError) { try LZF.decompress(input, into: buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      parts.append(.string(output))
    }
    count = cursor.position
  }

  /// - Returns: The end of what was taken.
  private mutating func take(_ layout: ValueLayout, _ cursor: inout ByteCursor) throws -> Int {
    var elements: UInt64 = 1
    switch layout.head {
    case .nothing: break
    case .earliestExpiry: _ = try cursor.take(8)
    case .count, .nodeCount: elements = try cursor.length()
    case .earliestExpiryAndCount:
      _ = try cursor.take(8)
      elements = try cursor.length()
    case .countAndInsertIndex, .templateID, .fieldNames, .fieldNamesAndOne, .items: return 0
    }
    for _ in 0..<min(elements, 10_000) {
      for part in [layout.first, layout.second, layout.third] {
        switch part {
        case .none: break
        case .string: try string(&cursor)
        case .fieldExpiry, .container: _ = try cursor.length()
        case .milliseconds, .score: _ = try cursor.take(8)
        case .scoreText:
          let size = try cursor.byte()
          if size < 253 { _ = try cursor.take(UInt64(size)) }
        case .arrayIndex, .arrayValue: return count
        case .pathFields:
          for _ in 0..<(2 * min(try cursor.length(), 10_000)) { try string(&cursor) }
        }
      }
    }
    plain(cursor)
    return cursor.position
  }

  /// The bytes of the value, its strings uncompressed.
  var bytes: [UInt8] {
    parts.flatMap { part in
      switch part {
      case .plain(let bytes): bytes
      case .string(let bytes): RDBBytes.string(bytes)
      }
    }
  }
}
