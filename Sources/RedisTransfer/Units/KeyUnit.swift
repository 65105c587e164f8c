import RDBConvert
import RESP

/// Commands of keys that are sent, answered and, after a lost connection, sent again together.
///
/// A unit usually has many whole keys of one database. A function library or a script is a unit of its own. A large key
/// has several units: ``startsInsideKey`` and ``endsInsideKey`` connect them, and no other key follows in the last one. All
/// units of a key must be sent on the same connection, in their order, with nothing between them if a unit
/// ``endsInsideCommand``.
///
/// If several commands build a key under a temporary name, the commands that rename it are in a unit of their own, which
/// ``publishes`` all such keys of the units before. It must not be sent before the replies to these units, and without
/// the keys of which a command was refused: a part of a key is never visible.
///
/// The numbers of commands count the commands that end in the unit: their replies belong to it. If the unit begins inside
/// a command, that command is number 0.
package struct KeyUnit: Hashable, Sendable {
  /// A key, or a function library or script in its place.
  package struct Key: Hashable, Sendable {
    /// The number of the key in the whole input, from 0. Function libraries and scripts count too.
    package var ordinal: UInt64
    package var subject: RESPMark
    /// The number of the key's first command in the unit.
    package var firstCommand: Int
    /// The offset of the key's first byte in the unit's bytes.
    package var byteOffset: Int
    var nameOffset: Int
    var nameByteCount: Int
  }

  /// The number of the unit, from 0 without gaps.
  package internal(set) var number: UInt64
  /// The database of the keys on the server.
  package var database: UInt64
  /// The commands, without marks and SELECT.
  package var bytes: [UInt8] = []
  /// The keys in the order of their commands. The first one may continue from the unit before.
  package var keys: [Key] = []
  /// The number of commands that end in the unit, which is the number of its replies.
  package var commandCount = 0
  /// Whether the first key begins in an earlier unit. It then has at most the first 64 KiB of its name here.
  package var startsInsideKey = false
  /// Whether commands of the last key follow in the next unit.
  package var endsInsideKey = false
  /// Whether the rest of the last command follows in the next unit. The key is then not complete either.
  package var endsInsideCommand = false
  /// Whether the unit has the last commands of keys whose other commands are in the units before.
  package var publishes = false

  /// The attempt whose temporary names the commands have.
  var attempt: UInt8 = 0
  /// The names of the keys, one after another.
  var names: [UInt8] = []
  /// The name of the command that continues from the unit before; empty if the unit begins with a whole command.
  var openCommand: [UInt8] = []
  /// The offset of the first command that begins in the unit; −1 without one.
  var firstCommandOffset = -1
  /// The number of the first key after the units whose keys the unit publishes; 0 if it publishes none.
  var publishedEnd: UInt64 = 0
  /// The lowest number of a key that a later unit completes; `UInt64.max`: none but the last key of the unit.
  var laterOrdinal = UInt64.max

  init(number: UInt64, database: UInt64) { (self.number, self.database) = (number, database) }

  /// Whether the first command begins in an earlier unit.
  package var startsInsideCommand: Bool { !openCommand.isEmpty }

  /// The number of keys that begin in the unit.
  package var newKeyCount: Int { publishes ? 0 : keys.count - (startsInsideKey ? 1 : 0) }

  /// The number of the first key that is not complete before the unit. The unit has at least one key.
  package var firstOrdinal: UInt64 { keys.first?.ordinal ?? 0 }

  /// The number of the first key that is not complete after the unit.
  package var endOrdinal: UInt64 {
    min(max((keys.last?.ordinal ?? 0) + (endsInsideKey ? 0 : 1), publishedEnd), laterOrdinal)
  }

  /// The memory of the unit, in bytes.
  package var memoryByteCount: Int { bytes.count + names.count + keys.count * MemoryLayout<Key>.stride }

  /// Returns the unit that publishes all of its keys but some, whose temporary names it removes instead.
  func publishing(allBut refused: Set<UInt64>) -> KeyUnit {
    guard !refused.isEmpty else { return self }
    var unit = self
    (unit.bytes, unit.keys, unit.commandCount) = ([], [], 0)
    for (index, key) in keys.enumerated() {
      let isLast = index + 1 == keys.count
      let end = isLast ? bytes.count : keys[index + 1].byteOffset
      var copy = key
      (copy.byteOffset, copy.firstCommand) = (unit.bytes.count, unit.commandCount)
      unit.keys.append(copy)
      if refused.contains(key.ordinal) {
        unit.bytes += RESPText.command([Array("DEL".utf8), bytes.renamedName(between: key.byteOffset, and: end)])
        unit.commandCount += 1
      } else {
        unit.bytes += bytes[key.byteOffset..<end]
        unit.commandCount += (isLast ? commandCount : keys[index + 1].firstCommand) - key.firstCommand
      }
    }
    return unit
  }

  /// Returns the name of a key of the unit.
  package func name(of key: Key) -> ArraySlice<UInt8> {
    names[key.nameOffset..<key.nameOffset + key.nameByteCount]
  }

  /// Returns the key of a command.
  ///
  /// - Parameter command: The number of the command, below ``commandCount``.
  package func key(ofCommand command: Int) -> Key {
    var (low, high) = (0, keys.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if keys[middle].firstCommand <= command { low = middle } else { high = middle - 1 }
    }
    return keys[low]
  }

  /// Returns the name of a command.
  ///
  /// - Complexity: O(number of arguments from the beginning of the key). For several commands in ascending order, use one
  ///   ``CommandCursor``.
  package func commandName(_ command: Int) -> [UInt8] {
    var cursor = CommandCursor()
    return cursor.name(ofCommand: command, in: self)
  }
}

