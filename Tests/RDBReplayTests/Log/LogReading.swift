import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import TestSupport

/// What reading a log gave: a line per item, the notes, and the error.
struct LogReading: Equatable {
  var lines: [String] = []
  var notes: [String] = []
  var error: String?

  /// The lines of commands that were handed out, without their offsets.
  var commands: [String] {
    lines.filter { $0.first?.isNumber == true }.map { String($0.drop { $0 != " " }.dropFirst()) }
  }

  init(_ log: CommandLog) {
    var keys = KeyNames()
    do {
      while let item = try log.next() {
        switch item {
        case .beginPart(let part): lines.append("part \(part)")
        case .base(let source):
          var reader = RDBReader(source)
          try reader.read(into: &keys)
          lines.append("base with \(keys.count) keys")
        case .command(let command): lines.append("\(command.offset) \(text(command))")
        case .failure(let command, let error): lines.append("fails \(command.offset) \(text(command)): \(error)")
        case .time(let time): lines.append("time \(time)")
        case .beginTransaction(let command): lines.append("begin \(command.offset)")
        case .endTransaction(let command): lines.append("end \(command.offset)")
        }
      }
    } catch {
      self.error = "\(error)"
    }
    notes = log.notes.map { "\($0.kind.rawValue) \($0.part):\($0.offset) \($0.byteCount)" }
  }

  init(_ bytes: [UInt8], pieces: Int = .max, canSeek: Bool = false, _ change: (inout LogOptions) -> Void = { _ in }) {
    var options = LogOptions()
    change(&options)
    self.init(CommandLog(MemorySource(bytes, readLimit: pieces, canSeek: canSeek), options))
  }

  /// Reads a folder below `Fixtures/`.
  init(folder: String, _ change: (inout LogOptions) -> Void = { _ in }) {
    var options = LogOptions()
    change(&options)
    do {
      self.init(CommandLog(try LogFolder(path: "\(Fixture.root)/\(folder)").parts, options))
    } catch {
      self.init([])
      lines = []
      self.error = "\(error)"
    }
  }
}

private func text(_ command: ReplayCommand) -> String {
  command.arguments.map { argument in
    let isPlain = !argument.isEmpty && argument.allSatisfy { $0 > 32 && $0 < 127 }
    return isPlain ? String(decoding: argument, as: UTF8.self) : printable(argument, limit: 32)
  }.joined(separator: " ")
}

private struct KeyNames: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var count = 0

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    count += 1
    return .skip
  }
}

/// The bytes of commands as arrays.
func arrays(_ lines: String...) -> [UInt8] {
  lines.flatMap { line -> [UInt8] in
    if line.hasPrefix("#") { return Array("\(line)\r\n".utf8) }
    let words = line.split(separator: " ")
    return Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
  }
}

func commandFixture(_ name: String) -> [UInt8] { readFile("\(Fixture.root)/commands/\(name)") }
