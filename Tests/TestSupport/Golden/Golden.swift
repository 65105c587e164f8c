import Foundation
import RDBSupport

/// The expected contents of a dump: one row per key, in the format of `Fixtures/README.md`.
public enum Golden {
  /// Returns the rows of a `.golden.jsonl` or `.expired.jsonl` file.
  public static func rows(at path: String) throws -> [Row] {
    try readFile(path).split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
      let json = try JSONSerialization.jsonObject(with: Data(line))
      guard let fields = json as? [String: Any] else {
        throw Malformed(what: "line \(number + 1) of \(path)")
      }
      return try Row(fields)
    }
  }

  /// A row that does not have the format of the README.
  public struct Malformed: Error {
    public let what: String
  }

  /// Bytes, or only the length and the SHA-256 of a long string.
  public enum Bytes: Hashable, Sendable {
    case all([UInt8])
    case digest(count: Int, sha256: [UInt8])

    /// Whether the given bytes are equal to these, or have their length and digest.
    public func matches(_ bytes: [UInt8]) -> Bool {
      switch self {
      case .all(let own): own == bytes
      case .digest(let count, let sha256): count == bytes.count && sha256 == SHA256.digest(bytes)
      }
    }
  }

  /// One key, or one function library.
  public struct Row: Sendable {
    /// `nil` for a function.
    public let database: UInt64?
    /// `nil` for a function.
    public let key: [UInt8]?
    /// `string`, `list`, `set`, `zset`, `hash`, `stream`, `array`, `module` or `function`.
    public let type: String
    /// `OBJECT ENCODING` on the server that wrote the dump; `nil`: not known.
    public let encoding: String?
    /// Unix milliseconds; `nil`: the key does not expire.
    public let expiry: Int64?
    public let idleSeconds: UInt64?
    public let frequency: UInt8?
    /// `MEMORY USAGE` on the server that wrote the dump; `nil`: not known.
    public let memory: UInt64?
    public let value: Value
    /// Whether `value` lists only a hash's expired fields.
    public let isPartial: Bool
  }

  public enum Value: Sendable {
    case string(Bytes)
    case list([Bytes])
    case set([Bytes])
    /// The score as the server wrote it, and as a double.
    case zset([(member: Bytes, score: Double, text: String)])
    /// The expiry in Unix milliseconds; `nil`: the field does not expire.
    case hash([(field: Bytes, value: Bytes, expiry: Int64?)])
    case stream(Stream)
    case pathHash([(path: Bytes, fields: [(field: Bytes, value: Bytes)])])
    case array(elements: [(index: UInt64, value: Bytes)], insertIndex: UInt64?)
    /// The payload of `DUMP`: type, value, version (2 bytes), CRC64 (8 bytes).
    case module(type: String, dump: Bytes)
    case function(name: [UInt8], engine: String, code: [UInt8])
  }

  /// The expected contents of a stream. IDs are text: `1-0`.
  public struct Stream: Sendable {
    public let entries: [(id: String, fields: [(field: Bytes, value: Bytes)])]
    public let length: UInt64
    public let lastID: String
    /// `nil`, here and below: the server's version does not have this value.
    public let firstID: String?
    public let maxDeletedID: String?
    public let entriesAdded: UInt64?
    public let groups: [Group]
    public let idempotency: Idempotency?
    /// Whether the times of the groups are computed from idle times and can be some milliseconds off.
    public let timesAreApproximate: Bool
  }

  public struct Group: Sendable {
    public let name: Bytes
    public let lastDeliveredID: String
    /// -1: the server does not know.
    public let entriesRead: Int64?
    /// `consumer` is `nil` for a released entry. `deliveryTime` is in Unix milliseconds.
    public let pending: [(id: String, consumer: Bytes?, deliveryTime: Int64, deliveryCount: UInt64)]
    /// Times in Unix milliseconds; `activeTime` is -1 if the consumer was never active.
    public let consumers: [(name: Bytes, seenTime: Int64, activeTime: Int64?, pending: [String])]
  }

  public struct Idempotency: Sendable {
    public let durationSeconds: UInt64
    public let maxEntries: UInt64
    public let producers: [(id: Bytes, ids: [(id: Bytes, entry: String)])]
    public let added: UInt64
    public let duplicates: UInt64
  }
}
