public import RDBFormat

/// Reads a snapshot from a source into a sink.
///
///     var reader = try RDBReader(FileSource(path: "dump.rdb"))
///     try reader.read(into: &sink)
///
/// One pass, one window of 1 MiB (more only to hold a longer string), no allocation per element.
public struct RDBReader: ~Copyable {
  public struct Options: Hashable, Sendable {
    package var parser = RDBParser.Options()
    /// Whether versions newer than the known ones are read, up to the first unknown value type.
    ///
    /// The known versions end with 15 (Redis) and 81 (Valkey).
    public var forceVersion: Bool {
      get { parser.forceVersion }
      set { parser.forceVersion = newValue }
    }
    /// The size of the longest string that is held in memory, in bytes, decompressed.
    ///
    /// A longer string is an error (``RDBError/Code/stringTooLong``), unless the reader only steps over it. Values
    /// below 16 KiB have no effect.
    public var stringLimit: UInt64 {
      get { parser.stringLimit }
      set { parser.stringLimit = newValue }
    }
    /// Do not compute or compare the checksum.
    public var ignoresChecksum = false
    /// Bytes of the window.
    public var windowByteCount = 512 << 10
    public init() {}
  }

  @usableFromInline let source: any ByteSource
  public let options: Options
  @usableFromInline var window: Window
  @usableFromInline var parser: RDBParser
  /// How far the reader is, for whoever shows progress.
  public let progress: ReadProgress
  /// What the last reading ended with; `nil`: nothing was read, or a sink had enough.
  public internal(set) var end: SnapshotEnd?

  /// - Parameter source: Read from its current position on.
  public init(_ source: any ByteSource, options: Options = Options()) {
    self.init(source, options: options, offset: 0)
  }

  /// - Parameter offset: The file offset of the first byte that `source` gives.
  init(_ source: any ByteSource, options: Options, offset: Int) {
    self.source = source.canSeek ? source : SpoolingSource(source)
    var options = options
    options.parser.inputByteCount = source.canSeek ? source.totalByteCount : nil
    self.options = options
    window = Window(
      capacity: max(options.windowByteCount, 64), offset: offset, computesChecksum: !options.ignoresChecksum)
    parser = RDBParser(options: options.parser)
    progress = ReadProgress(totalByteCount: source.totalByteCount)
  }

  /// Looks at the header and the fields behind it without consuming anything.
  ///
  /// Reads as far as the first record that is no AUX field, however the source cuts its bytes.
  ///
  /// - Throws: ``RDBError`` if the input does not begin like a snapshot.
  public mutating func origin() throws(RDBError) -> SnapshotOrigin {
    while true {
      let isFinal = window.reachedEnd
      var probe = RDBParser(options: options.parser)
      var sink = OriginSink()
      var consumed = 0
      var missing: UInt64 = 0
      do throws(RDBError) {
        let want = try probe.parse(window, isFinal: isFinal, into: &sink, consumed: &consumed)
        if case .input(let more) = want { missing = max(more, 1) }
      } catch {
        // Damage further on is for the reading itself to report.
        if probe.header.version == 0 { throw error }
      }
      let origin = SnapshotOrigin(header: probe.header, auxFields: sink.fields)
      if missing == 0 || window.count >= Self.originByteCount { return origin }
      let hasMore = try window.fill(from: source, missing: missing)
      if !hasMore && window.reachedEnd == isFinal { return origin }
    }
  }

  /// Servers write a few hundred bytes of AUX fields; behind this many nothing more is looked for.
  private static var originByteCount: Int { 1 << 20 }

  /// Reads the whole snapshot.
  ///
  /// - Parameter sink: Gets everything. If it throws ``RDBError/stop``, this returns normally, and
  ///   ``end`` stays `nil`.
  /// - Throws: ``RDBError``: damage, or what the source or the sink threw.
  @inlinable
  public mutating func read<S: RDBSink & ~Copyable>(into sink: inout S) throws(RDBError) {
    do throws(RDBError) {
      try readRecords(into: &sink, until: .end)
      let end = try readEnd()
      do { try sink.endSnapshot(end) } catch { throw RDBError.fromSink(error, at: Int(clamping: end.byteCount)) }
      finished(end)
    } catch {
      if error.code != .stop { throw error }
    }
  }

  @usableFromInline mutating func finished(_ end: SnapshotEnd) { self.end = end }

  @usableFromInline enum Extent {
    /// To the EOF opcode.
    case end
    /// To a place between two records.
    case betweenRecords
    /// As far as one window goes.
    case window
  }

