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
  private let limits: RESPLimits
  /// The received bytes. The range from `start` up to `end` is in use.
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0
  /// The offset in the input of the first byte of the buffer.
  private var base: UInt64 = 0
  /// The index in the buffer of the next byte to examine. Bytes before it are not examined again.
  private var scanned = 0
  /// The number of arguments that the current command still lacks; −1 before its header is complete.
  private var missingArguments = -1
  private var ranges: [Range<Int>] = []
  private var hasCommand = false

  /// Creates a reader without input.
  public init() { self.init(limits: RESPLimits()) }

  /// Creates a reader with other limits.
  package init(limits: RESPLimits) { self.limits = limits }

  deinit { buffer.deallocate() }

  /// The offset in the input, in bytes, of the current command or, if there is none, of the incomplete command.
  public var offset: UInt64 { base + UInt64(start) }

  /// The length of the current command in bytes; 0 before it is complete.
  package var byteCount: Int { hasCommand ? scanned - start : 0 }

  /// The number of arguments of the current command, its name included; 0 before it is complete.
  public var argumentCount: Int { hasCommand ? ranges.count : 0 }

  /// Returns an argument of the current command. Argument 0 is the name of the command.
  ///
  /// - Parameter index: The index of the argument, less than ``argumentCount``.
  @_lifetime(borrow self)
  public func argument(_ index: Int) -> RawSpan {
    precondition(hasCommand)
    return _overrideLifetime(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[ranges[index]])), borrowing: self)
  }

  /// The bytes of the current command.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      _overrideLifetime(
        RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[start..<start + byteCount])),
        borrowing: self)
    }
  }

  /// Adds a copy of `chunk` to the input, and discards the current command.
  ///
  /// - Parameter chunk: Bytes that follow all bytes fed before. A chunk can begin and end anywhere.
  public mutating func feed(_ chunk: RawSpan) {
    dropCommand()
    guard chunk.byteCount > 0 else { return }
    if start > 0 { slide() }
    grow(by: chunk.byteCount)
    chunk.withUnsafeBytes { source in
      if let from = source.baseAddress { (buffer.baseAddress! + end).copyMemory(from: from, byteCount: source.count) }
    }
    end += chunk.byteCount
  }

  /// Advances to the next command.
  ///
  /// - Returns: Whether the input has another complete command. If not, feed more bytes and call again.
  /// - Throws: ``RESPError``. The reader cannot continue after an error.
  public mutating func next() throws(RESPError) -> Bool {
    dropCommand()
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<end])
    if missingArguments < 0 {
      guard scanned < end else { return false }
      guard bytes[scanned] == UInt8(ascii: "*") else { throw inlineCommand(bytes[scanned]) }
      let line = scanned + 1
      guard let lineEnd = try RESPLine.end(bytes, from: line, base: base, limits: limits) else {
        return false
      }
      let lengthOffset = base + UInt64(line)
      let count = try RESPLine.length(UnsafeRawBufferPointer(rebasing: bytes[line..<lineEnd]), at: lengthOffset)
      guard count <= limits.elementCount else {
        throw RESPError(
          .tooManyElements, at: lengthOffset, expected: "at most \(limits.elementCount) arguments",
          found: "\(count)")
      }
      missingArguments = count
      scanned = lineEnd + 2
    }
    while missingArguments > 0 {
      guard try argument(bytes) else { return false }
      missingArguments -= 1
    }
    missingArguments = -1
    hasCommand = true
    return true
  }

  /// Checks that the input ends after a whole command.
  ///
  /// - Throws: ``RESPError`` (`truncated`) if the last command is incomplete.
  public func finish() throws(RESPError) {
    guard hasCommand ? scanned == end : start == end else {
      throw RESPError(
        .truncated, at: base + UInt64(end), expected: "the rest of the command that begins at \(offset)",
        found: "the end")
    }
  }

  private mutating func argument(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Bool {
    guard scanned < end else { return false }
    guard bytes[scanned] == UInt8(ascii: "$") else {
      throw RESPError(
        .unknownType, at: base + UInt64(scanned), expected: "a bulk string", found: hex(bytes[scanned]))
    }
    let line = scanned + 1
    guard let lineEnd = try RESPLine.end(bytes, from: line, base: base, limits: limits) else {
      return false
    }
    let lengthOffset = base + UInt64(line)
    let count = try RESPLine.length(UnsafeRawBufferPointer(rebasing: bytes[line..<lineEnd]), at: lengthOffset)
    try RESPLine.check(bulk: count, at: lengthOffset, limits)
    let from = lineEnd + 2
    guard end - from >= count + 2 else { return false }
    guard bytes[from + count] == 13, bytes[from + count + 1] == 10 else {
      throw RESPError(
        .badLineEnd, at: base + UInt64(from + count), expected: "\"\\r\\n\" after \(count) bytes",
        found: "\(hex(bytes[from + count])) \(hex(bytes[from + count + 1]))")
    }
    ranges.append(from..<from + count)
    scanned = from + count + 2
    return true
  }

  private mutating func dropCommand() {
    guard hasCommand else { return }
    hasCommand = false
    start = scanned
    ranges.removeAll(keepingCapacity: true)
  }

  private mutating func slide() {
    buffer.baseAddress!.copyMemory(from: buffer.baseAddress! + start, byteCount: end - start)
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
      .inlineCommand, at: base + UInt64(scanned),
      expected: "\"*\", an array of bulk strings (inline commands are not read)", found: hex(byte))
  }
}
