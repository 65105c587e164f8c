import RDB
import RDBFormat
import RESP

/// Looks at a file of commands from its first byte to its last: is it whole, cut, or rewritten?
///
///     let report = try RESPFileCheck.check(source)
///
/// Streaming: no command is held, whatever its length.
package struct RESPFileCheck {
  package enum Condition: Hashable, Sendable {
    /// Every command is complete, and the trailer, if there is one, says the same.
    case whole
    /// The file ends inside the command that begins at this offset, or lacks what the trailer counts.
    case cut(at: UInt64)
    /// Something (a shell, an editor, a transfer in text mode) changed its bytes.
    case rewritten(String, at: UInt64)
    /// The commands are malformed in another way.
    case damaged(String, at: UInt64)
    /// Every command is complete, but the trailer tells of other bytes.
    case mismatch(String)
  }

  /// What was found.
  package struct Report: Hashable, Sendable {
    package var condition = Condition.whole
    package var byteCount: UInt64 = 0
    /// Complete commands, the trailer not among them.
    package var commandCount: UInt64 = 0
    /// By name, upper case; names beyond 256 different ones count as `…`.
    package var commands: [String: UInt64] = [:]
    /// The trailer, if the last command is one.
    package var trailer: RESPTrailer?

    package var isWhole: Bool { condition == .whole }
  }

  private var scanner = RESPCommandScanner()
  private var counter = CommandCounter()
  private var report = Report()
  private var start: [UInt8] = []
  private var error: RESPError?

  package init() {}

  /// Checks all of a source.
  ///
  /// - Throws: ``RDBError`` only if it cannot be read.
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

  /// Goes on with the next bytes of the file.
  package mutating func feed(_ chunk: RawSpan) {
    report.byteCount += UInt64(chunk.byteCount)
    if start.count < 16 {
      let missing = min(16 - start.count, chunk.byteCount)
      chunk.extracting(first: missing).withUnsafeBytes { start += $0 }
    }
    guard error == nil else { return }
    counter.beginChunk(chunk, at: scanner.offset)
    do throws(RESPError) { try scanner.scan(chunk, into: &counter) } catch { self.error = error }
    counter.endChunk(commandOffset: scanner.isBetweenCommands ? nil : scanner.commandOffset)
  }

  /// The file has ended.
  package consuming func finish() -> Report {
    report.commands = counter.commands
    report.commandCount = counter.commandCount
    if let error {
      report.condition = condition(of: error)
    } else if !scanner.isBetweenCommands {
      report.condition = .cut(at: scanner.commandOffset)
    } else if let (trailer, checksum) = counter.trailer {
      report.trailer = trailer
      if let difference = difference(trailer, checksum) { report.condition = .mismatch(difference) }
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
      return .rewritten("a byte order mark of UTF-8 in front", at: 0)
    }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      return .rewritten("UTF-16, as a redirection in Windows PowerShell writes", at: 0)
    }
    if start.count > 1, start[0] == 0 || start[1] == 0 {
      return .rewritten("UTF-16 without a byte order mark", at: 0)
    }
    // What rewrites line ends rewrites the first one too. Behind it, a wrong one is damage: most often
    // a length that is too large and ends inside "\r\n".
    if error.code == .badLineEnd, isInFirstLine(error.offset) {
      return error.found == "0x0D"
        ? .rewritten("\"\\r\\r\\n\" for \"\\r\\n\", as text mode writes", at: error.offset)
        : .rewritten("\"\\n\" for \"\\r\\n\"", at: error.offset)
    }
    if counter.commandCount > 0, error.code == .inlineCommand, isLastLine(error) {
      return .rewritten("an empty line behind the last command", at: error.offset)
    }
    return .damaged("expected \(error.expected), found \(error.found)", at: error.offset)
  }

  /// Whether no line end stands before `offset`, nor anything but a command's number of arguments.
  private func isInFirstLine(_ offset: UInt64) -> Bool {
    guard offset < UInt64(start.count) else { return false }
    return start[..<Int(offset)].allSatisfy { $0 == UInt8(ascii: "*") || 48...57 ~= $0 || $0 == 13 }
  }

  /// Whether the error is a line end with which the file ends: PowerShell appends one.
  private func isLastLine(_ error: RESPError) -> Bool {
    let left = report.byteCount - error.offset
    return error.found == "0x0D" && left == 2 || error.found == "0x0A" && left == 1
  }
}

