import RDB
import RESP

/// The subject of a mark in the output of a ``RESPSink``.
///
/// A mark precedes the first command of its subject. It has `@`, the letter of the subject, and the name as a bulk string:
///
///     @k$3\r\nkey\r\n
///
/// Commands begin with `*`, so a mark cannot be confused with one. A mark must not reach a server.
package enum RESPMark: UInt8, Hashable, Sendable, CaseIterable {
  /// `k`: a key. All commands up to the next mark, except SELECT, belong to it.
  case key = 0x6B
  /// `f`: a function library. The name is empty if it is unknown.
  case functionLibrary = 0x66
  /// `s`: a cached script. The name is empty.
  case script = 0x73
  /// `p`: the last commands of the current key, which make it visible under its name. The name is empty. A key has this
  /// mark only if several commands build it under a temporary name: some of them can be refused, and others not.
  case publication = 0x70

  /// The first byte of each mark: `@`.
  package static var byte: UInt8 { UInt8(ascii: "@") }
}

extension RESPSink {
  /// Writes the mark of the current key, unless it is written already.
  @inline(never)
  mutating func markKey() throws(RDBError) {
    guard !key.isMarked else { return }
    key.isMarked = true
    try out.output.append("@k")
    try out.name(name)
  }

  /// Writes the mark of a subject that is no key.
  mutating func mark(_ subject: RESPMark, named name: [UInt8]) throws(RDBError) {
    try out.output.append(RESPMark.byte)
    try out.output.append(subject.rawValue)
    try out.bulk(name)
  }
}