  /// Reads to the EOF opcode, or to the next place between two records.
  @discardableResult @inlinable
  mutating func readRecords<S: RDBSink & ~Copyable>(into sink: inout S, until extent: Extent)
    throws(RDBError) -> Bool
  {
    var isFinal = window.reachedEnd
    while true {
      var consumed = 0
      let want: RDBParser.Want
      do throws(RDBError) {
        want = try parser.parse(window, isFinal: isFinal, into: &sink, consumed: &consumed)
      } catch {
        window.consume(consumed)
        throw error
      }
      window.consume(consumed)
      progress.update(window.offset)
      switch want {
      case .end: return true
      case .lookahead:
        let found = try lookAhead()
        try parser.supply(found, to: &sink)
      case .input(let missing):
        if extent == .betweenRecords, consumed > 0, parser.isBetweenRecords { return false }
        isFinal = try !window.fill(
          from: source, missing: parser.isSteppingOver ? 1 : max(missing, 1))
        if extent == .window, !isFinal { return false }
      }
    }
  }

  /// Reads to the end of the value just announced without consuming anything.
  @usableFromInline
  mutating func lookAhead() throws(RDBError) -> RDBParser.Lookahead {
    var ahead = parser.makeLookaheadParser()
    let start = window.offset
    var none = NoSink()
    var consumed = 0
    // What the window holds was not enough; what it could use of it need not be read again.
    var want = try ahead.parse(
      window, isFinal: window.reachedEnd, into: &none, consumed: &consumed)
    var rest = Window(capacity: 256 << 10, offset: start + consumed, computesChecksum: false)
    let restStart = window.bytes.extracting(droppingFirst: consumed)
    restStart.withUnsafeBytes { rest.append($0) }
    let later = AheadSource(source, from: UInt64(window.endOffset))
    while case .input(let missing) = want {
      let isFinal = try !rest.fill(
        from: later, missing: ahead.isSteppingOver ? 1 : max(missing, 1))
      var used = 0
      want = try ahead.parse(rest, isFinal: isFinal, into: &none, consumed: &used)
      rest.consume(used)
    }
    let end = rest.offset
    return ahead.finishLookahead(storedByteCount: UInt64(end - start))
  }

  /// Reads the trailer, compares the checksum, and looks at what follows.
  @usableFromInline
  mutating func readEnd() throws(RDBError) -> SnapshotEnd {
    var trailer = SnapshotTrailer(
      &window, hasChecksum: parser.hasChecksum, ignoresChecksum: options.ignoresChecksum)
    var isFinal = window.reachedEnd
    while true {
      if let end = try trailer.read(&window, isFinal: isFinal) {
        progress.update(window.offset)
        return end
      }
      isFinal = try !window.fill(from: source, missing: 1)
    }
  }
}

extension RDBParser {
  /// Reads on in what a window holds, its first `skimmed` bytes left out.
  @inlinable
  mutating func parse<S: RDBSink & ~Copyable>(
    _ window: borrowing Window, after skimmed: Int = 0, isFinal: Bool, into sink: inout S,
    consumed: inout Int
  ) throws(RDBError) -> Want {
    try parse(
      window.bytes.extracting(droppingFirst: skimmed), at: window.offset + skimmed,
      isFinal: isFinal, into: &sink, consumed: &consumed)
  }
}

/// Where a snapshot comes from, as its first bytes say.
public struct SnapshotOrigin: Sendable {
  public var header: SnapshotHeader
  /// The AUX fields before the first key, in file order; as bytes.
  public var auxFields: [(name: [UInt8], value: [UInt8])]

  /// The release that says it wrote this; `nil`: it does not say.
  public var writer: ServerVersion? {
    for (name, value) in auxFields {
      let text = String(decoding: value, as: UTF8.self)
      if name.elementsEqual("redis-ver".utf8) { return ServerVersion(text, vendor: .redis) }
      if name.elementsEqual("valkey-ver".utf8) { return ServerVersion(text, vendor: .valkey) }
    }
    return nil
  }

  /// The release that wrote this, or else the oldest that writes this version: also where the writer
  /// calls itself older (a release candidate of 7.0 says 6.9.241) or newer than all (development builds
  /// say 255.255.255).
  public var assumedWriter: ServerVersion {
    if let writer, writer.major < 255, writer.vendor != .redis || writer.rdbVersion >= header.version {
      return writer
    }
    return .oldestWriter(of: header.version, vendor: header.vendor)
  }
}

/// Collects the AUX fields before the first key.
private struct OriginSink: SelectiveSink {
  var fields: [(name: [UInt8], value: [UInt8])] = []

  mutating func aux(name: RawSpan, value: RawSpan) throws(RDBError) {
    fields.append((name.withUnsafeBytes { Array($0) }, value.withUnsafeBytes { Array($0) }))
  }
  // Whatever else comes, the fields are behind us.
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { throw .stop }
  mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { throw .stop }
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) { throw .stop }
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    throw .stop
  }
}