/// Counts commands by name, and computes the checksum of what stands before a trailer.
private struct CommandCounter: RESPCommandHandler {
  private var names: [[UInt8]: UInt64] = [:]
  private(set) var commandCount: UInt64 = 0
  private(set) var trailer: (trailer: RESPTrailer, checksum: UInt64)?
  private(set) var trailerOffset: UInt64 = 0

  /// Of the command under way: its name and, if that is ECHO, its text.
  private var name: [UInt8] = []
  private var text: [UInt8] = []
  private var argument = 0
  private var argumentCount = 0
  private var offset: UInt64 = 0
  /// Whether the head of the command under way has been read.
  private var isUnderWay = false

  /// The checksum of everything before `settled`; what comes behind it in earlier chunks is kept.
  private var checksum = CRC64()
  private var settled: UInt64 = 0
  private var kept: [UInt8] = []
  /// The checksum up to the last ECHO.
  private var checksumBeforeEcho: UInt64 = 0
  private var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
  private var chunkOffset: UInt64 = 0

  private static let nameLimit = 64
  private static let textLimit = 256

  var commands: [String: UInt64] {
    var table: [String: UInt64] = [:]
    for (name, count) in names { table[String(decoding: name, as: UTF8.self).uppercased(), default: 0] += count }
    return table
  }

  mutating func beginChunk(_ bytes: RawSpan, at offset: UInt64) {
    chunk = bytes.withUnsafeBytes { $0 }
    chunkOffset = offset
  }

  /// Computes on; the bytes of a command that may still turn out to be ECHO, which are few, are kept.
  ///
  /// - Parameter commandOffset: Where the command under way begins; `nil`: there is none.
  mutating func endChunk(commandOffset: UInt64?) {
    let end = chunkOffset + UInt64(chunk.count)
    let isDecided = isUnderWay && (argument > 0 || name.count > 4)
    settle(isDecided ? end : commandOffset ?? end)
    if settled < end {
      let from = settled > chunkOffset ? Int(settled - chunkOffset) : 0
      kept += chunk[from...]
    }
    chunk = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Advances the checksum to `place`, which lies in the kept bytes or in the chunk.
  private mutating func settle(_ place: UInt64) {
    guard place > settled else { return }
    if !kept.isEmpty {
      let count = min(kept.count, Int(place - settled))
      kept.withUnsafeBytes { checksum.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      kept.removeFirst(count)
      settled += UInt64(count)
    }
    guard place > settled else { return }
    let from = Int(settled - chunkOffset)
    checksum.update(UnsafeRawBufferPointer(rebasing: chunk[from..<from + Int(place - settled)]))
    settled = place
  }

  mutating func beginCommand(argumentCount: Int, offset: UInt64) {
    if trailer != nil {
      // It was not the last command.
      count(Array("ECHO".utf8))
      trailer = nil
    }
    isUnderWay = true
    name.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
    argument = 0
    self.argumentCount = argumentCount
    self.offset = offset
  }

  mutating func beginArgument(_ index: Int, byteCount: Int) {
    argument = index
    if index == 1, name.elementsEqual("ECHO".utf8) {
      settle(offset)
      checksumBeforeEcho = checksum.value
    }
  }

  mutating func argumentBytes(_ bytes: RawSpan) {
    if argument == 0 {
      append(bytes, to: &name, limit: Self.nameLimit)
    } else if argument == 1, name.elementsEqual("ECHO".utf8) {
      append(bytes, to: &text, limit: Self.textLimit)
    }
  }

  mutating func endCommand(end: UInt64) {
    if argumentCount == 2, name.elementsEqual("ECHO".utf8),
      let trailer = RESPTrailer(String(decoding: text, as: UTF8.self))
    {
      self.trailer = (trailer, checksumBeforeEcho)
      trailerOffset = offset
    } else {
      count(name)
    }
    isUnderWay = false
  }

  private mutating func count(_ name: [UInt8]) {
    commandCount += 1
    if let count = names[name] {
      names[name] = count + 1
    } else {
      names[names.count < 256 ? name : Array("…".utf8), default: 0] += 1
    }
  }

  private func append(_ bytes: RawSpan, to array: inout [UInt8], limit: Int) {
    let count = min(bytes.byteCount, limit - array.count)
    if count > 0 { bytes.extracting(first: count).withUnsafeBytes { array += $0 } }
  }
}
