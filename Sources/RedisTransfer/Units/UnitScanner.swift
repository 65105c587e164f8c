import RDBConvert
import RDBSupport

/// The scanner of a ``KeyCutter``.
///
/// Bytes of commands stay where they are until the end of the piece, a mark, or the end of the unit, and are then copied
/// in one step (``takeRun(upTo:of:)``). Only the beginning of a command that may be SELECT is held back.
struct UnitScanner {
  private enum State: UInt8 {
    /// Before a mark or a command.
    case between
    case markSubject, markDollar, markLength, markName, markEnd
    case argumentCount, bulkDollar, bulkLength, bulk
    /// The name of a command of two arguments whose name has six bytes.
    case possibleSelect
    /// The rest of the name of SELECT, and the header of its argument: lines to skip.
    case selectLines
    case selectNumber
  }

  private let limits: KeyCutter.Limits
  private let receive: (KeyUnit) throws -> Void

  private var state = State.between
  /// The number that is being read, and its digits so far.
  private var number = 0
  private var digitCount = 0
  /// The bytes or lines that remain of the current part.
  private var remaining = 0
  private var argumentsLeft = 0
  /// Whether the current argument is the name of the command.
  private var isFirstArgument = false
  private var selectName: UInt64 = 0

  /// The number of the next key.
  private(set) var nextOrdinal: UInt64 = 0
  var skippedKeyCount: UInt64 = 0
  /// Whether the commands of the current key are left out.
  private var isSkipping = false

  private var unit = KeyUnit(number: 0, database: 0)
  /// The commands that publish keys of the unit; while they are read, the unit.
  private var publication = KeyUnit(number: 0, database: 0)
  private var isPublishing = false
  /// The offset of the current command in the unit; −1 if it begins in an earlier unit, and between commands.
  private var commandOffset = -1
  /// Whether the current command may still be SELECT.
  private var isUndecided = false
  /// The beginning of an undecided command, from earlier pieces.
  private var held: [UInt8] = []
  /// The index of the undecided command in the piece; 0 if it begins in an earlier one.
  private var headIndex = 0
  /// The index in the piece of the first byte that is not yet copied into the unit; −1 if nothing is being copied.
  private var runStart = -1
  /// The number of bytes of the output before the undecided command.
  private var headOffset: UInt64 = 0
  /// The number of bytes before the current piece.
  private var offset: UInt64 = 0

  init(limits: KeyCutter.Limits, _ receive: @escaping (KeyUnit) throws -> Void) {
    (self.limits, self.receive) = (limits, receive)
  }

  mutating func scan(_ piece: RawSpan) throws {
    let count = piece.byteCount
    guard count > 0 else { return }
    var index = 0
    headIndex = 0
    runStart = isInsideCommand && !isUndecided && !isSkipping ? 0 : -1
    while index < count { try step(piece, &index) }
    if isUndecided {
      takeRun(upTo: headIndex, of: piece)
      held.append(piece.extracting(headIndex..<count))
    } else {
      takeRun(upTo: count, of: piece)
    }
    offset += UInt64(count)
  }

  mutating func finish() throws {
    guard state == .between else { throw KeyCutter.Malformed(offset: offset) }
    endPublication()
    if !unit.bytes.isEmpty { try endUnit() }
  }

  private var isInsideCommand: Bool {
    switch state {
    case .argumentCount, .bulkDollar, .bulkLength, .bulk, .possibleSelect: true
    case .between, .markSubject, .markDollar, .markLength, .markName, .markEnd, .selectLines, .selectNumber: false
    }
  }

  // MARK: Steps

  /// Takes at least one byte.
  @inline(__always)
  private mutating func step(_ piece: RawSpan, _ index: inout Int) throws {
    switch state {
    case .between: try begin(piece, &index)
    case .bulkDollar, .markDollar:
      guard piece.byte(at: index) == UInt8(ascii: "$") else { throw malformed(index) }
      index += 1
      beginNumber(state == .bulkDollar ? .bulkLength : .markLength)
    case .bulkLength:
      guard try readNumber(piece, &index) else { return }
      if isUndecided {
        if number == 6 {
          (remaining, selectName) = (6, 0)
          state = .possibleSelect
          return
        }
        try acceptCommand(piece)
      }
      remaining = number + 2
      state = .bulk
    case .bulk: try takeBulk(piece, &index)
    case .argumentCount:
      guard try readNumber(piece, &index) else { return }
      guard number > 0 else { throw malformed(index) }
      argumentsLeft = number
      if number != 2 { try acceptCommand(piece) }
      state = .bulkDollar
    case .markSubject, .markLength, .markName, .markEnd: try stepInMark(piece, &index)
    case .possibleSelect, .selectLines, .selectNumber: try stepInSelect(piece, &index)
    }
  }

