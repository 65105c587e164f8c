import RDB
import RDBFormat
import RDBSupport
import RESP

/// A check whether a file of commands is whole, truncated, or changed.
///
///     let report = try RESPFileCheck.check(source)
///
/// The check streams: it uses constant memory for commands of any length.
package struct RESPFileCheck {
  /// The condition of the file.
  package enum Condition: Hashable, Sendable {
    /// Every command is complete, and the trailer, if there is one, matches the bytes.
    case whole
    /// The file ends inside the command that begins at this offset.
    case cut(at: UInt64)
    /// A shell, an editor, or a transfer in text mode changed the bytes.
    case rewritten(String, at: UInt64)
    /// The commands are malformed in another way.
    case damaged(String, at: UInt64)
    /// Every command is complete, but the trailer does not match the bytes.
    case mismatch(String)
  }

  /// The result of a check.
  package struct Report: Hashable, Sendable {
    package var condition = Condition.whole
    package var byteCount: UInt64 = 0
    /// The number of complete commands without the trailer.
    package var commandCount: UInt64 = 0
    /// The number of commands by name in upper case. After 256 different names, the others count as `…`.
    package var commands: [String: UInt64] = [:]
    /// The trailer, if the last command has one.
    package var trailer: RESPTrailer?

    package var isWhole: Bool { condition == .whole }
  }

  private var scanner = RESPCommandScanner(between: .annotations)
  private var counter = CommandCounter()
  private var report = Report()
  private var start: [UInt8] = []
  private var error: RESPError?

  package init() {}

  /// Checks all of a source.
  ///
  /// - Throws: ``RDBError`` (`io`) if the source cannot be read. Wrong bytes are a result, not an error.
  package static func check(_ source: any ByteSource) throws -> Report {
    var check = RESPFileCheck()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try source.read(into: buffer)
      if count == 0 { return check.finish() }
      check.feed(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
    }
  }

  /// Checks the next bytes of the file.
  package mutating func feed(_ chunk: RawSpan) {
    report.byteCount += UInt64(chunk.byteCount)
    if start.count < 16 {
      let missing = min(16 - start.count, chunk.byteCount)
      start.append(chunk.extracting(first: missing))
    }
    guard error == nil else { return }
    let offset = scanner.offset
    do throws(RESPError) { try scanner.scan(chunk, into: &counter) } catch { self.error = error }
    counter.endChunk(
      chunk, at: offset, commandOffset: scanner.isBetweenCommands ? nil : scanner.commandOffset)
  }

  /// Ends the check at the end of the file.
  package consuming func finish() -> Report {
    report.commands = counter.commands
    report.commandCount = counter.commandCount
    if let error {
      report.condition = condition(of: error)
    } else if !scanner.isBetweenCommands {
      report.condition = .cut(at: scanner.commandOffset)
    } else if let trailer = counter.trailer {
      report.trailer = trailer
      if let difference = difference(trailer, counter.checksumBeforeEcho) { report.condition = .mismatch(difference) }
    }
    return report
  }

  private func difference(_ trailer: RESPTrailer, _ checksum: UInt64) -> String? {
    if trailer.bytes != counter.trailerOffset {
      return "\(trailer.bytes) bytes before the trailer, found \(counter.trailerOffset)"
    }
    if trailer.commands != counter.commandCount {
      return "\(trailer.commands) commands, found \(counter.commandCount)"
    }
    return trailer.crc64 == checksum ? nil : "another checksum than that of the bytes before the trailer"
  }

  private func condition(of error: RESPError) -> Condition {
    if start.starts(with: [0xEF, 0xBB, 0xBF]) {
      return .rewritten("a byte order mark of UTF-8 before the first command", at: 0)
    }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      return .rewritten("UTF-16, as a redirection in Windows PowerShell writes", at: 0)
    }
    if start.count > 1, start[0] == 0 || start[1] == 0 {
      return .rewritten("UTF-16 without a byte order mark", at: 0)
    }
    // A program that changes line ends changes the first one too. A wrong line end after the first one is damage, most
    // often a length that is too large and ends inside "\r\n".
    if error.code == .badLineEnd, isInFirstLine(error.offset) {
      return error.found == "0x0D"
        ? .rewritten("\"\\r\\r\\n\" for \"\\r\\n\", as text mode writes", at: error.offset)
        : .rewritten("\"\\n\" for \"\\r\\n\"", at: error.offset)
    }
    if counter.commandCount > 0, error.code == .inlineCommand, isLastLine(error) {
      return .rewritten("an empty line after the last command", at: error.offset)
    }
    return .damaged("expected \(error.expected), found \(error.found)", at: error.offset)
  }

  /// Returns whether the bytes before `offset` are only the argument count of the first command.
  private func isInFirstLine(_ offset: UInt64) -> Bool {
    guard offset < UInt64(start.count) else { return false }
    return start[..<Int(offset)].allSatisfy { $0 == UInt8(ascii: "*") || 48...57 ~= $0 || $0 == 13 }
  }

  /// Returns whether the error is a line end at the end of the file. PowerShell appends one.
  private func isLastLine(_ error: RESPError) -> Bool {
    let left = report.byteCount - error.offset
    return error.found == "0x0D" && left == 2 || error.found == "0x0A" && left == 1
  }
}
