import RDBFormat

/// Findings: oddities that do not end the reading.
///
/// A finding follows the rule of every event: the parser announces it only when all bytes of the part that it concerns
/// are there, so that it does not come twice.
extension RDBParser {
  /// Creates a finding of the current key.
  ///
  /// - Parameter input: The parser's input, which may hold the key's name.
  @inline(never)
  @usableFromInline
  func finding(
    _ kind: FindingKind, at offset: Int, inner: Int? = nil, _ expected: @autoclosure () -> String,
    _ found: @autoclosure () -> String, _ input: RawSpan
  ) -> Finding {
    var finding = Finding(kind, at: offset, inner: inner, expected: expected(), found: found())
    guard kind.row.concernsKey else { return finding }
    finding.key = currentKey(input)
    finding.database = state.database
    return finding
  }

  /// Reports a finding of the current key.
  ///
  /// - Parameter input: The parser's input, which may hold the key's name.
  @usableFromInline
  func report<S: RDBSink & ~Copyable>(
    _ kind: FindingKind, at offset: Int, inner: Int? = nil, _ expected: @autoclosure () -> String,
    _ found: @autoclosure () -> String, _ input: RawSpan, _ sink: inout S
  ) throws {
    try sink.finding(finding(kind, at: offset, inner: inner, expected(), found(), input))
  }

  /// Reports that the counts at the start of a stream's node are not those of its entries.
  @usableFromInline
  func reportCounts<S: RDBSink & ~Copyable>(
    _ node: StreamNodeWalk, _ claimedCount: Int?, _ input: RawSpan, _ sink: inout S
  ) throws {
    if node.seenLive != node.live || node.seenDeleted != node.deleted {
      try report(
        .streamNodeCounts, at: node.offset, inner: 6, "\(node.seenLive) live and \(node.seenDeleted) deleted entries",
        "\(node.live) and \(node.deleted)", input, &sink)
    }
    if let claimedCount, claimedCount != node.elements {
      try report(
        .streamNodeCounts, at: node.offset, inner: 4, "a listpack of \(node.elements) entries", "\(claimedCount)",
        input,
        &sink)
    }
  }

  /// Reports a list, set, sorted set or hash without elements.
  @usableFromInline
  func reportEmpty<S: RDBSink & ~Copyable>(at offset: Int, _ input: RawSpan, _ sink: inout S) throws {
    try report(.emptyKey, at: offset, "at least one element", "none", input, &sink)
  }

  /// Reports what an error describes.
  @usableFromInline
  func report<S: RDBSink & ~Copyable>(
    _ error: RDBError, as kind: FindingKind, _ input: RawSpan, _ sink: inout S
  ) throws {
    guard error.code == .duplicateMember else { throw error }
    try report(kind, at: error.offset, inner: error.innerOffset, error.expected, error.found, input, &sink)
  }

  /// Reports an expiry of a hash field that is too late, or not in its order.
  @usableFromInline
  func reportExpiry<S: RDBSink & ~Copyable>(
    _ expiry: Int64, after latest: Int64, at offset: Int, inner: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    if expiry >= 1 << 48 {
      try report(
        .fieldExpiryRange, at: offset, inner: inner, "a field's expiry, 0 to 2^48-1", "\(expiry)", input, &sink)
    }
    if latest == 0 || expiry < latest {
      try report(
        .fieldExpiryOrder, at: offset, inner: inner, "field expiries in ascending order, none last",
        "\(expiry) after \(latest)", input, &sink)
    }
  }

  /// Reports what no server writes in a zipmap.
  @usableFromInline
  func reportOddity<S: RDBSink & ~Copyable>(
    of zipmap: borrowing Zipmap, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    if zipmap.hasLargeCount {
      try report(.zipmapCount, at: offset, inner: 0, "a count of pairs, or 0xFE", "0xFF", input, &sink)
    }
    if zipmap.longLengthPosition >= 0 {
      try report(
        .zipmapLength, at: offset, inner: zipmap.longLengthPosition, "a length below 254 in one byte", "five bytes",
        input, &sink)
    }
  }

  /// Reports a stream's numbers that contradict its entries.
  ///
  /// - Returns: The numbers that the entries have.
  @inline(never)
  @usableFromInline
  func corrected<S: RDBSink & ~Copyable>(
    _ info: StreamInfo, at offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws -> StreamInfo {
    var corrected = info
    if info.length != state.value.liveCount {
      guard state.value.lastMaster != nil else {
        throw RDBError.value(.corruptStream, at: offset, "a length of 0, as there is no node", "\(info.length)")
      }
      corrected.length = state.value.liveCount
      try sink.finding(
        finding(
          .streamLength, at: offset, "a length of \(corrected.length), as there are entries", "\(info.length)", input))
    }
    if state.value.hasLastID, info.lastID < state.value.lastID {
      corrected.lastID = state.value.lastID
      try sink.finding(
        finding(.streamLastID, at: offset, "a last ID from \(corrected.lastID) on", "\(info.lastID)", input))
    }
    return corrected
  }

  /// The name of the key being read; `nil`: the value of no key, or of a key whose name is not known here.
  private func currentKey(_ input: RawSpan) -> [UInt8]? {
    if keyByteCount >= 0 {
      return [UInt8](input.extracting(keyEnd - keyByteCount..<keyEnd))
    }
    return knowsKey ? state.keyName : nil
  }
}
