public import RDBFormat

/// A reader that reads a snapshot from a source into a sink.
///
///     var reader = try RDBReader(FileSource(path: "dump.rdb"))
///     try reader.read(into: &sink)
///
/// The reader makes one pass with one window of 512 KiB, which grows only to hold a longer string. It allocates
/// nothing per element. ``fold(_:)`` reads into a sink that ends with a summary, ``fold(threads:makeSink:)`` and
/// ``write(to:threads:makeSink:)-(ByteDestination,_,_)`` read with several threads.
public struct RDBReader: ~Copyable {
  /// Limits and exceptions for reading.
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
    /// Whether records with an unknown code are stepped over where their length is known. They are lost, and counted.
    package var skipsUnknown: Bool {
      get { parser.skipsUnknown }
      set { parser.skipsUnknown = newValue }
    }
    /// Whether the checksum is neither computed nor compared.
    public var ignoresChecksum = false
    /// Whether a key with a damaged value is left out, and the sink is told (``RDBSink/damagedKey(_:error:)``).
    ///
    /// The lengths in the value must lead to its end. Every value is then decoded twice, the first time as a check before
    /// its key is announced; a value that is longer than the window is also read twice.
    package var skipsDamagedKeys: Bool {
      get { parser.skipsDamagedKeys }
      set { parser.skipsDamagedKeys = newValue }
    }
    /// The size of the window, in bytes.
    package var windowByteCount = 512 << 10
    /// Creates the default options.
    public init() {}
  }

  @usableFromInline let source: any ByteSource
  /// The options that the reader was created with.
  @usableFromInline package let options: Options
  @usableFromInline var window: Window
  @usableFromInline var parser: RDBParser
  /// The number of bytes read so far, which any thread may ask for.
  public let progress: ReadProgress

  /// Creates a reader.
  ///
  /// If a sink needs to look ahead in a source that cannot seek, the bytes in between wait in a temporary file
  /// without a name.
  ///
  /// - Parameters:
  ///   - source: The source, which is read from its current position on.
  ///   - options: Limits and exceptions for reading.
  public init(_ source: any ByteSource, options: Options = Options()) {
    // Offsets in a part are those in the whole file.
    let first = (source as? PartSource)?.firstOffset ?? 0
    self.init(source, options: options, offset: Int(clamping: first))
  }

  /// - Parameter offset: The file offset of the source's first byte.
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

  /// Returns the header and the AUX fields before the first key, without consuming them.
  ///
  /// - Throws: ``RDBError`` if the input does not begin like a snapshot.
  public mutating func origin() throws -> SnapshotOrigin {
    while true {
      let isFinal = window.reachedEnd
      let (origin, missing) = try SnapshotOrigin.read(window, isFinal: isFinal, options: options.parser)
      if let origin { return origin }
      let hasMore = try window.fill(from: source, missing: missing)
      if !hasMore && window.reachedEnd == isFinal {
        return try SnapshotOrigin.read(window, isFinal: true, options: options.parser).origin
          ?? SnapshotOrigin(header: SnapshotHeader(vendor: .redis, version: 0), auxFields: [])
      }
    }
  }

  /// Reads the whole snapshot.
  ///
  /// - Parameter sink: The receiver of all events. If it throws ``RDBError/stop``, this returns normally.
  /// - Returns: The end of the snapshot; `nil` if the sink threw ``RDBError/stop``.
  /// - Throws: ``RDBError``: damage, or an error of the source or the sink.
  @inlinable @discardableResult
  public mutating func read<S: RDBSink & ~Copyable>(into sink: inout S) throws -> SnapshotEnd? {
    do throws(RDBError) {
      try readRecords(into: &sink, until: .end)
      let end = try readEnd()
      do { try sink.endSnapshot(end) } catch { throw RDBError.fromSink(error, at: Int(clamping: end.endOffset)) }
      return end
    } catch {
      if error.code != .stop { throw error }
      return nil
    }
  }

  @usableFromInline enum Extent {
    /// Up to and including the EOF opcode.
    case end
    /// Up to the end of a record, once more input is needed.
    case betweenRecords
    /// Up to the end of one window.
    case window
  }

  /// Reads records.
  ///
  /// - Returns: Whether the EOF opcode was read.
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
        do { try parser.supply(found, to: &sink) } catch { throw RDBError.fromSink(error, at: window.offset) }
      case .input(let missing):
        if extent == .betweenRecords, consumed > 0, parser.isBetweenRecords { return false }
        isFinal = try !window.fill(
          from: source, missing: parser.isSteppingOver ? 1 : max(missing, 1))
        if extent == .window, !isFinal { return false }
      }
    }
  }

  /// Reads up to the end of the current value, without consuming anything, and again to validate it if needed.
  @usableFromInline
  mutating func lookAhead() throws(RDBError) -> RDBParser.Lookahead {
    if parser.state.value.isExamined { return examine() }
    let validates = parser.validatesInLookahead
    var found: RDBParser.Lookahead
    do throws(RDBError) {
      found = try lookAhead(with: parser.makeLookaheadParser())
    } catch {
      guard validates, error.isOfElements else { throw error }
      return .invalid
    }
    if parser.needsValidation(found, parser.state.value.interest) {
      do throws(RDBError) {
        found.isValid = try lookAhead(with: parser.makeLookaheadParser(.validate)).isValid
      } catch {
        found.isValid = false
      }
    }
    return found
  }

  /// Reads the value of a key that is not announced yet, as a check.
  ///
  /// - Returns: The damage, if the lengths in the value lead to its end all the same.
  private mutating func examine() -> RDBParser.Lookahead {
    var found = RDBParser.Lookahead(storedByteCount: 0)
    do throws(RDBError) {
      _ = try lookAhead(with: parser.makeLookaheadParser(.elements))
    } catch let damage {
      guard damage.code.isOfValue else { return found }
      do throws(RDBError) {
        _ = try lookAhead(with: parser.makeLookaheadParser(.skip))
        found.damage = damage
      } catch {}
    }
    return found
  }

  private mutating func lookAhead(with ahead: consuming RDBParser) throws(RDBError) -> RDBParser.Lookahead {
    let start = window.offset
    var counter = ElementCounter()
    var consumed = 0
    // The window does not hold the whole value. The part of it that the parser can use is not read again.
    var want = try ahead.parse(
      window, isFinal: window.reachedEnd, into: &counter, consumed: &consumed)
    var rest = Window(capacity: 256 << 10, offset: start + consumed, computesChecksum: false)
    let restStart = window.bytes.extracting(droppingFirst: consumed)
    rest.append(restStart)
    let later = AheadSource(source, from: UInt64(window.endOffset))
    while case .input(let missing) = want {
      let isFinal = try !rest.fill(
        from: later, missing: ahead.isSteppingOver ? 1 : max(missing, 1))
      var used = 0
      want = try ahead.parse(rest, isFinal: isFinal, into: &counter, consumed: &used)
      rest.consume(used)
    }
    let end = rest.offset
    var found = ahead.finishLookahead(storedByteCount: UInt64(end - start))
    found.isValid = found.isValid && counter.everyServerLoads
    return found
  }

  /// Reads the trailer, compares the checksum, and examines the bytes that follow.
  @usableFromInline
  mutating func readEnd() throws(RDBError) -> SnapshotEnd {
    var trailer = SnapshotTrailer(
      &window, after: parser, ignoresChecksum: options.ignoresChecksum)
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
  /// Parses the bytes of a window after the first `skimmed`.
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
