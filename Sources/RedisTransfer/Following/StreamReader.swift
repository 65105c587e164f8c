import RDBSupport
import RESP

/// The commands that a master sends to its replicas, as batches for a target.
///
/// The reader has no I/O. Its owner feeds the bytes after a ``StreamPosition``, cut anywhere, and takes batches. A
/// transaction of the source (MULTI … EXEC) is never divided. The reader keeps the bytes of one incomplete command, and the
/// commands of one incomplete transaction, both up to ``FollowOptions/groupByteLimit``.
///
/// A stream consists of arrays of bulk strings. Every byte counts for the offset, also a newline between commands.
package struct StreamReader: ~Copyable {
  private let options: FollowOptions
  private let rules: StreamRules
  private var reader: RESPCommandReader
  /// The batch that takes the next commands.
  private var batch = StreamBatch()
  /// The transaction of the source that has begun; `nil` outside of one.
  private var group: StreamBatch?
  /// The database of the source that is selected.
  private var database: UInt64
  /// The position after the last command, or the last transaction, that is complete.
  package private(set) var position: StreamPosition

  /// Whether the source asked for an acknowledgement since the last call of ``takeAcknowledgementRequest()``.
  private var isAcknowledgementDue = false
  /// The number of messages, which are left out.
  package private(set) var messageCount: UInt64 = 0
  /// The number of commands of databases that are not followed.
  package private(set) var skippedCount: UInt64 = 0
  /// The commands that cannot have their effect at the target. Only with the policy `skip`.
  package private(set) var failures: [FollowFailure] = []

  /// - Parameters:
  ///   - position: The position of the first byte.
  ///   - positionKey: The key that stores the position at the target.
  package init(from position: StreamPosition, positionKey: [UInt8], _ options: FollowOptions) {
    (self.options, self.position) = (options, position)
    rules = StreamRules(options, positionKey: positionKey)
    database = position.database
    reader = RESPCommandReader(limits: RESPLimits(), syntax: .emptyLines, offset: position.offset)
  }

  /// The offset after the last byte that was fed.
  package var fedOffset: UInt64 { reader.endOffset }

  /// Whether the batch is full, so that it should be taken before more is fed.
  package var isFull: Bool {
    batch.bytes.count >= options.batchByteCount || batch.commandCount >= options.batchCommandCount
  }

  /// Whether the batch has commands.
  package var hasCommands: Bool { !batch.isEmpty }

  /// Sets the identifier that the history has from now on.
  package mutating func setIdentifier(_ identifier: [UInt8]) { position.replication.identifier = identifier }

  /// Adds bytes.
  package mutating func feed(_ chunk: RawSpan) { reader.feed(chunk) }

  /// Reads commands into the batch until it is full, or a whole command is missing.
  ///
  /// - Parameter limit: The offset after which no command is read.
  /// - Throws: ``FollowStop``.
  package mutating func read(upTo limit: UInt64 = .max) throws(FollowStop) {
    while group != nil || !isFull, position.offset < limit {
      let hasCommand: Bool
      do throws(RESPError) { hasCommand = try reader.next() } catch { throw .malformedStream(error) }
      guard hasCommand else {
        let size = reader.endOffset - reader.offset + UInt64(group?.bytes.count ?? 0)
        guard size <= UInt64(options.groupByteLimit) else {
          throw group == nil
            ? .tooLarge(name: reader.incompleteName, offset: reader.offset)
            : .tooLarge(name: Array("MULTI".utf8), offset: position.offset)
        }
        return
      }
      try takeCommand()
      if group == nil {
        position.replication.offset = reader.scannedOffset
        position.database = database
      }
    }
  }

  /// Takes the batch, with the position after it.
  package mutating func takeBatch() -> StreamBatch {
    var taken = StreamBatch()
    swap(&taken, &batch)
    taken.end = position
    return taken
  }

  /// Returns whether the source asked for an acknowledgement since the last call.
  package mutating func takeAcknowledgementRequest() -> Bool {
    defer { isAcknowledgementDue = false }
    return isAcknowledgementDue
  }

  /// Takes the failures so far.
  package mutating func takeFailures() -> [FollowFailure] {
    defer { failures = [] }
    return failures
  }

  // MARK: Commands

  private mutating func takeCommand() throws(FollowStop) {
    guard reader.argumentCount > 0 else { return }
    switch rules.action(for: reader, in: database) {
    case .asIs:
      let target = rules.target(of: database) ?? database
      var current = takeCurrent()
      current.append(reader.commandBytes(), to: target, from: database)
      try putBack(current)
    case .commands(let commands):
      var current = takeCurrent()
      for command in commands {
        current.append(RESPText.command(command.words).span.bytes, to: command.database, from: database)
      }
      try putBack(current)
    case .nothing: break
    case .message: messageCount += 1
    case .skipped: skippedCount += 1
    case .acknowledgement: isAcknowledgementDue = true
    case .select(let number): database = number
    case .begin:
      guard group == nil else { throw unexpected() }
      group = StreamBatch()
    case .end:
      guard let group else { throw unexpected() }
      self.group = nil
      batch.append(group)
    case .unsupported(let reason): try refuse(reason)
    case .unexpected: throw unexpected()
    }
  }

  /// Moves the transaction, or the batch, out, so that the reader's buffer can be read while it grows.
  private mutating func takeCurrent() -> StreamBatch {
    var current = StreamBatch()
    if group != nil { swap(&current, &group!) } else { swap(&current, &batch) }
    return current
  }

  private mutating func putBack(_ current: StreamBatch) throws(FollowStop) {
    var current = current
    current.countSourceCommand()
    guard group != nil else { return batch = current }
    group = current
    guard current.bytes.count <= options.groupByteLimit else {
      throw .tooLarge(name: Array("MULTI".utf8), offset: position.offset)
    }
  }

  private mutating func refuse(_ reason: String) throws(FollowStop) {
    let words = reader.copiedArguments(limit: 2)
    let failure = FollowFailure(
      database: database, command: words[0], key: words.count > 1 ? words[1] : [], reason: .unsupported(reason))
    guard options.onError == .skip else { throw .refused(failure) }
    failures.append(failure)
  }

  private func unexpected() -> FollowStop {
    .unexpectedCommand(name: reader.copiedArguments(limit: 1)[0], offset: reader.offset)
  }
}