/// A position at a command of a unit, which moves forward.
struct CommandCursor: Sendable {
  private var command = 0
  /// The offset of the command; −1 before the first use.
  private var offset = -1

  /// Returns the name of a command. The cursor stays at the command.
  ///
  /// - Parameter target: The number of the command, not below the one before.
  mutating func name(ofCommand target: Int, in unit: KeyUnit) -> [UInt8] {
    if unit.startsInsideCommand, target == 0 { return unit.openCommand }
    if offset < 0 { (command, offset) = (unit.startsInsideCommand ? 1 : 0, unit.firstCommandOffset) }
    let key = unit.key(ofCommand: target)
    if key.firstCommand > command { (command, offset) = (key.firstCommand, key.byteOffset) }
    while command < target {
      offset = unit.bytes.endOfCommand(at: offset)
      command += 1
    }
    return Array(unit.bytes.commandName(at: offset))
  }
}

/// Commands that the cutter has scanned already, so that their form is known to be right.
extension [UInt8] {
  /// Reads the number of a header such as `$12\r\n`.
  ///
  /// - Returns: The number, and the offset after the header.
  func header(at offset: Int) -> (number: Int, end: Int) {
    var (number, end) = (0, offset + 1)
    while self[end] != 13 {
      number = number * 10 + Int(self[end]) - 48
      end += 1
    }
    return (number, end + 2)
  }

  /// Returns the offset after a command.
  fileprivate func endOfCommand(at offset: Int) -> Int {
    var (count, end) = header(at: offset)
    while count > 0 {
      let argument = header(at: end)
      end = argument.end + argument.number + 2
      count -= 1
    }
    return end
  }

  /// Returns the first argument of the first RENAME or RENAMENX in a range of whole commands.
  func renamedName(between start: Int, and end: Int) -> [UInt8] {
    var offset = start
    while offset < end {
      let name = commandName(at: offset)
      if name.starts(with: "RENAME".utf8) {
        let argument = header(at: name.endIndex + 2)
        return Array(self[argument.end..<argument.end + argument.number])
      }
      offset = endOfCommand(at: offset)
    }
    return []
  }

  /// Returns the name of the command at an offset. The command may be incomplete after its name.
  func commandName(at offset: Int) -> ArraySlice<UInt8> {
    let name = header(at: header(at: offset).end)
    return self[name.end..<name.end + name.number]
  }
}

extension [KeyUnit] {
  /// Returns all commands of a key, whose units follow each other here.
  func commands(ofKey ordinal: UInt64) -> [[[UInt8]]] {
    var reader = RESPCommandReader()
    for unit in self {
      guard let index = unit.keys.firstIndex(where: { $0.ordinal == ordinal }) else { continue }
      let end = index + 1 == unit.keys.count ? unit.bytes.count : unit.keys[index + 1].byteOffset
      reader.feed(unit.bytes.span.bytes.extracting(unit.keys[index].byteOffset..<end))
    }
    var commands: [[[UInt8]]] = []
    // The cutter has scanned the commands, so that their form is known to be right.
    while (try? reader.next()) == true { commands.append(reader.copiedArguments()) }
    return commands
  }
}
