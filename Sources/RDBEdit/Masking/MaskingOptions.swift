import RDBFormat

/// Options for masking a snapshot.
package struct MaskingOptions: Sendable {
  /// The separators of the parts of key names: ASCII, none of them empty.
  package let separators: [[UInt8]]
  /// The number of keys that must share a part of a name for the part to stay.
  package let keepNames: UInt64
  /// The secret that determines all replacements.
  package let salt: [UInt8]

  /// Creates options.
  ///
  /// - Throws: `RDBError` (`refused`), if a separator is empty or not ASCII.
  package init(separators: [[UInt8]] = [Array(":".utf8)], keepNames: UInt64 = 1000, salt: [UInt8]) throws(RDBError) {
    guard separators.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 < 0x80 } }) else {
      throw RDBError(
        .refused, at: 0, expected: "separators of ASCII characters (`separators`)", found: "another separator")
    }
    (self.separators, self.keepNames, self.salt) = (separators, max(keepNames, 1), salt)
  }
}
