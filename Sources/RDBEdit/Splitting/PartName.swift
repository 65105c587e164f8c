import RDBSupport

/// Names of files that are made of bytes from a snapshot.
///
/// ASCII letters, digits, `.`, `_` and `-` stay; any other byte becomes `%` and two hexadecimal digits. A name is never
/// empty, does not begin with a dot, and has at most 128 bytes: it can neither leave its folder nor be a hidden file.
package enum PartName {
  private static let byteLimit = 128
  /// Room for `~` and the number of a name that another one equals.
  private static let reservedByteCount = 12

  /// Returns the name for bytes. Different bytes can have the same name if they are long.
  package static func escaped(_ bytes: [UInt8]) -> String {
    var name = ""
    for byte in bytes {
      let scalar = UnicodeScalar(byte)
      let stays = isPlain(byte) && (byte != UInt8(ascii: ".") || !name.isEmpty)
      let next = stays ? String(scalar) : "%" + hexadecimal(byte)
      if name.utf8.count + next.utf8.count > byteLimit - reservedByteCount { break }
      name += next
    }
    return name.isEmpty ? "%" : name
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.utf8.count == 1 ? "0" + digits : digits
  }
}

/// The names that are in use in a folder. Some file systems do not tell letters of different case apart.
struct UsedNames {
  private var names: Set<String> = []

  /// Returns a name that is not in use: the given one, or with `~2`, `~3` … after it.
  mutating func add(_ name: String) -> String {
    var (unused, number) = (name, 1)
    while !names.insert(unused.lowercased()).inserted {
      number += 1
      unused = "\(name)~\(number)"
    }
    return unused
  }
}
