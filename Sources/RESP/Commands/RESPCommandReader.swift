import RDBSupport

/// Reads commands (arrays of bulk strings) from chunks: an AOF, a file for `redis-cli --pipe`, a
/// replication stream.
///
///     reader.feed(chunk)
///     while try reader.next() {
///       for index in 0..<reader.argumentCount { use(reader.argument(index)) }
///     }
///
/// Borrowing: arguments lie in the reader's one buffer until the next call of ``next()`` or
/// ``feed(_:)``. The buffer grows to the longest command, by what has come, never by what is claimed;
/// nothing else is allocated. Inline commands (`SET k v`) are refused by name. For files whose commands
/// need not be held whole, see ``RESPCommandScanner``.
public struct RESPCommandReader: ~Copyable {
  private let limits: RESPLimits
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0
  private var base: UInt64 = 0
  /// How far the command under way has been looked at, so that no chunk is looked at twice.
  private var scanned = 0
  private var missingArguments = -1
  private var ranges: [Range<Int>] = []
  private var hasCommand = false

  public init(limits: RESPLimits = RESPLimits()) { self.limits = limits }

  deinit { buffer.deallocate() }

  /// Bytes from the first ever fed to the first of the command that ``next()`` found or waits for.
  public var offset: UInt64 { base + UInt64(start) }

  /// Bytes of the command that ``next()`` found.
  public var byteCount: Int { hasCommand ? scanned - start : 0 }

  /// How many arguments it has, the name included.
  public var argumentCount: Int { hasCommand ? ranges.count : 0 }

  /// One of its arguments; the first is the name.
  @_lifetime(borrow self)
  public func argument(_ index: Int) -> RawSpan {
    precondition(hasCommand)
    return _overrideLifetime(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[ranges[index]])), borrowing: self)
  }

  /// The command's bytes as they were read.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      _overrideLifetime(
        RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[start..<start + byteCount])),
        borrowing: self)
    }
  }

  /// Takes a copy of `chunk`.
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

  /// Finds the next command; `false`: it is not complete yet.
  ///
  /// - Throws: ``RESPError``; the reader is of no use then.
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
      let place = base + UInt64(line)
      let count = try RESPLine.length(UnsafeRawBufferPointer(rebasing: bytes[line..<lineEnd]), at: place)
      guard count <= limits.elementCount else {
        throw RESPError(
          .tooManyElements, at: place, expected: "at most \(limits.elementCount) arguments",
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

  /// No more bytes will come: throws `truncated` inside a command.
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
    let place = base + UInt64(line)
    let count = try RESPLine.length(UnsafeRawBufferPointer(rebasing: bytes[line..<lineEnd]), at: place)
    try RESPLine.check(bulk: count, at: place, limits)
    let from = lineEnd + 2
    guard end - from >= count + 2 else { return false }
    guard bytes[from + count] == 13, bytes[from + count + 1] == 10 else {
      throw RESPError(
        .badLineEnd, at: base + UInt64(from + count), expected: "\"\\r\\n\" behind \(count) bytes",
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
