public import RDB
public import RDBFormat
import RDBSupport
public import RESP

/// Strings, and the elements of collections, several to a command.
extension RESPSink {
  /// An open command: its elements are being written, and its header follows at the end.
  @usableFromInline struct OpenCommand {
    @usableFromInline var isOpen = false
    var command: Command = .rpush
    @usableFromInline var elements = 0
    /// The number of elements that remain according to the file; `.max` if the file has no count.
    var expected: UInt64 = 0
    @usableFromInline var limit = 1
    /// The bytes that the next element can take on the fast path, less than ``RESPSink/smallByteCount``; 0 unless a command
    /// is open that can take another element.
    @usableFromInline var room = 0
  }

  /// The form in which an element is written.
  @usableFromInline enum ElementForm {
    /// As part of the open command, which has room for it.
    case shared
    /// In a command of its own, because it is too long to be copied.
    case alone
    /// Not at all: it is too long for the target, which the ledger lists as a loss.
    case lost
  }

  /// The commands that add elements.
  enum Command: UInt8 {
    case rpush, sadd, zadd, hset, hmset, armset

    /// The name of the command as a bulk string.
    var text: StaticString {
      switch self {
      case .rpush: "$5\r\nRPUSH\r\n"
      case .sadd: "$4\r\nSADD\r\n"
      case .zadd: "$4\r\nZADD\r\n"
      case .hset: "$4\r\nHSET\r\n"
      case .hmset: "$5\r\nHMSET\r\n"
      case .armset: "$6\r\nARMSET\r\n"
      }
    }

    /// The number of arguments per element.
    var width: Int { self == .rpush || self == .sadd ? 1 : 2 }
  }

  // MARK: Strings

  @inlinable @inline(__always)
  public mutating func string(_ value: RawSpan) throws(RDBError) {
    if key.headByteCount > 0, value.byteCount < Self.plainByteCount { return endPlainString(value) }
    try anyString(value)
  }

  @usableFromInline mutating func anyString(_ value: RawSpan) throws(RDBError) {
    if key.headByteCount > 0 { leavePlainString() }
    guard value.byteCount <= bulkLimit else {
      _ = lose("its value is longer than the bulk limit")
      return
    }
    try beginString()
    let setsExpiry = key.hasExpiry && can.setPXAT && key.expiry > 0
    let keeps = options.existing == .keep && !key.usesTemporary && !key.isTransaction
    if keeps && !can.setNX {
      try command(3, "$5\r\nSETNX\r\n")
      try out.bulk(value)
    } else {
      try command(3 + (setsExpiry ? 2 : 0) + (keeps ? 1 : 0), "$3\r\nSET\r\n")
      try out.bulk(value)
      if keeps { try out.text("$2\r\nNX\r\n") }
      if setsExpiry {
        try out.text("$4\r\nPXAT\r\n")
        try out.bulk(key.expiry)
      }
    }
    if setsExpiry { key.hasExpiry = false }
    try endWrittenKey()
  }

  /// Prepares for the first command of a string.
  ///
  /// SET replaces an existing key by itself. A string whose expiry needs a second command may need a temporary name.
  private mutating func beginString() throws(RDBError) {
    if buildsApart, key.hasExpiry, !can.setPXAT || key.expiry <= 0 {
      try beginCommands()
    } else {
      try select()
    }
  }

  // MARK: Collections

