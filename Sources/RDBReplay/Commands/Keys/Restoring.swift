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
    let value: StoredValue
    do { value = try StoredValue(dump: command[3]) } catch {
      throw CommandError("a payload with a wrong version or checksum")
    }
    attributes.metadata = value.metadata
    var key = ReplayedKey(try restored(value), expiry: expiry)
    key.attributes = attributes
    put(command[1], key)
  }

  private func restored(_ value: StoredValue) throws -> ReplayedValue {
    do { return value.isDecodable ? try value.decoded(limits) : .stored(value) } catch is RDBError {
      throw CommandError("a payload that cannot be read")
    }
  }
}
