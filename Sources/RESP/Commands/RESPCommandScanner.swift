import RDBSupport

/// The receiver of the events of a ``RESPCommandScanner``.
package protocol RESPCommandHandler: ~Copyable {
  /// Receives the start of a command at `offset`, in bytes from the first byte of the input.
  mutating func beginCommand(argumentCount: Int, offset: UInt64)
  /// Receives the start of an argument. The bytes of the argument follow in pieces.
  mutating func beginArgument(_ index: Int, byteCount: Int)
  /// Receives the next bytes of the current argument.
  mutating func argumentBytes(_ bytes: RawSpan)
  /// Receives the end of the current command. The first byte after the command has the offset `end`.
  mutating func endCommand(end: UInt64)
}

/// An incremental scanner of commands that holds no bytes: it uses constant memory for arguments of any length.
///
/// `RESPFileCheck` in RDBConvert checks command files with it.
package struct RESPCommandScanner: Sendable {
  private enum State: Sendable {
    case command, count, bulkMark, bulkLength, bulk, bulkReturn, bulkNewline, annotation
  }

  private let limits: RESPLimits
  private let syntax: RESPCommandSyntax
  private var state = State.command
  private var number = 0
  private var digits = 0
  private var sawReturn = false
  private var argumentCount = 0
  private var argument = 0
  private var remaining = 0
  private var commandStart: UInt64 = 0
  /// The number of bytes scanned so far.
  package private(set) var offset: UInt64 = 0

  package init(limits: RESPLimits = RESPLimits(), syntax: RESPCommandSyntax = []) {
    (self.limits, self.syntax) = (limits, syntax)
  }

  /// Whether the bytes scanned so far end after a whole command.
  package var isBetweenCommands: Bool { state == .command }

  /// The offset of the incomplete command; between commands, the offset of the next one.
  package var commandOffset: UInt64 { isBetweenCommands ? offset : commandStart }

  /// Scans `chunk`.
  ///
  /// - Throws: ``RESPError``. ``offset`` is then the offset of the wrong byte.
  package mutating func scan<H: RESPCommandHandler & ~Copyable>(_ chunk: RawSpan, into handler: inout H)
    throws(RESPError)
  {
    var index = 0
    let count = chunk.byteCount
    let base = offset
    defer { offset = base + UInt64(index) }
    while index < count {
      if state == .bulk {
        let length = min(remaining, count - index)
        handler.argumentBytes(chunk.extracting(index..<index + length))
        index += length
        remaining -= length
        if remaining == 0 { state = .bulkReturn }
        continue
      }
      let byte = chunk.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      try step(byte, base + UInt64(index), &handler)
      index += 1
    }
  }

  /// Checks that the input ends after a whole command.
  ///
  /// - Throws: ``RESPError`` (`truncated`) if the last command is incomplete.
  package func finish() throws(RESPError) {
    guard isBetweenCommands else {
      throw RESPError(
        .truncated, at: offset, expected: "the rest of the command that begins at \(commandStart)",
        found: "the end")
    }
  }

  private mutating func step<H: RESPCommandHandler & ~Copyable>(
    _ byte: UInt8, _ position: UInt64, _ handler: inout H
  ) throws(RESPError) {
    switch state {
    case .command:
      if syntax.contains(.annotations), byte == UInt8(ascii: "#") {
        commandStart = position
        number = 0
        state = .annotation
        return
      }
      if syntax.contains(.emptyLines), byte == 10 || byte == 13 { return }
      guard byte == UInt8(ascii: "*") else {
        throw RESPError(
          .inlineCommand, at: position,
          expected: "\"*\", an array of bulk strings (inline commands are not read)", found: hex(byte))
      }
      commandStart = position
      beginNumber(.count)
    case .count:
      guard try readDigit(byte, position) else { return }
      guard number <= limits.elementCount else {
        throw RESPError(
          .tooManyElements, at: position, expected: "at most \(limits.elementCount) arguments",
          found: "\(number)")
      }
      argumentCount = number
      argument = 0
      handler.beginCommand(argumentCount: argumentCount, offset: commandStart)
      nextArgument(position, &handler)
    case .bulkMark:
      guard byte == UInt8(ascii: "$") else {
        throw RESPError(.unknownType, at: position, expected: "a bulk string", found: hex(byte))
      }
      beginNumber(.bulkLength)
    case .bulkLength:
      guard try readDigit(byte, position) else { return }
      try RESPLine.check(bulk: number, at: position, limits)
      handler.beginArgument(argument, byteCount: number)
      remaining = number
      state = number == 0 ? .bulkReturn : .bulk
    case .annotation:
      number += 1
      guard number < RESPCommandSyntax.annotationByteCount else {
        throw RESPError(
          .badLength, at: position, expected: "an annotation of at most \(RESPCommandSyntax.annotationByteCount) bytes",
          found: "a longer one")
      }
      if byte == 10 { state = .command }
    case .bulk: break
    case .bulkReturn:
      guard byte == 13 else { throw badEnd(byte, position, "\"\\r\\n\" after the argument") }
      state = .bulkNewline
    case .bulkNewline:
      guard byte == 10 else { throw badEnd(byte, position, "\"\\n\" after \"\\r\"") }
      argument += 1
      nextArgument(position, &handler)
    }
  }

  private mutating func nextArgument<H: RESPCommandHandler & ~Copyable>(
    _ position: UInt64, _ handler: inout H
  ) {
    if argument < argumentCount {
      state = .bulkMark
    } else {
      state = .command
      handler.endCommand(end: position + 1)
    }
  }

  private mutating func beginNumber(_ next: State) {
    state = next
    number = 0
    digits = 0
    sawReturn = false
  }

  /// Takes the next byte of a line of digits, and returns whether the line is complete.
  private mutating func readDigit(_ byte: UInt8, _ position: UInt64) throws(RESPError) -> Bool {
    if sawReturn {
      guard byte == 10 else { throw badEnd(byte, position, "\"\\n\" after \"\\r\"") }
      return true
    }
    if byte == 13 {
      guard digits > 0 else {
        throw RESPError(.badLength, at: position, expected: "a length in digits", found: "none")
      }
      sawReturn = true
      return false
    }
    if byte == 10, digits > 0 { throw badEnd(byte, position, "\"\\r\\n\"") }
    guard byte >= 48, byte <= 57, digits < 18 else {
      throw RESPError(.badLength, at: position, expected: "a length in digits", found: hex(byte))
    }
    number = number * 10 + Int(byte) - 48
    digits += 1
    return false
  }

  private func badEnd(_ byte: UInt8, _ position: UInt64, _ expected: String) -> RESPError {
    RESPError(.badLineEnd, at: position, expected: expected, found: hex(byte))
  }
}
