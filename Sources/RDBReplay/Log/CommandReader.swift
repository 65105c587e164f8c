import RDB
import RDBFormat
import RDBSupport
import RESP

/// A reader of the commands of one file. It throws `RDBError` in place of `RESPError`.
final class CommandReader {
  private let source: any ByteSource
  private let progress: ByteCounter
  private let memoryLimit: Int
  private let isText: Bool
  private var reader: RESPCommandReader
  private var isFinal = false
  /// The first bytes of the file, if the commands begin there.
  private let start: [UInt8]
  /// The number of bytes to read at once.
  private static let chunkByteCount = 256 << 10

  /// - Parameters:
  ///   - source: A source whose next byte is the first of the commands.
  ///   - offset: The offset of that byte in the file.
  ///   - start: The first bytes of the file, if the commands begin there; else none.
  init(
    _ source: any ByteSource, _ syntax: RESPCommandSyntax, offset: UInt64, start: [UInt8], memoryLimit: Int,
    _ progress: ByteCounter
  ) {
    self.source = source
    self.start = Array(start.prefix(RESPRewriting.startByteCount))
    self.memoryLimit = memoryLimit
    self.progress = progress
    isText = syntax.contains(.inlineCommands)
    // Servers load strings of any length: SETRANGE builds longer ones than a client may send.
    var limits = RESPLimits()
    limits.bulkByteCount = 1 << 48
    limits.elementCount = 1 << 48
    reader = RESPCommandReader(limits: limits, syntax: syntax, offset: offset)
  }

  /// The offset of the current command, or of the incomplete one.
  var offset: UInt64 { reader.offset }
  /// The offset after the current command.
  var endOffset: UInt64 { reader.scannedOffset }
  /// The offset after the last byte read.
  var fileEnd: UInt64 { reader.endOffset }
  /// The length of the current command, in bytes.
  var byteCount: Int { reader.byteCount }
  /// Whether only the name and the first argument of commands with a name are wanted.
  var wantsOnlyKey: ((_ name: [UInt8]) -> Bool)?
  /// The arguments of the command before, and whether only their beginning was wanted.
  private var former: (arguments: [[UInt8]], isOnlyKey: Bool) = ([], false)

  /// Copies of the current command's arguments. Those that are not wanted are empty.
  func copiedArguments() -> [[UInt8]] {
    guard let wantsOnlyKey, reader.argumentCount > 2 else {
      former = (reader.copiedArguments(reusing: former.arguments), false)
      return former.arguments
    }
    let name = reader.copiedArguments(reusing: former.arguments, limit: 1)[0]
    if former.arguments.first != name { former.isOnlyKey = wantsOnlyKey(name) }
    former.arguments = reader.copiedArguments(reusing: former.arguments, limit: former.isOnlyKey ? 2 : .max)
    return former.arguments
  }

  /// Whether the current or the incomplete line begins with `#`.
  var isAnnotation: Bool { reader.firstByte == UInt8(ascii: "#") }

  /// Advances to the next command or annotation; `none` at the end of the file.
  func next() throws(RDBError) -> RESPCommandReader.Item {
    while true {
      let item: RESPCommandReader.Item
      do throws(RESPError) {
        item = try reader.nextItem(isFinal: isFinal)
      } catch {
        throw converted(error)
      }
      switch item {
      case .command:
        guard reader.argumentCount > 0 else {
          throw RDBError(
            .corruptRESP, at: Int(clamping: reader.offset), expected: "a command", found: "an array without elements")
        }
        return item
      case .annotation: return item
      case .none:
        if isFinal { return item }
        try fill()
      }
    }
  }

  private func fill() throws(RDBError) {
    guard reader.endOffset - reader.offset <= UInt64(memoryLimit) else {
      throw RDBError(
        .replayMemory, at: Int(clamping: reader.offset),
        expected: "a command of at most \(memoryLimit) bytes (`memoryLimit`)",
        found: "a longer one")
    }
    let offset = reader.endOffset
    do {
      try reader.fill(Self.chunkByteCount) { try source.read(into: $0) }
    } catch {
      throw RDBError.transfer("read", error, at: Int(clamping: offset))
    }
    isFinal = reader.endOffset == offset
    progress.add(reader.endOffset - offset)
  }

  private func converted(_ error: RESPError) -> RDBError {
    if let rewriting = RESPRewriting(error, start: start) {
      return RDBError(
        .corruptRESP, at: Int(clamping: rewriting.offset), expected: "commands as they were written",
        found: rewriting.description)
    }
    let expected =
      error.code == .inlineCommand && !isText ? "\"*\", the beginning of a command" : error.expected
    return RDBError(.corruptRESP, at: Int(clamping: error.offset), expected: expected, found: error.found)
  }
}
