import RDB
import RDBFormat
import RDBSupport
import RESP

/// A reader of a log of commands: an append-only file with or without a snapshot at its beginning, the parts of one, a
/// RESP dump, or a file for `redis-cli --pipe`.
///
///     let log = CommandLog(try LogFolder(path: "appendonlydir").parts)
///     while let item = try log.next() { … }
///
/// Each file is read once, from its beginning to its end. A transaction is handed out once its EXEC was read. Memory is
/// bounded by the longest command, or the longest transaction.
package final class CommandLog: ReplayLog {
  package let parts: [LogPart]
  private let options: LogOptions
  package let progress: ByteCounter
  /// The notes so far, in file order.
  package private(set) var notes: [LogNote] = []
  /// The number of notes of each kind. ``notes`` has only the first of each kind, 64 at most.
  package private(set) var noteCounts: [LogNote.Kind: UInt64] = [:]

  /// The number of bytes that were read of each file so far, up to the current one.
  package private(set) var byteCounts: [UInt64] = []

  /// The current file by its number; −1 before the first.
  private var part = -1
  private var commands: CommandReader?
  /// The snapshot at the beginning of the current file.
  private var base: LeadingSnapshotSource?
  private var isOver = false
  private var foundTrailer: RESPTrailer?
  private var wantsOnlyKey: ((_ name: [UInt8]) -> Bool)?

  /// The open transaction: its MULTI, what follows it, and the memory that they take.
  private var multi: ReplayCommand?
  private var open: [ReplayItem] = []
  private var openByteCount = 0
  /// The items of an executed transaction that are still to be handed out.
  private var ready: [ReplayItem] = []
  private var nextReady = 0

  /// The latest time of an annotation so far, and whether a command or a snapshot came before the first one.
  private var latestTime: UnixMilliseconds?
  private var hasBefore = false
  /// The time at which the base was written, if it tells.
  private var baseTime: UnixMilliseconds?

  /// Creates a reader.
  ///
  /// - Parameter parts: The files in the order of loading, at least one.
  package init(_ parts: [LogPart], _ options: LogOptions = LogOptions(), progress: ByteCounter = ByteCounter()) {
    (self.parts, self.options, self.progress) = (parts, options, progress)
  }

  /// Creates a reader of one file.
  package convenience init(_ source: any ByteSource, _ options: LogOptions = LogOptions()) {
    self.init([LogPart(name: nil, role: .only) { source }], options)
  }

  /// The name of a part in messages; `nil` if there is only one.
  package func name(of part: Int) -> String? {
    parts.count > 1 && parts.indices.contains(part) ? parts[part].name : nil
  }

  package func next() throws -> ReplayItem? {
    do {
      return try nextItem()
    } catch {
      throw ended(by: error)
    }
  }

  /// Ends the log with an error, to which the name of the current file is added.
  private func ended(by error: RDBError) -> RDBError {
    isOver = true
    return error.code == .refused ? error : error.inFile(name(of: part))
  }

  /// The offset after the last whole command and transaction of the current file.
  package var wholeByteCount: UInt64 { multi?.offset ?? commands?.offset ?? 0 }

  package func leaveOutValues(of commands: @escaping (_ name: [UInt8]) -> Bool) {
    wantsOnlyKey = commands
    self.commands?.wantsOnlyKey = commands
  }

  package func trailer() throws -> RESPTrailer? {
    if part < 0, try next() != nil { nextReady = 0 }
    return foundTrailer
  }

  // MARK: Files

  private func nextItem() throws(RDBError) -> ReplayItem? {
    while true {
      if nextReady < ready.count {
        defer { nextReady += 1 }
        return ready[nextReady]
      }
      if isOver { return nil }
      if let base {
        try end(base)
        self.base = nil
      }
      guard let commands else {
        guard part + 1 < parts.count else {
          try end()
          return nil
        }
        part += 1
        byteCounts.append(0)
        try begin()
        hand([.beginPart(part)] + (base.map { [.base($0)] } ?? []))
        continue
      }
      switch try commands.next() {
      case .annotation: if let item = try annotation(commands) { return item }
      case .command: if let item = try command(commands) { return item }
      case .none:
        byteCounts[part] = commands.fileEnd
        try endPart(commands)
        self.commands = nil
      }
    }
  }

  private func hand(_ items: [ReplayItem]) {
    ready = items
    nextReady = 0
  }

  /// Opens the current file: sets ``commands``, or ``base`` if it begins with a snapshot.
  private func begin() throws(RDBError) {
    let start: [UInt8]
    var rest: any ByteSource
    do {
      (start, rest) = try peek(try parts[part].open(), byteCount: CommandFileKind.startByteCount)
    } catch {
      throw RDBError.transfer("read", error, at: 0)
    }
    // A part may hand out the same source each time it is opened.
    if rest.canSeek { rest = AheadSource(rest, from: 0) }
    let kind = CommandFileKind(start) { _ in true }
    if kind == .snapshot {
      base = LeadingSnapshotSource(ProgressSource(rest, progress), options: options.reader)
      return
    }
    // One of several parts, or an empty file, must be an append-only file: inline commands in it are damage.
    let isText = kind == .commandFile && parts[part].role == .only
    if parts.count == 1, options.stop == nil { foundTrailer = trailer(of: rest) }
    begin(rest, isText ? .inlineCommands : .annotations, offset: 0, start)
  }

  private func trailer(of source: any ByteSource) -> RESPTrailer? {
    guard source.canSeek, let byteCount = source.totalByteCount else { return nil }
    var end = [UInt8](repeating: 0, count: min(RESPTrailer.endByteCount, Int(clamping: byteCount)))
    let read = end.withUnsafeMutableBytes { try? source.read(at: byteCount - UInt64($0.count), into: $0) }
    return read == end.count ? RESPTrailer(end: end, byteCount: byteCount) : nil
  }

  private func begin(_ source: any ByteSource, _ syntax: RESPCommandSyntax, offset: UInt64, _ start: [UInt8]) {
    commands = CommandReader(
      source, syntax, offset: offset, start: start, memoryLimit: options.memoryLimit, progress)
    commands?.wantsOnlyKey = wantsOnlyKey
  }

  /// Skips the unread rest of a snapshot, and begins with the commands that follow it.
  private func end(_ base: LeadingSnapshotSource) throws(RDBError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    defer { buffer.deallocate() }
    do {
      while try base.read(into: buffer) > 0 {}
    } catch {
      throw RDBError.transfer("read", error, at: Int(clamping: base.byteCount))
    }
    guard base.isAtEnd else {
      throw base.damage
        ?? RDBError(
          .truncated, at: Int(clamping: base.byteCount), expected: "the rest of the snapshot", found: "the end")
    }
    baseTime = base.creationSeconds.map { UnixMilliseconds($0 * 1000) }
    hasBefore = true
    if case .offset(let limit, let file) = options.stop, isPart(file), limit < base.byteCount {
      throw refused("an offset from \(base.byteCount) on, after the snapshot", "\(limit)")
    }
    // A replication link sends empty lines between commands.
    let syntax: RESPCommandSyntax = base.isTransfer ? [.annotations, .emptyLines] : .annotations
    begin(base.rest, syntax, offset: base.byteCount, [])
  }

  /// Ends the current file.
  private func endPart(_ commands: CommandReader) throws(RDBError) {
    let end = commands.fileEnd
    let begun = multi?.offset ?? commands.offset
    if commands.offset < end, commands.isAnnotation, multi == nil {
      // Servers accept an annotation without a line end.
      return note(.cutAnnotation, at: commands.offset, byteCount: end - commands.offset)
    }
    if case .offset(let limit, let file) = options.stop, isPart(file) {
      guard limit <= end else { throw refused("an offset up to \(end), the end of the file", "\(limit)") }
      return stop(at: begun)
    }
    guard begun < end else { return }
    let isCommand = commands.offset < end
    guard options.allowsTruncated, part == parts.count - 1 else {
      throw RDBError(
        .truncatedCommands, at: Int(clamping: end),
        expected: isCommand
          ? "the rest of the command that begins at \(commands.offset)" : "EXEC, which ends the transaction",
        found: "the end of the file; all before \(begun) is whole")
    }
    dropTransaction()
    note(isCommand ? .cutCommand : .cutTransaction, at: begun, byteCount: end - begun)
  }

  /// Ends the log.
  private func end() throws(RDBError) {
    isOver = true
    switch options.stop {
    case .time where latestTime == nil: throw refused("a log with times (#TS:)", "one without")
    case .offset(_, let file?): throw refused("the name of a file of the log", printable(file.utf8))
    case .offset(_, nil) where parts.count > 1: throw refused("an offset with the name of its file", "one without")
    default: break
    }
  }

  // MARK: Annotations

  private func annotation(_ commands: CommandReader) throws(RDBError) -> ReplayItem? {
    let line = commands.copiedArguments()[0]
    let offset = commands.offset
    if try passesStop(commands) { return nil }
    guard line.starts(with: "#TS:".utf8) else { return nil }
    let digits = line.dropFirst(4)
    guard !digits.isEmpty, digits.count <= 15, digits.allSatisfy({ 48...57 ~= $0 }),
      let seconds = Int64(String(decoding: digits, as: UTF8.self))
    else {
      note(.badTime, at: offset)
      return nil
    }
    let time = UnixMilliseconds(seconds * 1000)
    if let latestTime, time < latestTime {
      note(.earlierTime, at: offset)
      return nil
    }
    if case .time(let limit) = options.stop, time > limit {
      if latestTime == nil { try checkState(at: limit, before: time) }
      stop(at: multi?.offset ?? offset)
      return nil
    }
    latestTime = time
    let item = ReplayItem.time(time)
    guard multi != nil else { return item }
    open.append(item)
    return nil
  }

  /// Checks that what precedes the first annotation is the state at a time before it.
  private func checkState(at limit: UnixMilliseconds, before first: UnixMilliseconds) throws(RDBError) {
    guard hasBefore, baseTime.map({ $0 <= limit }) ?? true else {
      throw refused("a time from \(baseTime ?? first) on, when the log begins (in milliseconds)", "\(limit)")
    }
  }

  // MARK: Commands

  private func command(_ commands: CommandReader) throws(RDBError) -> ReplayItem? {
    if try passesStop(commands) { return nil }
    hasBefore = true
    let command = ReplayCommand(commands.copiedArguments(), offset: commands.offset, part: part)
    let name = command[0]
    // MULTI, EXEC and DISCARD have 4, 5 or 7 letters.
    guard name.count == 4 || name.count == 5 || name.count == 7 else { return try pass(command, commands.byteCount) }
    if command.isWord(0, "multi") { return begin(command) }
    if command.isWord(0, "exec") { return execute(command) }
    if command.isWord(0, "discard") { return try discard(command) }
    return try pass(command, commands.byteCount)
  }

  private func pass(_ command: ReplayCommand, _ byteCount: Int) throws(RDBError) -> ReplayItem? {
    guard let multi else { return .command(command) }
    openByteCount += byteCount + 48 * command.count + 64
    guard openByteCount <= options.memoryLimit else {
      throw RDBError(
        .replayMemory, at: Int(clamping: command.offset),
        expected: "a transaction of at most \(options.memoryLimit) bytes (`memoryLimit`)",
        found: "a longer one, which begins at \(multi.offset)")
    }
    open.append(.command(command))
    return nil
  }

  private func begin(_ command: ReplayCommand) -> ReplayItem? {
    guard command.count == 1 else { return .failure(command, .wrongArgumentCount) }
    guard multi == nil else {
      note(.nestedTransaction, at: command.offset)
      return nil
    }
    multi = command
    return nil
  }

  private func execute(_ command: ReplayCommand) -> ReplayItem? {
    guard let multi else { return .failure(command, CommandError("EXEC without MULTI")) }
    guard command.count == 1 else {
      open.append(.failure(command, .wrongArgumentCount))
      return nil
    }
    hand(open + [.endTransaction(command)])
    dropTransaction()
    return .beginTransaction(multi)
  }

  private func discard(_ command: ReplayCommand) throws(RDBError) -> ReplayItem? {
    guard multi != nil else { return .failure(command, CommandError("DISCARD without MULTI")) }
    guard parts[part].role == .only else {
      throw RDBError(
        .corruptRESP, at: Int(clamping: command.offset), expected: "EXEC, which ends the transaction",
        found: "DISCARD, on which servers crash while they load the file")
    }
    dropTransaction()
    note(.discardedTransaction, at: command.offset)
    return nil
  }

  private func dropTransaction() {
    multi = nil
    open = []
    openByteCount = 0
  }

  // MARK: Stopping

  /// Stops before the current command or annotation if it ends after the chosen offset.
  private func passesStop(_ commands: CommandReader) throws(RDBError) -> Bool {
    guard case .offset(let limit, let file) = options.stop, isPart(file), commands.endOffset > limit else {
      return false
    }
    stop(at: multi?.offset ?? commands.offset)
    return true
  }

  /// Whether an offset of a file, or of the only file, is one of the current part.
  private func isPart(_ file: String?) -> Bool { file.map { $0 == parts[part].name } ?? (parts.count == 1) }

  private func stop(at offset: UInt64) {
    dropTransaction()
    isOver = true
    commands = nil
    byteCounts[part] = offset
    note(.stopped, at: offset)
  }

  private func note(_ kind: LogNote.Kind, at offset: UInt64, byteCount: UInt64 = 0) {
    noteCounts[kind, default: 0] += 1
    if notes.count < 64 { notes.append(LogNote(kind: kind, part: part, offset: offset, byteCount: byteCount)) }
  }

  private func refused(_ expected: String, _ found: String) -> RDBError {
    RDBError(.refused, at: 0, expected: expected, found: found)
  }
}

extension CommandLog {
  package var ledger: Ledger {
    var ledger = Ledger()
    for note in notes {
      ledger.note("\(note)", key: name(of: note.part).map { Array($0.utf8) }, offset: Int(clamping: note.offset))
    }
    return ledger
  }
}
