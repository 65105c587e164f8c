import RDBSupport

/// An incremental reader of commands: an append-only file, a file for `redis-cli --pipe`, a replication stream.
///
///     var reader = RESPCommandReader()
///     reader.feed(chunk)
///     while try reader.next() {
///       for index in 0..<reader.argumentCount { use(reader.argument(index)) }
///     }
///
/// Arguments are borrowed from the reader's buffer; they are valid until the next call of ``next()`` or ``feed(_:)``.
/// The buffer grows with the bytes received, never with a length that the input claims, up to the longest command.
/// Nothing else is allocated. A command has at most 67,108,864 arguments of at most 512 MiB.
///
/// Commands are arrays of bulk strings (RESP2 and RESP3). Inline commands such as `SET k v` are an error
/// (`inlineCommand`).
public struct RESPCommandReader: ~Copyable {
  /// The result of ``nextItem(isFinal:)``.
  package enum Item: Sendable {
    /// Nothing: more bytes are needed.
    case none
    /// A command: ``argument(_:)``.
    case command
    /// A line that begins with `#`. It is the only argument, without the line end.
    case annotation
  }

  private let limits: RESPLimits
  private let syntax: RESPCommandSyntax
  /// The received bytes. The range from `start` up to `end` is in use.
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0
  /// The offset in the input of the first byte of the buffer.
  private var base: UInt64
  /// The index in the buffer of the next byte to examine. Bytes before it are not examined again.
  private var scanned = 0
  /// The number of arguments that the current command still lacks; −1 before its header is complete.
  private var missingArguments = -1
  private var ranges: [Range<Int>] = []
  private var hasItem = false

  /// Creates a reader without input.
  public init() { self.init(limits: RESPLimits()) }

  /// Creates a reader with other limits.
  ///
  /// - Parameters:
  ///   - syntax: What the input may have besides arrays of bulk strings. ``nextItem(isFinal:)`` reads it.
  ///   - offset: The offset of the first byte that will be fed.
  package init(limits: RESPLimits, syntax: RESPCommandSyntax = [], offset: UInt64 = 0) {
    (self.limits, self.syntax, base) = (limits, syntax, offset)
  }

  deinit { buffer.deallocate() }

  /// The offset in the input, in bytes, of the current command or, if there is none, of the incomplete command.
  public var offset: UInt64 { base + UInt64(start) }

  /// The offset after the last byte that was examined: the end of the current command.
  package var scannedOffset: UInt64 { base + UInt64(scanned) }

  /// The offset after the last byte that was fed.
  package var endOffset: UInt64 { base + UInt64(end) }

  /// The length of the current command in bytes; 0 before it is complete.
  package var byteCount: Int { hasItem ? scanned - start : 0 }

  /// The number of arguments of the current command, its name included; 0 before it is complete.
  public var argumentCount: Int { hasItem ? ranges.count : 0 }

