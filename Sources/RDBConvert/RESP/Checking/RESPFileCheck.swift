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

  private var scanner = RESPCommandScanner(syntax: .annotations)
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
    if let rewriting = RESPRewriting(error, start: start) {
      return .rewritten(rewriting.description, at: rewriting.offset)
    }
    if counter.commandCount > 0, error.code == .inlineCommand, isLastLine(error) {
      return .rewritten("an empty line after the last command", at: error.offset)
    }
    return .damaged("expected \(error.expected), found \(error.found)", at: error.offset)
  }

  /// Returns whether the error is a line end at the end of the file. PowerShell appends one.
  private func isLastLine(_ error: RESPError) -> Bool {
    let left = report.byteCount - error.offset
    return error.found == "0x0D" && left == 2 || error.found == "0x0A" && left == 1
  }
}
