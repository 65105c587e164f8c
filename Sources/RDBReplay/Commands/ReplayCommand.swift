/// A command with its arguments, as it was read from a file.
package struct ReplayCommand: Equatable, Sendable {
  /// The arguments; the first is the command's name.
  package var arguments: [[UInt8]]
  /// The offset of the command's first byte in its file.
  package var offset: UInt64
  /// The number of the file in the order of replay, from 0.
  package var part = 0

  package init(_ arguments: [[UInt8]], offset: UInt64 = 0, part: Int = 0) {
    (self.arguments, self.offset, self.part) = (arguments, offset, part)
  }

  package var count: Int { arguments.count }
  package subscript(index: Int) -> [UInt8] { arguments[index] }

  /// The argument in lower case, for names and options, which compare without case.
  package func lowercased(_ index: Int) -> String { lowercasedText(arguments[index]) }

  /// Whether the argument is `word`, which is in lower case.
  package func isWord(_ index: Int, _ word: StaticString) -> Bool {
    let argument = arguments[index]
    guard argument.count == word.utf8CodeUnitCount else { return false }
    return argument.indices.allSatisfy { lowercasedByte(argument[$0]) == word.utf8Start[$0] }
  }
}

private func lowercasedByte(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }

/// Bytes as text with ASCII letters in lower case; bytes that are not ASCII become U+FFFD.
package func lowercasedText(_ bytes: [UInt8]) -> String {
  String(decoding: bytes.map { $0 < 128 ? lowercasedByte($0) : 255 }, as: UTF8.self)
}