  /// The current command as it was fed, with its lengths and line ends.
  @_lifetime(borrow self)
  package func commandBytes() -> RawSpan {
    precondition(hasItem)
    return _overrideLifetime(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[start..<scanned])), borrowing: self)
  }

  /// The name of the incomplete command; empty if that has not been fed.
  package var incompleteName: [UInt8] {
    guard !hasItem, let name = ranges.first else { return [] }
    return [UInt8](UnsafeRawBufferPointer(rebasing: buffer[name]))
  }

  /// Returns an argument of the current command. Argument 0 is the name of the command.
  ///
  /// - Parameter index: The index of the argument, less than ``argumentCount``.
  @_lifetime(borrow self)
  public func argument(_ index: Int) -> RawSpan {
    precondition(hasItem)
    return _overrideLifetime(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[ranges[index]])), borrowing: self)
  }

  /// Returns copies of the arguments of the current command.
  ///
  /// - Parameters:
  ///   - former: The arguments of a command before. If the name or the first key is the same, it is not copied again.
  ///   - limit: The number of arguments to copy; the others are empty.
  package func copiedArguments(reusing former: [[UInt8]] = [], limit: Int = .max) -> [[UInt8]] {
    precondition(hasItem)
    return [[UInt8]](unsafeUninitializedCapacity: ranges.count) { arguments, count in
      while count < ranges.count {
        arguments.initializeElement(at: count, to: count < limit ? copiedArgument(count, reusing: former) : [])
        count += 1
      }
    }
  }

  private func copiedArgument(_ index: Int, reusing former: [[UInt8]]) -> [UInt8] {
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[ranges[index]])
    guard index < 2, index < former.count, former[index].count == bytes.count, !bytes.isEmpty else {
      return [UInt8](bytes)
    }
    let isFormer = former[index].withUnsafeBytes { memcmp($0.baseAddress!, bytes.baseAddress!, bytes.count) == 0 }
    return isFormer ? former[index] : [UInt8](bytes)
  }

  /// The byte at ``offset``: the first of the current or the incomplete command; `nil` if it was not fed.
  package var firstByte: UInt8? { start < end ? buffer[start] : nil }

  /// Adds a copy of `chunk` to the input, and discards the current command.
  ///
  /// - Parameter chunk: Bytes that follow all bytes fed before. A chunk can begin and end anywhere.
  public mutating func feed(_ chunk: RawSpan) {
    let count = chunk.byteCount
    fill(count) { room in
      chunk.withUnsafeBytes { room.copyMemory(from: $0) }
      return count
    }
  }

  /// Adds bytes to the input without a copy, and discards the current command.
  ///
  /// - Parameters:
  ///   - byteCount: The largest number of bytes to add.
  ///   - read: Fills the first bytes of a buffer of `byteCount` bytes, and returns their number.
  package mutating func fill<E: Error>(
    _ byteCount: Int, _ read: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) {
    dropItem()
    guard byteCount > 0 else { return }
    slide()
    grow(by: byteCount)
    let count = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[end..<end + byteCount]))
    precondition(count >= 0 && count <= byteCount)
    end += count
  }

  /// Advances to the next command.
  ///
  /// - Returns: Whether the input has another complete command. If not, feed more bytes and call again.
  /// - Throws: ``RESPError``. The reader cannot continue after an error.
  public mutating func next() throws(RESPError) -> Bool {
    while true {
      switch try nextItem() {
      case .none: return false
      case .command: return true
      case .annotation: continue
      }
    }
  }

  /// Advances to the next command or annotation.
  ///
  /// - Parameter isFinal: Whether no more bytes will be fed. The last line of text needs no line end.
  /// - Throws: ``RESPError``. The reader cannot continue after an error.
  package mutating func nextItem(isFinal: Bool = false) throws(RESPError) -> Item {
    dropItem()
    while missingArguments < 0 {
      guard start < end else { return .none }
      let first = buffer[start]
      if first == UInt8(ascii: "*") {
        guard try readHeader() else { return .none }
      } else if first == UInt8(ascii: "#"), syntax.contains(.annotations) {
        return try readAnnotation() ? .annotation : .none
      } else if syntax.contains(.inlineCommands) {
        guard let hasWords = try readLine(isFinal: isFinal) else { return .none }
        if hasWords { return .command }
      } else if syntax.contains(.emptyLines), first == 10 || first == 13 {
        start += 1
        scanned = start
      } else {
        throw inlineCommand(first)
      }
    }
    while missingArguments > 0 {
      guard try readArgument() else { return .none }
      missingArguments -= 1
    }
    missingArguments = -1
    hasItem = true
    return .command
  }

  /// Checks that the input ends after a whole command.
  ///
  /// - Throws: ``RESPError`` (`truncated`) if the last command is incomplete.
  public func finish() throws(RESPError) {
    guard hasItem ? scanned == end : start == end else {
      throw RESPError(
        .truncated, at: base + UInt64(end), expected: "the rest of the command that begins at \(offset)",
        found: "the end")
    }
  }

  // MARK: Arrays

  /// Reads `*<count>\r\n`.
  ///
  /// - Returns: Whether the line is complete.
  private mutating func readHeader() throws(RESPError) -> Bool {
    scanned = start
    if syntax.contains(.inlineCommands), try skipEmptyArray() { return true }
    guard let count = try readLength() else { return false }
    guard count <= limits.elementCount else {
      throw RESPError(
        .tooManyElements, at: base + UInt64(start + 1), expected: "at most \(limits.elementCount) arguments",
        found: "\(count)")
    }
    missingArguments = count
    return true
  }

  /// Skips `*0` and `*-1`.
  private mutating func skipEmptyArray() throws(RESPError) -> Bool {
    let text = UnsafeRawBufferPointer(rebasing: buffer[start..<min(end, start + 5)])
    guard text.starts(with: "*0\r\n".utf8) || text.elementsEqual("*-1\r\n".utf8) else { return false }
    start += text[1] == UInt8(ascii: "0") ? 4 : 5
    scanned = start
    return true
  }

  /// Reads `$<length>\r\n`, the bytes and their line end.
  ///
  /// - Returns: Whether the argument is complete.
  private mutating func readArgument() throws(RESPError) -> Bool {
    guard scanned < end else { return false }
    guard buffer[scanned] == UInt8(ascii: "$") else {
      throw RESPError(
        .unknownType, at: base + UInt64(scanned), expected: "a bulk string", found: hex(buffer[scanned]))
    }
    let mark = scanned
    guard let count = try readLength() else { return false }
    try RESPLine.check(bulk: count, at: base + UInt64(mark + 1), limits)
    let from = scanned
    guard end - from >= 2, end - from - 2 >= count else {
      scanned = mark
      return false
    }
    guard buffer[from + count] == 13, buffer[from + count + 1] == 10 else {
      throw RESPError(
        .badLineEnd, at: base + UInt64(from + count), expected: "\"\\r\\n\" after \(count) bytes",
        found: "\(hex(buffer[from + count])) \(hex(buffer[from + count + 1]))")
    }
    ranges.append(from..<from + count)
    scanned = from + count + 2
    return true
  }

  /// Reads the digits and the line end after the mark at `scanned`, and advances `scanned` to the next line.
  ///
  /// - Returns: `nil` if the line is incomplete; `scanned` is then unchanged.
  private mutating func readLength() throws(RESPError) -> Int? {
    // Nearly all lengths have few digits.
    let line = scanned + 1
    var index = line
    var value = 0
    while index < end, index - line < 10 {
      let digit = Int(buffer[index]) - 48
      guard digit >= 0, digit <= 9 else { break }
      value = value * 10 + digit
      index += 1
    }
    if index > line, index + 1 < end, buffer[index] == 13, buffer[index + 1] == 10 {
      scanned = index + 2
      return value
    }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<end])
    guard let lineEnd = try RESPLine.end(bytes, from: line, base: base, limits: limits) else { return nil }
    let count = try RESPLine.length(
      UnsafeRawBufferPointer(rebasing: bytes[line..<lineEnd]), at: base + UInt64(line))
    scanned = lineEnd + 2
    return count
  }

  // MARK: Lines

  /// Reads a line that begins with `#`.
  ///
  /// - Returns: Whether the line is complete.
  private mutating func readAnnotation() throws(RESPError) -> Bool {
    let lineEnd = findLineEnd()
    guard (lineEnd ?? end) - start < RESPCommandSyntax.annotationByteCount else {
      throw RESPError(
        .badLength, at: base + UInt64(start),
        expected: "an annotation of at most \(RESPCommandSyntax.annotationByteCount) bytes", found: "a longer one")
    }
    guard let lineEnd else { return false }
    ranges.append(start..<withoutReturn(lineEnd))
    hasItem = true
    return true
  }

  /// Reads a line of text.
  ///
  /// - Returns: Whether the line has words; `nil` if it is incomplete. A line without words is skipped.
  private mutating func readLine(isFinal: Bool) throws(RESPError) -> Bool? {
    let found = findLineEnd()
    guard (found ?? end) - start <= limits.lineByteCount else {
      throw RESPError(
        .lineTooLong, at: base + UInt64(start),
        expected: "a line of at most \(limits.lineByteCount) bytes", found: "a longer one")
    }
    guard let lineEnd = found ?? (isFinal ? end : nil) else { return nil }
    let line = start..<withoutReturn(lineEnd)
    try checkText(line)
    let marker = RESPInlineText.split(buffer, line, into: &ranges)
    if let marker {
      throw RESPError(
        .unbalancedQuotes, at: base + UInt64(marker), expected: "white space after a closing quotation mark",
        found: "quotation marks that are not balanced")
    }
    scanned = min(lineEnd + 1, end)
    hasItem = !ranges.isEmpty
    if !hasItem { start = scanned }
    return hasItem
  }

  /// Checks that a line can be text.
  private func checkText(_ line: Range<Int>) throws(RESPError) {
    let text = UnsafeRawBufferPointer(rebasing: buffer[line])
    if base + UInt64(start) == 0, RESPRewriting.hasMark(text) {
      throw RESPError(.badText, at: 0, expected: "a command", found: "a byte order mark")
    }
    if let index = text.firstIndex(of: 0) {
      throw RESPError(
        .badText, at: base + UInt64(start + index), expected: "a line of text", found: "the byte 0x00 in it")
    }
  }

  /// The index of the next `\n`; `nil` if it was not fed yet.
  private mutating func findLineEnd() -> Int? {
    let rest = UnsafeRawBufferPointer(rebasing: buffer[scanned..<end])
    guard let address = rest.baseAddress, let found = memchr(address, 10, rest.count) else {
      scanned = end
      return nil
    }
    let lineEnd = scanned + (UnsafeRawPointer(found) - address)
    scanned = lineEnd + 1
    return lineEnd
  }

  /// The index of the `\r` before the end of a line, or the end.
  private func withoutReturn(_ lineEnd: Int) -> Int {
    lineEnd > start && buffer[lineEnd - 1] == 13 ? lineEnd - 1 : lineEnd
  }

  // MARK: Memory

  private mutating func dropItem() {
    guard hasItem else { return }
    hasItem = false
    start = scanned
    ranges.removeAll(keepingCapacity: true)
  }

  private mutating func slide() {
    if start == end, buffer.count > 8 << 20 {
      // The memory of a long command.
      buffer.deallocate()
      buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
    guard start > 0 else { return }
    if start < end { buffer.baseAddress!.copyMemory(from: buffer.baseAddress! + start, byteCount: end - start) }
    for index in ranges.indices {
      ranges[index] = ranges[index].lowerBound - start..<ranges[index].upperBound - start
    }
    base += UInt64(start)
    end -= start
    scanned -= start
    start = 0
  }

  private mutating func grow(by byteCount: Int) {
    guard buffer.count - end < byteCount else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(4096, (end + byteCount) + (end + byteCount) / 2), alignment: 64)
    if end > 0 { larger.baseAddress!.copyMemory(from: buffer.baseAddress!, byteCount: end) }
    buffer.deallocate()
    buffer = larger
  }

  private func inlineCommand(_ byte: UInt8) -> RESPError {
    RESPError(
      .inlineCommand, at: base + UInt64(start),
      expected: "\"*\", an array of bulk strings (inline commands are not read)", found: hex(byte))
  }
}
