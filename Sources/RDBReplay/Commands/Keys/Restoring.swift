import RDB
import RDBFormat

extension Execution {
  /// RESTORE, RESTORE-ASKING: key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency].
  func restore(_ command: ReplayCommand) throws {
    var replaces = false
    var isAbsolute = false
    var attributes = KeyAttributes()
    var index = 4
    while index < command.count {
      let hasArgument = index + 1 < command.count
      if command.isWord(index, "replace") {
        replaces = true
      } else if command.isWord(index, "absttl") {
        isAbsolute = true
      } else if command.isWord(index, "idletime"), hasArgument, attributes.frequency == nil {
        let idle = try command.integer(index + 1)
        guard idle >= 0 else { throw CommandError("invalid idle time") }
        attributes.idleSeconds = UInt64(idle)
        index += 1
      } else if command.isWord(index, "freq"), hasArgument, attributes.idleSeconds == nil {
        guard let frequency = UInt8(exactly: try command.integer(index + 1)) else {
          throw CommandError("invalid frequency")
        }
        attributes.frequency = frequency
        index += 1
      } else {
        throw CommandError.syntax
      }
      index += 1
    }
    if exists(command[1]), !replaces { throw CommandError("the key exists already") }
    guard try command.integer(2) >= 0 else { throw CommandError.invalidExpiry }
    let expiry =
      try command.integer(2) == 0
      ? nil : try time(command, 2, inSeconds: false, isRelative: !isAbsolute, mustBePositive: true)
    var key = ReplayedKey(try decodedPayload(command[3]), expiry: expiry)
    key.attributes = attributes
    put(command[1], key)
  }

  /// The value in a payload of DUMP: type, stored bytes, RDB version in 2 bytes, CRC-64 in 8 bytes.
  ///
  /// Source: `verifyDumpPayload` in Redis `src/cluster.c`.
  private func decodedPayload(_ dump: [UInt8]) throws -> ReplayedValue {
    let damaged = CommandError("a payload with a wrong version or checksum")
    guard dump.count > 10 else { throw damaged }
    var crc = CRC64()
    crc.update(dump.span.bytes.extracting(first: dump.count - 8))
    let stored = dump.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let version = Int(dump[dump.count - 10]) | Int(dump[dump.count - 9]) << 8
    // Servers accept a checksum of zero, which means none.
    guard stored == 0 || stored == crc.value else { throw damaged }
    let vendor: Vendor = version >= 80 ? .valkey : .redis
    guard version >= 1, let type = ValueType.resolve(dump[0], vendor: vendor) else { throw damaged }
    var payload = Array(dump[1..<dump.count - 10])
    let header = SnapshotHeader(vendor: vendor, version: version)
    if type.data == .module {
      guard let (module, byteCount) = ModuleID.read(payload) else { throw damaged }
      payload.removeFirst(byteCount)
      return .stored(StoredValue(type: type, payload: payload, module: module, header: header))
    }
    let value = StoredValue(type: type, payload: payload, header: header)
    do { return value.isDecodable ? try value.decoded(limits) : .stored(value) } catch is RDBError {
      throw CommandError("a payload that cannot be read")
    }
  }
}

extension ModuleID {
  /// Reads an ID as ``stored`` writes it.
  static func read(_ bytes: [UInt8]) -> (id: ModuleID, byteCount: Int)? {
    guard let first = bytes.first else { return nil }
    let byteCount = first < 0x40 ? 1 : first < 0x80 ? 2 : first == 0x80 ? 5 : first == 0x81 ? 9 : 0
    guard byteCount > 0, bytes.count >= byteCount else { return nil }
    let head = byteCount <= 2 ? UInt64(first & 0x3F) : 0
    return (ModuleID(rawValue: bytes[1..<byteCount].reduce(head) { $0 << 8 | UInt64($1) }), byteCount)
  }
}
