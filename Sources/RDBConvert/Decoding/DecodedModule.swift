import RDB
import RDBSupport

/// The values of modules whose layout is simple, as JSON beside the payload.
///
/// | module | encoding version | member |
/// | --- | --- | --- |
/// | `ReJSON-RL` (RedisJSON) | 0: a tree of items; 2: a text and the name of an index | `json`: the document |
/// | `MBbloom--` (Bloom filters) | 4 | `decoded`: size and options, without the bits |
/// | `TSDB-TYPE` (time series) | 2 to 8 | `decoded`: head and labels, without samples |
///
/// Version 3 of RedisJSON, one text, is always written as a document: see ``JSONSink``.
package struct DecodedModule {
  /// The name of the member of the key's object.
  package let name: StaticString
  /// A JSON text on one line.
  package private(set) var json: [UInt8]

  /// The largest stored value that is decoded, in bytes, and the longest string in it.
  package static let byteLimit = 4 << 20

  /// Whether a value of the module may have a decoded form.
  package static func knows(_ module: ModuleID) -> Bool {
    switch module.name {
    case "ReJSON-RL": module.version == 0 || module.version == 2
    case "MBbloom--": module.version == 4
    case "TSDB-TYPE": (2...8).contains(module.version)
    default: false
    }
  }

  /// - Parameter stored: The stored bytes of the value, without the module's ID.
  /// - Returns: `nil` if the value does not have the layout of its version.
  package init?(_ module: ModuleID, stored: [UInt8]) {
    var items = ModuleItems(stored, stringLimit: UInt64(Self.byteLimit))
    name = module.name == "ReJSON-RL" ? "json" : "decoded"
    json = []
    do throws(ModuleItems.Mismatch) {
      switch module.name {
      case "ReJSON-RL": try document(&items, version: module.version)
      case "MBbloom--": try bloomFilter(&items)
      case "TSDB-TYPE":
        try timeSeries(&items, version: module.version)
        // Rules and samples follow.
        return
      default: return nil
      }
      try items.end()
    } catch {
      return nil
    }
  }

  // MARK: RedisJSON

  private mutating func document(_ items: inout ModuleItems, version: Int) throws(ModuleItems.Mismatch) {
    if version == 0 { return try node(&items, depth: 0) }
    let text = try items.string()
    // RediSearch added the name of an index and a path.
    if try items.unsigned() > 0 {
      _ = try items.string()
      _ = try items.string()
    }
    guard JSONCheck.check(text.span.bytes) != .malformed else { throw ModuleItems.Mismatch() }
    // A line break in a valid JSON text is white space, because strings cannot contain it.
    json += text.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
  }

  /// Appends a node of the tree of version 0: its type, then its value.
  private mutating func node(_ items: inout ModuleItems, depth: Int) throws(ModuleItems.Mismatch) {
    guard depth < 128 else { throw ModuleItems.Mismatch() }
    switch try items.unsigned() {
    case 0x01: append("null")
    case 0x02: try appendText(try items.string())
    case 0x04: append(try items.double())
    case 0x08: append("\(try items.signed())")
    case 0x10: append(try items.string() == [UInt8(ascii: "1")] ? "true" : "false")
    case 0x20:
      try list(&items, "{", "}") { (decoded, items) throws(ModuleItems.Mismatch) in
        guard try items.unsigned() == 0x80 else { throw ModuleItems.Mismatch() }
        try decoded.appendText(try items.string())
        decoded.append(":")
        try decoded.node(&items, depth: depth + 1)
      }
    case 0x40:
      try list(&items, "[", "]") { (decoded, items) throws(ModuleItems.Mismatch) in
        try decoded.node(&items, depth: depth + 1)
      }
    default: throw ModuleItems.Mismatch()
    }
  }

  /// Appends a count of elements, with commas between them.
  private mutating func list(
    _ items: inout ModuleItems, _ start: String, _ end: String,
    _ element: (inout Self, inout ModuleItems) throws(ModuleItems.Mismatch) -> Void
  ) throws(ModuleItems.Mismatch) {
    append(start)
    for index in 0..<(try items.unsigned()) {
      if index > 0 { append(",") }
      try element(&self, &items)
    }
    append(end)
  }

  // MARK: Bloom filters

  private mutating func bloomFilter(_ items: inout ModuleItems) throws(ModuleItems.Mismatch) {
    append("{\"items\":\(try items.unsigned())")
    let count = try items.unsigned()
    append(",\"options\":\(try items.unsigned()),\"growth\":\(try items.unsigned()),\"filters\":[")
    for index in 0..<count {
      append(index == 0 ? "{" : ",{")
      append("\"capacity\":\(try items.unsigned()),\"error_rate\":")
      append(try items.double())
      append(",\"hashes\":\(try items.unsigned()),\"bits_per_item\":")
      append(try items.double())
      append(",\"bits\":\(try items.unsigned())")
      _ = try items.unsigned()
      _ = try items.string()
      append(",\"items\":\(try items.unsigned())}")
    }
    append("]}")
  }

  // MARK: Time series

  private mutating func timeSeries(_ items: inout ModuleItems, version: Int) throws(ModuleItems.Mismatch) {
    _ = try items.string()
    append("{\"retention_ms\":\(try items.unsigned()),\"chunk_bytes\":\(try items.unsigned())")
    append(",\"options\":\(try items.unsigned()),\"last_timestamp_ms\":\(try items.unsigned()),\"last_value\":")
    append(try items.double())
    append(",\"samples\":\(try items.unsigned())")
    if version >= 3 { append(",\"duplicate_policy\":\(try items.unsigned())") }
    if try items.unsigned() > 0 {
      append(",\"source\":")
      try appendText(try items.string())
    }
    if version >= 8 {
      append(",\"ignore_max_time_diff\":\(try items.unsigned()),\"ignore_max_value_diff\":")
      append(try items.double())
    }
    append(",\"labels\":")
    try list(&items, "{", "}") { (decoded, items) throws(ModuleItems.Mismatch) in
      try decoded.appendText(try items.string())
      decoded.append(":")
      try decoded.appendText(try items.string())
    }
    append("}")
  }

  // MARK: Text

  private mutating func append(_ text: String) { json += text.utf8 }

  /// Appends a number; `null` if it is not finite.
  private mutating func append(_ value: Double) {
    guard value.isFinite else { return append("null") }
    if value == 0, value.sign == .minus { return append("-0.0") }
    var text = [UInt8](repeating: 0, count: 64)
    let count = text.withUnsafeMutableBytes { DoubleText.write(value, to: $0.baseAddress.unsafelyUnwrapped) }
    json += text.prefix(count)
  }

  /// Appends a JSON string.
  ///
  /// - Throws: `ModuleItems.Mismatch`, if the bytes are not UTF-8.
  private mutating func appendText(_ bytes: [UInt8]) throws(ModuleItems.Mismatch) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw ModuleItems.Mismatch() }
    json.append(UInt8(ascii: "\""))
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): json += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: json += ("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
      default: json.append(byte)
      }
    }
    json.append(UInt8(ascii: "\""))
  }
}
