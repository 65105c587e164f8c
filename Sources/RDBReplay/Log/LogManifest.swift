import RDB
import RDBFormat
import RDBSupport
import RESP

/// The manifest of an append-only file of several parts (Redis 7.0 and later): one line per part.
///
///     file appendonly.aof.2.base.rdb seq 2 type b
///     file appendonly.aof.4.incr.aof seq 4 type i
///
/// A line has pairs of a key and a value in any order. `file`, `seq` and `type` are required, other keys are ignored.
/// Words have the quotation marks and escapes of inline commands. Lines that begin with `#` are comments.
///
/// Source: `aofLoadManifestFromFile` in Redis `src/aof.c`.
package struct LogManifest: Hashable, Sendable {
  /// A part that is loaded.
  package struct Part: Hashable, Sendable {
    package var name: [UInt8]
    package var number: UInt64
    package var role: LogPart.Role
  }

  /// The parts in the order of loading. A base comes first, wherever the manifest lists it.
  package private(set) var parts: [Part] = []
  /// The names of former parts, which are not loaded.
  package private(set) var history: [[UInt8]] = []

  /// The longest line, in bytes.
  private static let lineByteCount = 1024

  /// Reads a manifest.
  ///
  /// - Throws: ``RDBError`` (`corruptManifest`) at the offset of a line.
  package init(_ bytes: [UInt8]) throws(RDBError) {
    guard !bytes.isEmpty else { throw Self.error(at: 0, "a line per part", "an empty manifest") }
    var start = 0
    var base: Part?
    while start < bytes.count {
      let line = bytes[start...].prefix { $0 != 10 }
      guard line.endIndex < bytes.count else {
        throw Self.error(at: start, "a line end after the last line", "none")
      }
      guard line.count < Self.lineByteCount else {
        throw Self.error(at: start, "a line of less than \(Self.lineByteCount) bytes", "a longer one")
      }
      if line.first != UInt8(ascii: "#") { try add(line, at: start, &base) }
      start = line.endIndex + 1
    }
    if let base { parts.insert(base, at: 0) }
    guard !parts.isEmpty else { throw Self.error(at: 0, "a line per part", "a manifest without parts to load") }
  }

  private mutating func add(_ line: ArraySlice<UInt8>, at offset: Int, _ base: inout Part?) throws(RDBError) {
    guard let words = RESPInlineText.words(line) else {
      throw Self.error(at: offset, "a line of keys and values", "quotation marks that are not balanced")
    }
    guard words.count >= 6, words.count % 2 == 0 else {
      throw Self.error(
        at: offset, "\"file NAME seq NUMBER type b|i|h\"", words.isEmpty ? "an empty line" : printable(line))
    }
    var name: [UInt8]?
    var number: UInt64 = 0
    var type: UInt8?
    for index in stride(from: 0, to: words.count, by: 2) {
      let value = words[index + 1]
      switch lowercasedText(words[index]) {
      case "file": name = value
      case "seq": number = UInt64(String(decoding: value, as: UTF8.self)) ?? 0
      case "type": type = value.first
      default: break
      }
    }
    guard let name, let type, number > 0 else {
      throw Self.error(at: offset, "the keys \"file\", \"seq\" (from 1 on) and \"type\"", printable(line))
    }
    try Self.check(name, at: offset)
    switch type {
    case UInt8(ascii: "b"):
      guard base == nil else { throw Self.error(at: offset, "one base", "a second one, \(printable(name))") }
      base = Part(name: name, number: number, role: .base)
    case UInt8(ascii: "h"): history.append(name)
    case UInt8(ascii: "i"):
      if let last = parts.last, last.number >= number {
        throw Self.error(at: offset, "a sequence number above \(last.number)", "\(number)")
      }
      parts.append(Part(name: name, number: number, role: .incremental))
    default: throw Self.error(at: offset, "the type b, i or h", printable([type]))
    }
  }

  /// Refuses a name that leads out of the manifest's folder.
  private static func check(_ name: [UInt8], at offset: Int) throws(RDBError) {
    let isPath = name.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
    guard !isPath, !name.isEmpty, name != Array(".".utf8), name != Array("..".utf8) else {
      throw error(at: offset, "the name of a file in the manifest's own folder", printable(name))
    }
  }

  /// Whether a file begins as a manifest.
  static func begins(_ start: [UInt8]) -> Bool {
    for line in start.split(separator: 10, maxSplits: 16) where line.first != UInt8(ascii: "#") {
      guard let words = RESPInlineText.words(line), words.count >= 6, words.count % 2 == 0 else { return false }
      let keys = Set(stride(from: 0, to: words.count, by: 2).map { lowercasedText(words[$0]) })
      return keys.isSuperset(of: ["file", "seq", "type"])
    }
    return false
  }

  private static func error(at offset: Int, _ expected: String, _ found: String) -> RDBError {
    RDBError(.corruptManifest, at: offset, expected: expected, found: found)
  }
}

extension RDBError.Code {
  /// The manifest of an append-only file that is malformed, or that does not fit the files beside it.
  package static let corruptManifest = Self("corruptManifest")
  /// A folder without a file of an append-only file.
  package static let noLog = Self("noLog")
  /// A file of commands that ends inside a command or a transaction.
  package static let truncatedCommands = Self("truncatedCommands")
}
