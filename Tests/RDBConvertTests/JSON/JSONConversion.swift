import Foundation
import RDB
import RDBConvert
import RDBSupport
import TestSupport
import Testing

/// A dump converted by ``JSONSink``.
struct JSONConversion {
  var bytes: [UInt8]
  var ledger = Ledger()
  var error: RDBError?

  /// The ways in and through, which must all give the same bytes.
  struct Way: Sendable, CustomTestStringConvertible {
    var threads = 1
    var window = 1 << 20
    var pipe: Int?
    var testDescription: String {
      "\(threads) threads, a window of \(window), \(pipe.map { "\($0) at a time" } ?? "a file")"
    }
    static let all = [
      Way(threads: 2), Way(threads: 7, window: 64), Way(window: 64), Way(window: 64, pipe: 7),
      Way(threads: 2, window: 4096, pipe: 100),
    ]
  }

  init(
    _ dump: [UInt8], layout: JSONOptions.Layout = .array, strings: JSONOptions.Strings = .utf8,
    shape: JSONOptions.Shape = .native, meta: Bool = false, decodes: Bool = false, writer: ServerVersion? = nil,
    way: Way = Way()
  ) {
    let destination = MemoryDestination()
    do {
      var options = RDBReader.Options()
      options.windowByteCount = way.window
      let source = MemorySource(dump, readLimit: way.pipe ?? .max, canSeek: way.pipe == nil)
      var reader = RDBReader(source, options: options)
      let origin = try reader.origin()
      var json = JSONOptions(
        layout: layout, strings: strings, shape: shape, meta: meta, writer: writer ?? origin.assumedWriter)
      json.decodes = decodes
      ledger = try reader.write(to: destination, threads: way.threads) { [json] in JSONSink(json, to: $0) }.summary
    } catch {
      self.error = error as? RDBError
    }
    bytes = destination.bytes
  }

  /// The whole document.
  func document() throws -> JSONNode { try JSONNode(bytes) }

  /// The lines of JSON Lines, each parsed.
  func lines() throws -> [JSONNode] {
    try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONNode($0) }
  }

  /// The key objects of the native shape.
  func keys() throws -> [JSONNode] {
    try (document().array ?? []).filter { $0["db"] != nil && $0["key"] != nil }
  }
}

/// The inverses of the modes of ``JSONOptions/Strings``.
extension JSONOptions.Strings {
  struct NotReversible: Error {}

  /// The bytes that a value stands for.
  func bytes(_ node: JSONNode?) throws -> [UInt8] {
    guard let node else { throw NotReversible() }
    if self == .utf8, let members = node.members {
      guard members.count == 1, let text = node["$base64"]?.text else { throw NotReversible() }
      return try Self.base64(text)
    }
    guard let text = node.utf8 else { throw NotReversible() }
    return try self == .utf8 ? text : reversed(text)
  }

  /// The bytes that a name stands for.
  func nameBytes(_ name: [UInt8]) throws -> [UInt8] {
    let mark = Array("$base64:".utf8)
    if self == .utf8 {
      return name.starts(with: mark)
        ? try Self.base64(String(decoding: name.dropFirst(mark.count), as: UTF8.self)) : name
    }
    return try reversed(name)
  }

  private func reversed(_ text: [UInt8]) throws -> [UInt8] {
    switch self {
    case .utf8: return text
    case .base64: return try Self.base64(String(decoding: text, as: UTF8.self))
    case .latin1:
      return try String(decoding: text, as: UTF8.self).unicodeScalars.map { scalar in
        guard let byte = UInt8(exactly: scalar.value) else { throw NotReversible() }
        return byte
      }
    case .escape: return try Self.unescaped(text)
    }
  }

  static func base64(_ text: String) throws -> [UInt8] {
    guard let data = Data(base64Encoded: text) else { throw NotReversible() }
    return [UInt8](data)
  }

  /// What `redis-cli` understands between double quotes.
  private static func unescaped(_ text: [UInt8]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      guard (0x20...0x7E).contains(byte) else { throw NotReversible() }
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): bytes.append(10)
      case UInt8(ascii: "r"): bytes.append(13)
      case UInt8(ascii: "t"): bytes.append(9)
      case UInt8(ascii: "a"): bytes.append(7)
      case UInt8(ascii: "b"): bytes.append(8)
      case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
      case UInt8(ascii: "x"):
        guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
          throw NotReversible()
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
      default: throw NotReversible()
      }
    }
    return bytes
  }
}