  @inline(__always)
  private mutating func begin(_ piece: RawSpan, _ index: inout Int) throws {
    switch piece.byte(at: index) {
    case UInt8(ascii: "*"):
      isUndecided = true
      headIndex = index
      headOffset = offset + UInt64(index)
      beginNumber(.argumentCount)
    case RESPMark.byte:
      takeRun(upTo: index, of: piece)
      state = .markSubject
    default: throw malformed(index)
    }
    index += 1
  }

  @inline(__always)
  private mutating func takeBulk(_ piece: RawSpan, _ index: inout Int) throws {
    var length = min(remaining, piece.byteCount - index)
    if !isSkipping, !isPublishing, length >= limits.pieceByteCount - unit.bytes.count - (index - runStart) {
      let room = limits.pieceByteCount - unit.bytes.count - (index - runStart)
      // The name of the command must be in the unit in which the command begins.
      if room < remaining, !(commandOffset >= 0 && isFirstArgument) {
        length = max(0, room)
        takeRun(upTo: index + length, of: piece)
        try endUnit(insideKey: true, insideCommand: true)
        runStart = index + length
      }
    }
    index += length
    remaining -= length
    guard remaining == 0 else { return }
    argumentsLeft -= 1
    isFirstArgument = false
    if argumentsLeft > 0 {
      state = .bulkDollar
    } else {
      state = .between
      commandOffset = -1
      if !isSkipping { unit.commandCount += 1 }
    }
  }

  private mutating func stepInMark(_ piece: RawSpan, _ index: inout Int) throws {
    switch state {
    case .markSubject:
      guard let subject = RESPMark(rawValue: piece.byte(at: index)) else { throw malformed(index) }
      index += 1
      if subject == .publication { try beginPublication() } else { try beginKey(subject) }
      state = .markDollar
    case .markLength:
      guard try readNumber(piece, &index) else { return }
      if !isSkipping, !isPublishing { unit.keys[unit.keys.count - 1].nameByteCount = number }
      (remaining, state) = number > 0 ? (number, .markName) : (2, .markEnd)
    case .markName:
      let length = min(remaining, piece.byteCount - index)
      if !isSkipping { unit.names.append(piece.extracting(index..<index + length)) }
      index += length
      remaining -= length
      if remaining == 0 { (remaining, state) = (2, .markEnd) }
    default:
      index += 1
      remaining -= 1
      if remaining == 0 { state = .between }
    }
  }

  private mutating func stepInSelect(_ piece: RawSpan, _ index: inout Int) throws {
    let byte = piece.byte(at: index)
    switch state {
    case .possibleSelect:
      selectName = selectName << 8 | UInt64(byte)
      remaining -= 1
      index += 1
      guard remaining == 0 else { return }
      // "SELECT"
      if selectName == 0x5345_4C45_4354 {
        isUndecided = false
        takeRun(upTo: headIndex, of: piece)
        held.removeAll(keepingCapacity: true)
        (remaining, state) = (2, .selectLines)
      } else {
        try acceptCommand(piece)
        (remaining, state) = (2, .bulk)
      }
    case .selectLines:
      index += 1
      if byte == 10 { remaining -= 1 }
      if remaining == 0 { beginNumber(.selectNumber) }
    default:
      guard try readNumber(piece, &index) else { return }
      state = .between
      let database = UInt64(number)
      endPublication()
      guard database != unit.database else { return }
      if !unit.bytes.isEmpty { try endUnit() }
      unit.database = database
    }
  }

  // MARK: Keys and commands

  private mutating func beginKey(_ subject: RESPMark) throws {
    endPublication()
    let ordinal = nextOrdinal
    nextOrdinal += 1
    if !unit.bytes.isEmpty {
      let isFull =
        unit.bytes.count + publication.bytes.count >= limits.byteCount
        || unit.commandCount + publication.commandCount >= limits.commandCount || unit.keys.count >= limits.keyCount
      if isFull || unit.startsInsideKey || subject != .key || unit.keys.last?.subject != .key { try endUnit() }
    }
    isSkipping = ordinal < skippedKeyCount
    guard !isSkipping else { return }
    unit.keys.append(
      KeyUnit.Key(
        ordinal: ordinal, subject: subject, firstCommand: unit.commandCount, byteOffset: unit.bytes.count,
        nameOffset: unit.names.count, nameByteCount: 0))
  }

