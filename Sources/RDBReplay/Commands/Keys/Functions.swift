import RDB
import RDBFormat

extension Execution {
  /// FUNCTION LOAD [REPLACE] code | DELETE name | FLUSH [ASYNC|SYNC] | RESTORE payload [FLUSH|APPEND|REPLACE].
  ///
  /// The code of a library is not compiled: a library that a server would refuse is kept.
  func function(_ command: ReplayCommand) throws {
    switch command.lowercased(1) {
    case "load":
      let replaces = command.count == 4 && command.isWord(2, "replace")
      guard command.count == 3 || replaces else { throw CommandError.wrongArgumentCount }
      try load(command[command.count - 1], replaces: replaces)
    case "delete":
      guard command.count == 3 else { throw CommandError.wrongArgumentCount }
      guard keyspace.libraries.remove(command[2]) != nil else { throw CommandError("no such library") }
    case "flush":
      guard command.count == 2 || command.count == 3 && (command.isWord(2, "async") || command.isWord(2, "sync")) else {
        throw CommandError.syntax
      }
      keyspace.libraries = ByteTable()
    case "restore": try restoreFunctions(command)
    case "kill", "list", "stats", "dump", "help": break
    default: throw NotReplayed("an unknown subcommand of FUNCTION")
    }
  }

  private func load(_ code: [UInt8], replaces: Bool) throws {
    guard let name = libraryName(code) else { throw CommandError("a library without a name") }
    if keyspace.libraries.contains(name), !replaces { throw CommandError("the library exists already") }
    keyspace.libraries.set(name, code)
  }

  private func restoreFunctions(_ command: ReplayCommand) throws {
    guard command.count == 3 || command.count == 4 else { throw CommandError.syntax }
    let policy = command.count == 4 ? command.lowercased(3) : "append"
    guard ["append", "replace", "flush"].contains(policy) else { throw CommandError.syntax }
    guard let codes = functionCodes(command[2]) else { throw CommandError("a payload that cannot be read") }
    let names = codes.compactMap(libraryName)
    guard names.count == codes.count else { throw CommandError("a library without a name") }
    if policy == "append", names.contains(where: keyspace.libraries.contains) {
      throw CommandError("the library exists already")
    }
    if policy == "flush" { keyspace.libraries = ByteTable() }
    for (name, code) in zip(names, codes) { keyspace.libraries.set(name, code) }
  }

  /// The libraries in a payload of FUNCTION DUMP, which has the form of a snapshot's end: records, version, checksum.
  private func functionCodes(_ payload: [UInt8]) -> [[UInt8]]? {
    guard payload.count >= 10 else { return nil }
    let records = Array(payload.dropLast(10))
    var codes: [[UInt8]] = []
    let file = Array("REDIS0011".utf8) + records + [Opcode.eof.rawValue] + [UInt8](repeating: 0, count: 8)
    var sink = LibrarySink()
    var reader = RDBReader(MemorySource(file))
    guard (try? reader.read(into: &sink)) != nil, sink.keyCount == 0 else { return nil }
    codes = sink.codes
    return codes
  }
}

/// The name in the first line of a library's code, `#!lua name=<name>`.
func libraryName(_ code: [UInt8]) -> [UInt8]? {
  guard code.starts(with: "#!".utf8) else { return nil }
  let line = code.prefix { $0 != 10 }.dropFirst(2)
  for word in line.split(whereSeparator: { $0 == 32 || $0 == 9 || $0 == 13 }).dropFirst()
  where word.starts(with: "name=".utf8) && word.count > 5 {
    return Array(word.dropFirst(5))
  }
  return nil
}

private struct LibrarySink: SelectiveSink {
  var codes: [[UInt8]] = []
  var keyCount = 0

  static var events: SinkEvents { [.beginKey, .functionLibrary] }

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    keyCount += 1
    return .skip
  }
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) { codes.append([UInt8](library.code)) }
}
