import RDBSupport

/// An incremental decoder of replies (RESP2 and RESP3).
///
/// The decoder is not public: `RedisTransfer` and the tests use it, to read the replies of live servers.
///
///     var decoder = RESPDecoder()
///     decoder.feed(chunk)
///     while let reply = try decoder.next() { … }
///
/// A length or count that the input claims reserves no memory. Nesting uses no recursion. ``RESPLimits`` bound the
/// depth, the sizes of bulk strings, lines and aggregates, and the size of a reply with all its nested values.
package struct RESPDecoder: Sendable {
  private enum Kind: Sendable { case array, set, push, map, attributes, attributed([RESPValue.Pair]) }

  private struct Frame: Sendable {
    var kind: Kind
    var remaining: Int
    var items: [RESPValue] = []
  }

  /// The largest values that are accepted.
  package var limits: RESPLimits
  private var buffer: [UInt8] = []
  /// The index of the next byte to decode.
  private var position = 0
  /// The offset in the input of the first byte of the buffer.
  private var base: UInt64 = 0
  private var stack: [Frame] = []
  /// The number of elements of the current value so far, nested ones included.
  private var elementCount = 0
  /// The offset of the first byte of the current value.
  private var valueOffset: UInt64 = 0

  package init(limits: RESPLimits = RESPLimits()) { self.limits = limits }

  /// The number of bytes decoded so far.
  package var offset: UInt64 { base + UInt64(position) }

  /// Whether all bytes fed so far belong to complete values.
  package var isBetweenValues: Bool { stack.isEmpty && position == buffer.count }

  /// Adds a copy of `chunk` to the input.
  package mutating func feed(_ chunk: some Sequence<UInt8>) {
    dropDecoded()
    buffer.append(contentsOf: chunk)
  }

  /// Adds a copy of `chunk` to the input.
  package mutating func feed(_ chunk: RawSpan) {
    dropDecoded()
    chunk.withUnsafeBytes { buffer.append(contentsOf: $0) }
  }

  /// Removes decoded bytes, once they are many enough to be worth the moving of the others.
  private mutating func dropDecoded() {
    guard position > 0, position == buffer.count || position > 1 << 16 else { return }
    base += UInt64(position)
    buffer.removeFirst(position)
    position = 0
  }

  /// Returns the next value, or `nil` if it is incomplete.
  ///
  /// - Throws: ``RESPError``. The decoder cannot continue after an error.
  package mutating func next() throws(RESPError) -> RESPValue? {
    while let token = try token() {
      if let value = try take(token) { return value }
    }
    return nil
  }

  /// Skips complete replies that report success: simple strings, integers and nulls. The replies cost no allocation.
  ///
  /// Stops before each other reply, and before an incomplete or malformed one: ``next()`` decodes it or throws.
  ///
  /// - Parameters:
  ///   - limit: The largest number of replies to skip.
  ///   - stopsAtZero: Whether to stop before the integer 0 and before null too.
  /// - Returns: The number of replies skipped.
  package mutating func skipSuccesses(atMost limit: Int, stoppingAtZero stopsAtZero: Bool = false) -> Int {
    guard stack.isEmpty else { return 0 }
    let (count, end) = successes(atMost: limit, stopsAtZero)
    position = end
    return count
  }

  private func successes(atMost limit: Int, _ stopsAtZero: Bool) -> (count: Int, end: Int) {
    let bytes = buffer.span.bytes
    var (count, index) = (0, position)
    while count < limit, let end = Self.successEnd(bytes, at: index, stopsAtZero, limits.lineByteCount) {
      index = end
      count += 1
    }
    return (count, index)
  }

  /// Returns the index after a complete reply that reports success, or `nil` for each other reply.
  @inline(__always)
  private static func successEnd(_ bytes: RawSpan, at start: Int, _ stopsAtZero: Bool, _ limit: Int) -> Int? {
    // The shortest reply is "_\r\n".
    guard bytes.byteCount - start >= 3 else { return nil }
    let mark = bytes.byte(at: start)
    var index = start + 1
    let lineLimit = min(bytes.byteCount - 1, index + min(limit, 512))
    switch mark {
    case UInt8(ascii: "+"):
      while index < lineLimit, bytes.byte(at: index) != 13, bytes.byte(at: index) != 10 { index += 1 }
    case UInt8(ascii: ":"):
      if bytes.byte(at: index) == UInt8(ascii: "-") { index += 1 }
      let digits = index
      while index < lineLimit, bytes.byte(at: index) >= 48, bytes.byte(at: index) <= 57 { index += 1 }
      // Longer numbers may not fit into 64 bits.
      guard 1...18 ~= index - digits, !(stopsAtZero && bytes.byte(at: digits) == 48) else { return nil }
    case UInt8(ascii: "$"):
      guard !stopsAtZero, bytes.byteCount - start >= 5, bytes.byte(at: index) == UInt8(ascii: "-"),
        bytes.byte(at: index + 1) == UInt8(ascii: "1")
      else { return nil }
      index += 2
    case UInt8(ascii: "_"):
      guard !stopsAtZero else { return nil }
    default: return nil
    }
    guard index + 1 < bytes.byteCount, bytes.byte(at: index) == 13, bytes.byte(at: index + 1) == 10 else { return nil }
    return index + 2
  }

  /// Checks that the input ends after a whole value.
  ///
  /// - Throws: ``RESPError`` (`truncated`) if the last value is incomplete.
  package func finish() throws(RESPError) {
    guard isBetweenValues else {
      throw RESPError(
        .truncated, at: base + UInt64(buffer.count), expected: "the rest of a value",
        found: "the end")
    }
  }

  private enum Token { case value(RESPValue), aggregate(Kind, Int) }

  /// Adds a token to the innermost aggregate, and returns the outermost value if the token completes it.
  private mutating func take(_ token: Token) throws(RESPError) -> RESPValue? {
    var done: RESPValue
    switch token {
    case .value(let value): done = value
    case .aggregate(let kind, let count):
      stack.append(Frame(kind: kind, remaining: count))
      guard stack.count <= limits.depth else {
        throw RESPError(
          .tooDeep, at: offset, expected: "at most \(limits.depth) levels", found: "another")
      }
      guard count == 0 else { return nil }
      guard let value = finishFrame() else { return nil }
      done = value
    }
    while !stack.isEmpty {
      stack[stack.count - 1].items.append(done)
      stack[stack.count - 1].remaining -= 1
      if stack[stack.count - 1].remaining > 0 { return nil }
      guard let value = finishFrame() else { return nil }
      done = value
    }
    elementCount = 0
    return done
  }

  /// Ends the innermost aggregate. Returns `nil` after attributes, because their value follows.
  private mutating func finishFrame() -> RESPValue? {
    let frame = stack.removeLast()
    switch frame.kind {
    case .array: return .array(frame.items)
    case .set: return .set(frame.items)
    case .push: return .push(frame.items)
    case .map: return .map(Self.pairs(frame.items))
    case .attributes:
      stack.append(Frame(kind: .attributed(Self.pairs(frame.items)), remaining: 1))
      return nil
    case .attributed(let pairs): return .attributed(pairs, frame.items[0])
    }
  }

  private static func pairs(_ items: [RESPValue]) -> [RESPValue.Pair] {
    stride(from: 0, to: items.count - 1, by: 2).map { RESPValue.Pair(items[$0], items[$0 + 1]) }
  }

  /// Decodes a scalar or the header of an aggregate. Consumes nothing if it is incomplete.
  private mutating func token() throws(RESPError) -> Token? {
    guard position < buffer.count else { return nil }
    if stack.isEmpty { valueOffset = self.offset }
    let mark = buffer[position]
    try checkMark(mark)
    let lineStart = position + 1
    guard let end = try lineEnd(from: lineStart) else { return nil }
    let offset = base + UInt64(lineStart)
    let line = buffer[lineStart..<end]
    let next = end + 2
    try checkReply(upTo: base + UInt64(next), at: offset)
    var token: Token
    switch mark {
    case UInt8(ascii: "+"): token = .value(.simple(Array(line)))
    case UInt8(ascii: "-"): token = .value(.error(Array(line)))
    case UInt8(ascii: ":"): token = .value(.integer(try integer(line, at: offset)))
    case UInt8(ascii: ","): token = .value(.double(try double(line, at: offset)))
    case UInt8(ascii: "("): token = .value(.bigNumber(try bigNumber(line, at: offset)))
    case UInt8(ascii: "#"): token = .value(.boolean(try boolean(line, at: offset)))
    case UInt8(ascii: "_"):
      guard line.isEmpty else { throw badNumber("an empty line", line, at: offset) }
      token = .value(.null)
    case UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "="):
      if mark == UInt8(ascii: "$"), line.elementsEqual("-1".utf8) {
        token = .value(.null)
        break
      }
      guard let bulk = try bulk(mark, line, at: offset, from: next) else { return nil }
      position = next + bulk.byteCount + 2
      return .value(bulk.value)
    case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "%"), UInt8(ascii: "|"):
      if mark == UInt8(ascii: "*"), line.elementsEqual("-1".utf8) {
        token = .value(.null)
        break
      }
      token = try aggregate(mark, line, at: offset)
    default: return nil
    }
    position = next
    return token
  }

  private func lineEnd(from start: Int) throws(RESPError) -> Int? {
    try buffer.span.bytes.withUnsafeBytes { bytes throws(RESPError) in
      try RESPLine.end(bytes, from: start, base: base, limits: limits)
    }
  }

  private func checkMark(_ mark: UInt8) throws(RESPError) {
    if !"+-:,(#_$!=*~>%|".utf8.contains(mark) {
      throw RESPError(.unknownType, at: offset, expected: "a RESP type", found: hex(mark))
    }
  }

  /// Checks the size of the current value, of which `end` is the end as far as it is known.
  private func checkReply(upTo end: UInt64, at offset: UInt64) throws(RESPError) {
    guard end - valueOffset <= UInt64(limits.replyByteCount) else {
      throw RESPError(
        .replyTooLarge, at: offset, expected: "a reply of at most \(limits.replyByteCount) bytes", found: "a larger one"
      )
    }
  }

  private func length(_ line: ArraySlice<UInt8>, at offset: UInt64) throws(RESPError) -> Int {
    try line.span.bytes.withUnsafeBytes { bytes throws(RESPError) in try RESPLine.length(bytes, at: offset) }
  }

  private func bulk(_ mark: UInt8, _ line: ArraySlice<UInt8>, at offset: UInt64, from start: Int)
    throws(RESPError) -> (value: RESPValue, byteCount: Int)?
  {
    let count = try length(line, at: offset)
    try RESPLine.check(bulk: count, at: offset, limits)
    try checkReply(upTo: base + UInt64(start + count), at: offset)
    guard buffer.count - start >= count + 2 else { return nil }
    let end = start + count
    guard buffer[end] == 13, buffer[end + 1] == 10 else {
      throw RESPError(
        .badLineEnd, at: base + UInt64(end), expected: "\"\\r\\n\" after \(count) bytes",
        found: "\(hex(buffer[end])) \(hex(buffer[end + 1]))")
    }
    let bytes = Array(buffer[start..<end])
    switch mark {
    case UInt8(ascii: "$"): return (.bulk(bytes), count)
    case UInt8(ascii: "!"): return (.error(bytes), count)
    default:
      guard count >= 4, bytes[3] == UInt8(ascii: ":") else {
        throw RESPError(
          .badNumber, at: base + UInt64(start), expected: "a format of three letters and a colon",
          found: printable(bytes, limit: 8))
      }
      return (.verbatim(format: Array(bytes[..<3]), Array(bytes[4...])), count)
    }
  }

  private mutating func aggregate(_ mark: UInt8, _ line: ArraySlice<UInt8>, at offset: UInt64)
    throws(RESPError) -> Token
  {
    let count = try length(line, at: offset)
    let isMap = mark == UInt8(ascii: "%") || mark == UInt8(ascii: "|")
    let (items, overflow) = count.multipliedReportingOverflow(by: isMap ? 2 : 1)
    guard !overflow, items <= limits.elementCount - elementCount else {
      throw RESPError(
        .tooManyElements, at: offset, expected: "at most \(limits.elementCount) elements",
        found: "\(count) more")
    }
    elementCount += items
    switch mark {
    case UInt8(ascii: "*"): return .aggregate(.array, items)
    case UInt8(ascii: "~"): return .aggregate(.set, items)
    case UInt8(ascii: ">"): return .aggregate(.push, items)
    case UInt8(ascii: "%"): return .aggregate(.map, items)
    default: return .aggregate(.attributes, items)
    }
  }

  private func integer(_ line: ArraySlice<UInt8>, at offset: UInt64) throws(RESPError) -> Int64 {
    let digits = line.first == UInt8(ascii: "-") || line.first == UInt8(ascii: "+") ? line.dropFirst() : line
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }),
      let value = Int64(String(decoding: line, as: UTF8.self))
    else { throw badNumber("a 64-bit integer", line, at: offset) }
    return value
  }

  private func double(_ line: ArraySlice<UInt8>, at offset: UInt64) throws(RESPError) -> Double {
    let text = Array(line)
    guard let value = DoubleText.parse(text.span.bytes) else {
      throw badNumber("a double", line, at: offset)
    }
    return value
  }

  private func bigNumber(_ line: ArraySlice<UInt8>, at offset: UInt64) throws(RESPError) -> [UInt8] {
    let digits = line.first == UInt8(ascii: "-") ? line.dropFirst() : line
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
      throw badNumber("an integer", line, at: offset)
    }
    return Array(line)
  }

  private func boolean(_ line: ArraySlice<UInt8>, at offset: UInt64) throws(RESPError) -> Bool {
    if line.elementsEqual("t".utf8) { return true }
    if line.elementsEqual("f".utf8) { return false }
    throw badNumber("t or f", line, at: offset)
  }

  private func badNumber(_ expected: String, _ line: ArraySlice<UInt8>, at offset: UInt64) -> RESPError {
    RESPError(.badNumber, at: offset, expected: expected, found: printable(line, limit: 32))
  }
}
