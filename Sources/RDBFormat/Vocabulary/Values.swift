/// An absolute time: milliseconds since 1970-01-01T00:00:00Z, signed.
public struct UnixMilliseconds: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
  /// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
  public var value: Int64
  /// Creates a time from milliseconds since 1970-01-01T00:00:00Z.
  @inlinable public init(_ value: Int64) { self.value = value }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  public var description: String { "\(value)" }
}

/// The ID of a stream entry: `milliseconds-sequence`.
///
/// IDs compare by milliseconds, then by sequence number.
public struct StreamID: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
  /// Milliseconds since 1970-01-01T00:00:00Z, by the clock of the server that added the entry.
  public var milliseconds: UInt64
  /// The number that distinguishes entries of the same millisecond.
  public var sequence: UInt64

  /// Creates an ID.
  @inlinable public init(_ milliseconds: UInt64, _ sequence: UInt64) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  @inlinable public static func < (a: Self, b: Self) -> Bool {
    a.milliseconds != b.milliseconds ? a.milliseconds < b.milliseconds : a.sequence < b.sequence
  }

  /// The ID 0-0, which no entry has.
  @usableFromInline package static let zero = StreamID(0, 0)
  public var description: String { "\(milliseconds)-\(sequence)" }
}

/// A module type: nine characters and an encoding version, packed into 64 bits.
///
///     cccccc × 9   vvvvvvvvvv      first character in the highest bits, version 0–1023 in the lowest
///
/// Alphabet: `A–Z a–z 0–9 - _`. Source: `moduleTypeEncodeId` in Redis `src/module.c`.
public struct ModuleID: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible, RawRepresentable {
  /// The name and the version, packed into 64 bits.
  public var rawValue: UInt64
  /// Creates an ID from its 64 bits.
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The type's name, such as `ReJSON-RL`.
  public var name: String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return String((0..<9).map { alphabet[Int(rawValue >> (58 - 6 * $0) & 63)] })
  }

  /// The ID as stored in a file: a length prefix in its shortest form.
  package var stored: [UInt8] {
    switch rawValue {
    case ..<64: [UInt8(rawValue)]
    case ..<16_384: [0x40 | UInt8(rawValue >> 8), UInt8(rawValue & 255)]
    case ...UInt64(UInt32.max): [0x80] + Self.bigEndian(rawValue).suffix(4)
    default: [0x81] + Self.bigEndian(rawValue)
    }
  }

  private static func bigEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
  }

  /// The version of the module's own encoding, 0–1023.
  public var version: Int { Int(rawValue & 1023) }
  public var description: String { "\(name) \(version)" }
}