  public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    switch key.type.data {
    case .list: openCommand.command = .rpush
    case .set: openCommand.command = .sadd
    case .zset: openCommand.command = .zadd
    case .array: openCommand.command = .armset
    case .pathHash: return try beginPathHash(header)
    case .hash, .string, .stream, .module: openCommand.command = can.variadicHSET || !can.hmset ? .hset : .hmset
    }
    let isVariadic = key.type.data == .hash ? can.hmset || can.variadicHSET : can.variadicPush
    openCommand.limit = isVariadic ? commandElementCount : 1
    if !can.manyArguments { openCommand.limit = min(openCommand.limit, (1_048_576 - 2) / 2) }
    openCommand.expected = header.count ?? .max
    key.insertIndex = header.insertIndex
    notes.encodings &+= 1
    if key.type.data == .list { notes.nodes &+= 1 }
  }

  @inlinable @inline(__always)
  public mutating func listElement(_ element: RawSpan) throws(RDBError) {
    switch try begin(element.byteCount, 0) {
    case .shared: wrote(RESPText.writeBulk(element, to: elementMemory))
    case .alone: try single(element)
    case .lost: return
    }
  }

  @inlinable @inline(__always)
  public mutating func setMember(_ member: RawSpan) throws(RDBError) {
    try listElement(member)
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    if score.bitPattern == Self.negativeZero { noteNegativeZero() }
    switch try begin(member.byteCount, 32) {
    case .shared:
      let memory = elementMemory
      let end = Self.writeScore(score, to: memory)
      wrote(end &+ RESPText.writeBulk(member, to: memory + end))
    case .alone:
      try beginSingle()
      out.output.advance(by: Self.writeScore(score, to: elementMemory))
      try out.bulk(member)
    case .lost: return
    }
  }

  @inlinable @inline(__always)
  public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws(RDBError) {
    if score.bitPattern == Self.negativeZero { noteNegativeZero() }
    switch try begin(member.byteCount, 32) {
    case .shared:
      let memory = elementMemory
      let end = RESPText.writeBulk(text, to: memory)
      wrote(end &+ RESPText.writeBulk(member, to: memory + end))
    case .alone:
      try beginSingle()
      try out.bulk(text)
      try out.bulk(member)
    case .lost: return
    }
  }

  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    switch try begin(value.byteCount, 32) {
    case .shared:
      let memory = elementMemory
      let end = RESPText.writeBulk(index, to: memory)
      wrote(end &+ RESPText.writeBulk(value, to: memory + end))
    case .alone:
      try beginSingle()
      try out.bulk(index)
      try out.bulk(value)
    case .lost: return
    }
  }

  @inlinable static var negativeZero: UInt64 { 1 << 63 }

  @inline(never)
  @usableFromInline mutating func noteNegativeZero() {
    guard can.dropsSignOfZero, key.plan == .commands else { return }
    ledger.note(
      "signs of scores of -0, which only RESTORE carries into small sorted sets", key: name.array, offset: key.offset)
  }

  /// Writes the text of a score as a bulk string and returns its byte count. Needs room for 64 bytes.
  static func writeScore(_ score: Double, to destination: UnsafeMutableRawPointer) -> Int {
    // The text goes after the longest header first, then moves to the end of its actual header.
    let text = destination + 8
    let count = DoubleText.write(score, to: text)
    let start = RESPText.writeBulkHeader(UInt64(count), to: destination)
    let low = text.loadUnaligned(as: SIMD16<UInt8>.self)
    let high = text.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
    destination.storeBytes(of: low, toByteOffset: start, as: SIMD16<UInt8>.self)
    destination.storeBytes(of: high, toByteOffset: start + 16, as: SIMD16<UInt8>.self)
    RESPText.writeLineEnd(to: destination + start + count)
    return start + count + 2
  }

  // MARK: Commands of several elements

  /// Prepares for an element of one or two strings.
  ///
  /// If a command is open afterwards, it has room for both strings and 64 more bytes.
  ///
  /// - Parameters:
  ///   - first: The byte count of the first string.
  ///   - second: The byte count of the second string; 0 without one.
  @inlinable @inline(__always)
  mutating func begin(_ first: Int, _ second: Int) throws(RDBError) -> ElementForm {
    if first &+ second &+ 64 <= openCommand.room { return .shared }
    return try beginSlowly(first, second)
  }

  @inline(never)
  @usableFromInline mutating func beginSlowly(_ first: Int, _ second: Int) throws(RDBError) -> ElementForm {
    let byteCount = first &+ second &+ 64
    if openCommand.isOpen, openCommand.elements < openCommand.limit, byteCount < smallByteCount,
      out.output.byteCountAfterGap &+ byteCount <= commandByteCount
    {
      try out.output.reserve(byteCount)
      setRoom()
      return .shared
    }
    guard key.plan == .commands else { return .lost }
    guard first <= bulkLimit, second <= bulkLimit else {
      lose(.element, "an element is longer than the bulk limit")
      return .lost
    }
    if openCommand.isOpen { try closeCommand() }
    if !key.hasBegun { try beginCommands() }
    guard byteCount < smallByteCount, name.count <= 64 << 10 else { return .alone }
    try openNewCommand(byteCount)
    return .shared
  }

  /// Sets the room of the open command: what the output has reserved for it, up to the longest element that is copied.
  @inline(__always)
  private mutating func setRoom() {
    openCommand.room = min(commandByteCount - out.output.byteCountAfterGap, out.output.spare.count, smallByteCount - 1)
  }

  /// The memory for the next element of an open command.
  @usableFromInline var elementMemory: UnsafeMutableRawPointer {
    @inlinable @inline(__always) get { out.output.spare.baseAddress.unsafelyUnwrapped }
  }

  /// Counts elements of `byteCount` bytes together, written at ``elementMemory``, as part of the open command.
  @inlinable @inline(__always)
  mutating func wrote(_ byteCount: Int, elementCount: Int = 1) {
    out.output.advance(uncheckedBy: byteCount)
    openCommand.elements &+= elementCount
    openCommand.room = openCommand.elements < openCommand.limit ? openCommand.room &- byteCount : 0
  }

  /// Opens a command, with room for its first element.
  @inline(__always)
  private mutating func openNewCommand(_ byteCount: Int) throws(RDBError) {
    let guess = Int(min(openCommand.expected, UInt64(openCommand.limit)))
    try out.output.openGap(
      byteCount: RESPText.headerByteCount(UInt64(guess &* openCommand.command.width &+ 2)))
    let command = openCommand.command.text
    let bulk = key.usesTemporary ? temporary.memory : name.memory
    let headByteCount = command.utf8CodeUnitCount &+ bulk.count
    try out.output.reserve(headByteCount &+ byteCount)
    let memory = elementMemory
    RESPText.copy(command.utf8Start, to: memory, byteCount: command.utf8CodeUnitCount)
    RESPText.copy(bulk.start, to: memory + command.utf8CodeUnitCount, byteCount: bulk.count)
    out.output.advance(uncheckedBy: headByteCount)
    setRoom()
    openCommand.isOpen = true
    openCommand.elements = 0
  }

  /// Ends the open command with its header, followed by the expiries of its fields.
  @inline(__always)
  mutating func closeCommand() throws(RDBError) {
    openCommand.isOpen = false
    openCommand.room = 0
    try writeHeader(openCommand.elements &* openCommand.command.width &+ 2)
    if openCommand.expected != .max { openCommand.expected -= min(UInt64(openCommand.elements), openCommand.expected) }
    if fieldExpiries.count > 0 { try writeFieldExpiries() }
  }

  /// Writes the header of an open command into the gap before it.
  @inline(__always)
  mutating func writeHeader(_ arguments: Int) throws(RDBError) {
    let gap = try out.output.closeGap(byteCount: RESPText.headerByteCount(UInt64(arguments)))
    RESPText.writeArrayHeaderExactly(arguments, to: gap)
    out.commandCount &+= 1
  }

  /// Begins a command of a single element that is too long to be copied.
  @usableFromInline mutating func beginSingle() throws(RDBError) {
    try command(openCommand.command.width + 2, openCommand.command.text)
    if openCommand.expected != .max, openCommand.expected > 0 { openCommand.expected -= 1 }
    // Reserve memory for a number before the element.
    try out.output.reserve(128)
  }

  @usableFromInline mutating func single(_ element: RawSpan) throws(RDBError) {
    try beginSingle()
    try out.bulk(element)
  }
}
