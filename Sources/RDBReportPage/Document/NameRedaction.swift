import RDBAnalysis
import RDBSupport

/// Replaces names by tokens: the same part of a name has the same token everywhere, and with the same salt also in other
/// reports.
///
/// The parts of a name keep their separators, so that a key still begins with its prefix.
package struct NameRedaction: Hashable, Sendable {
  private let salt: [UInt8]
  private let separators: [[UInt8]]

  /// - Parameters:
  ///   - salt: Secret bytes. With them, guesses of names can be tested.
  ///   - options: The rules by which names are split into parts.
  package init(salt: [UInt8], _ options: PrefixOptions) {
    self.salt = salt
    separators = options.separators.map(\.bytes).filter { !$0.isEmpty }
  }

  /// Returns the token of a name.
  func callAsFunction(_ name: BinaryText) -> BinaryText {
    var token: [UInt8] = []
    var part: [UInt8] = []
    var rest = name.bytes[...]
    while let byte = rest.first {
      if let separator = separators.first(where: { rest.starts(with: $0) }) {
        token += self.token(part) + separator
        part = []
        rest = rest.dropFirst(separator.count)
      } else {
        part.append(byte)
        rest = rest.dropFirst()
      }
    }
    return BinaryText(token + self.token(part))
  }

  /// Returns ten hexadecimal digits; nothing for an empty part.
  private func token(_ part: [UInt8]) -> [UInt8] {
    guard !part.isEmpty else { return [] }
    let digest = SHA256.digest(SHA256.digest(salt) + part)
    return digest.prefix(5).flatMap { byte in
      [byte >> 4, byte & 15].map { $0 < 10 ? 48 + $0 : 87 + $0 }
    }
  }
}