  /// Begins the commands that publish the current key.
  private mutating func beginPublication() throws {
    guard !isSkipping else { return }
    guard !isPublishing, let key = unit.keys.last else { throw KeyCutter.Malformed(offset: offset) }
    let name = unit.name(of: key)
    var published = key
    (published.firstCommand, published.byteOffset) = (publication.commandCount, publication.bytes.count)
    (published.nameOffset, published.nameByteCount) = (publication.names.count, name.count)
    publication.names += name
    publication.keys.append(published)
    isPublishing = true
    swap(&unit, &publication)
  }

  private mutating func endPublication() {
    guard isPublishing else { return }
    isPublishing = false
    swap(&unit, &publication)
  }

  /// Begins to copy a command that is not SELECT.
  private mutating func acceptCommand(_ piece: RawSpan) throws {
    isUndecided = false
    isFirstArgument = true
    if isSkipping {
      held.removeAll(keepingCapacity: true)
      return
    }
    guard let key = unit.keys.last else { throw KeyCutter.Malformed(offset: headOffset) }
    let byteCount = unit.bytes.count + (runStart < 0 ? 0 : headIndex - runStart)
    let isLarge =
      byteCount - key.byteOffset >= limits.byteCount || unit.commandCount - key.firstCommand >= limits.commandCount
    if isLarge, !isPublishing {
      takeRun(upTo: headIndex, of: piece)
      try endUnit(insideKey: true)
    }
    commandOffset = unit.bytes.count + (runStart < 0 ? 0 : headIndex - runStart)
    if unit.firstCommandOffset < 0 { unit.firstCommandOffset = commandOffset }
    if runStart < 0 { runStart = headIndex }
    if !held.isEmpty {
      unit.bytes += held
      held.removeAll(keepingCapacity: true)
    }
  }

  /// Copies the bytes of commands before `end` into the unit.
  private mutating func takeRun(upTo end: Int, of piece: RawSpan) {
    guard runStart >= 0 else { return }
    if unit.bytes.isEmpty, limits.keyCount > 1 {
      unit.bytes.reserveCapacity(max(end - runStart, limits.byteCount + limits.byteCount / 8))
    }
    unit.bytes.append(piece.extracting(runStart..<end))
    runStart = -1
  }

  /// Passes the unit on, and begins the next one. The commands that publish keys follow when each key is complete.
  private mutating func endUnit(insideKey: Bool = false, insideCommand: Bool = false) throws {
    let end = unit.endOrdinal
    unit.laterOrdinal = publication.keys.first?.ordinal ?? .max
    guard insideKey || publication.keys.isEmpty else {
      unit.endsInsideKey = true
      try passUnit()
      swap(&unit, &publication)
      (unit.number, unit.database) = (publication.number, publication.database)
      (unit.publishes, unit.startsInsideKey, unit.publishedEnd) = (true, true, end)
      publication = KeyUnit(number: 0, database: 0)
      return try passUnit()
    }
    unit.endsInsideKey = insideKey
    unit.endsInsideCommand = insideCommand
    var next = KeyUnit(number: unit.number + 1, database: unit.database)
    next.keys.reserveCapacity(unit.keys.count)
    next.names.reserveCapacity(min(unit.names.count, limits.byteCount))
    if insideKey, var key = unit.keys.last {
      next.names += unit.name(of: key).prefix(64 << 10)
      (key.firstCommand, key.byteOffset, key.nameOffset, key.nameByteCount) = (0, 0, 0, next.names.count)
      next.keys.append(key)
      next.startsInsideKey = true
      if insideCommand {
        next.openCommand = commandOffset < 0 ? unit.openCommand : Array(unit.bytes.commandName(at: commandOffset))
        commandOffset = -1
      }
    }
    swap(&unit, &next)
    try receive(next)
  }

  /// Passes the unit on, and begins the next one with another key.
  private mutating func passUnit() throws {
    var next = KeyUnit(number: unit.number + 1, database: unit.database)
    swap(&unit, &next)
    try receive(next)
  }

  // MARK: Numbers

  @inline(__always)
  private mutating func beginNumber(_ next: State) { (number, digitCount, state) = (0, 0, next) }

  /// Reads digits and the line end after them.
  ///
  /// - Returns: Whether the line is complete.
  @inline(__always)
  private mutating func readNumber(_ piece: RawSpan, _ index: inout Int) throws -> Bool {
    while index < piece.byteCount {
      let byte = piece.byte(at: index)
      index += 1
      if byte == 10 { return true }
      if byte == 13 { continue }
      guard byte >= 48, byte <= 57, digitCount < 18 else { throw malformed(index - 1) }
      number = number &* 10 &+ Int(byte &- 48)
      digitCount += 1
    }
    return false
  }

  @inline(never)
  private func malformed(_ index: Int) -> KeyCutter.Malformed {
    KeyCutter.Malformed(offset: offset + UInt64(index))
  }
}
